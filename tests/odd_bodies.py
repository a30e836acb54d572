"""Bodies of submits that are good, or odd in up to three ways, for whoever compares two judges."""

import json

from contract_files import ROOT
from novita_mock.catalogue import load

OPERATIONS = [row for row in load().operations if row.request]
#: Bodies that are judged in all, of all operations; ``make check-deep`` takes a million.
MANY, DEEP = 24_000, 1_000_000
ODD = (
    None, True, False, 0, 1, -1, 2, 5, 20, 101, 2048, 2049, 10**30, 0.0, 1.0, 1.5, 20.0, -0.1, 4.000001,
    1e308, "", "a", "2", "None", "png", "x" * 2000, [], [None], [1, "a"], {}, {"a": 1}, [{}],
    {"url": "http://x"},
)  # fmt: skip


def samples(operation):
    """Good bodies, and some of real clients."""
    files = [*(ROOT / "fixtures/requests").glob("*.json"), *(ROOT / "fixtures/lenient").glob("*.json")]
    names = [f"{operation.name}.json", f"{operation.name}.full.json"]
    found = [file for file in files if file.name in names or file.name.startswith(f"{operation.name}.")]
    return [json.loads(file.read_text("utf-8")) for file in found]


def places(value, path=()):
    """Every place in a body, the body itself first."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in pairs:
        yield from places(item, (*path, step))


def changed(body, chance):
    """A body with one thing about it changed: put in, taken out, replaced, or multiplied."""
    *way, last = chance.choice(list(places(body))[1:] or [("a",)])
    holder = body
    for step in way:
        holder = holder[step]
    if isinstance(holder, dict) and chance.random() < 0.2:
        holder.pop(last, None)
    elif isinstance(holder, dict) and chance.random() < 0.1:
        holder[chance.choice(["stray", "steps", "request", "extra"])] = chance.choice(ODD)
    elif isinstance(holder, list) and chance.random() < 0.3:
        holder.extend([holder[last]] * chance.choice([1, 5, 1200]))
    elif isinstance(holder[last] if not isinstance(holder, dict) else holder.get(last), int | float):
        holder[last] = holder[last] + chance.choice([-1, 1, 0.5, -0.5, 100, -100])
    else:
        holder[last] = json.loads(json.dumps(chance.choice(ODD)))


def odd_body(good, chance):
    """One of the good bodies, with up to three things about it changed."""
    body = json.loads(json.dumps(chance.choice(good)))
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        changed(body, chance)
    return body


def how_many(request):
    """How many bodies of each operation a test judges."""
    deep = request.config.getoption("--hypothesis-profile") == "deep"
    return (DEEP if deep else MANY) // len(OPERATIONS)
