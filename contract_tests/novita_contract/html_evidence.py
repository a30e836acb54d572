"""What shows a case, as pieces of the page: findings, requests and replies, and how to see it again."""

from collections.abc import Iterable, Sequence

import msgspec

from novita_contract.judgement import MARKS
from novita_contract.markup import Html, joined, tag
from novita_contract.verdicts import Verdict
from novita_mock.types import JSON

#: Characters of a body that are shown beside what deviates, and of what holds.
LONG, SHORT = 4000, 700
#: Requests of one case that are shown beside those that tell; the archive has them all.
MOST_REQUESTS = 8


def badge(verdict: Verdict | None, note: str = "") -> Html:
    """Mark and word of a verdict; the mark is for the eye only."""
    kind = verdict.value if verdict else "none"
    word = verdict.value.replace("-", " ") if verdict else "not checked"
    mark = tag("span", MARKS[verdict or ""], class_="mark", aria_hidden="true")
    small = tag("small", f" {note}") if note else None
    return tag("span", mark, " ", tag("span", word, class_="word"), small, class_=f"badge v-{kind}")


def facts(pairs: Iterable[tuple[str, object]], class_: str = "facts") -> Html:
    """Names and what they stand for; those that stand for nothing are left out."""
    return tag(
        "dl", (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value), class_=class_
    )


def anchor(case: JSON) -> str:
    """Where in the page a case stands that deviates."""
    return "case-" + "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in case["id"])


def failure(case: JSON, requests: Sequence[JSON]) -> Html:
    """A case that deviates, with all that shows it."""
    name = anchor(case)
    head = tag("h3", badge(Verdict(case["verdict"])), " ", tag("code", case["id"]), id=f"{name}-head")
    return tag(
        "article", head, tag("p", case["title"], class_="title"), _said(case), _findings(case),
        _example(case), _requests(case, requests, LONG), _again(case),
        id=name, class_=f"failure v-{case['verdict']}", aria_labelledby=f"{name}-head",
    )  # fmt: skip


def brief(case: JSON, requests: Sequence[JSON], elsewhere: bool) -> Html:
    """A case within its row: what it holds on to, and its last request, or where more of it stands."""
    head = tag("h4", badge(Verdict(case["verdict"])), " ", tag("code", case["id"]))
    parts = [head, tag("p", case["title"], class_="title"), _said(case), _claims(case)]
    if elsewhere:
        link = tag("a", "Sent, expected, received, and how to repeat it", href=f"#{anchor(case)}")
        return tag("div", parts, tag("p", link), class_=f"case v-{case['verdict']}")
    return tag(
        "div",
        parts,
        _findings(case),
        _requests(case, requests, SHORT),
        _again(case),
        class_=f"case v-{case['verdict']}",
    )


def _said(case: JSON) -> Html | None:
    return tag("p", case["said"], class_="said") if case["said"] else None


def _claims(case: JSON) -> Html | None:
    told = [tag("li", _claim(claim)) for claim in case["claims"]]
    return tag("ul", told, class_="claims", aria_label="What stands behind it") if told else None


def _claim(claim: JSON) -> Html:
    return joined(claim["told"], " ", tag("code", claim["id"])) if claim["page"] else joined(claim["told"])


def _findings(case: JSON) -> list[Html]:
    return [
        facts(
            (
                ("Check", tag("code", finding["check"])),
                ("Where", finding["where"] and tag("code", finding["where"])),
                ("Expected", finding["expected"] and tag("pre", finding["expected"])),
                ("Received", finding["received"] and tag("pre", finding["received"], class_="received")),
                ("Claim", finding["claim"] and _claim(finding["claim"])),
                ("Quirk", finding["quirk"] and tag("code", finding["quirk"])),
            ),
            "finding",
        )
        for finding in case["findings"]
    ]


def _example(case: JSON) -> Html | None:
    if case["example"] is None:
        return None
    seed = "" if case["seed"] is None else f", drawn from seed {case['seed']}"
    return _block(f"The least that shows it{seed}", _text(case["example"], LONG))


def _requests(case: JSON, requests: Sequence[JSON], length: int) -> list[Html]:
    """What shows it stands open; what went before and after it waits behind a word."""
    telling = {finding["request"] for finding in case["findings"]} or {
        each["number"] for each in requests[-1:]
    }
    shown = [_request(each, length) for each in requests if each["number"] in telling]
    rest = sorted(
        (each for each in requests if each["number"] not in telling), key=lambda each: each["number"]
    )
    others = [_request(each, length) for each in rest[:MOST_REQUESTS]]
    if len(rest) > MOST_REQUESTS:
        others.append(tag("p", f"and {len(rest) - MOST_REQUESTS} more in requests.har"))
    head = tag("summary", f"{len(rest)} more {'request' if len(rest) == 1 else 'requests'} of this case")
    return shown + ([tag("details", head, others, class_="others")] if rest else [])


def _request(request: JSON, length: int) -> Html:
    answer = f"{request['status']}" if request["status"] else "no reply"
    line = tag("code", f"{request['method']} {request['url']}")
    took = tag("small", f"request {request['number']}, {request['seconds'] * 1000:,.0f} ms")
    problem = tag("p", request["problem"], class_="said") if request["problem"] else None
    bodies = [("Sent", request["sent"]), ("Received", request["reply"])]
    blocks = [_block(name, _text(body, length)) for name, body in bodies if body is not None]
    head = tag("p", line, " → ", tag("strong", answer), " ", took, class_="line")
    return tag(
        "div", head, problem, tag("div", blocks, class_="bodies") if blocks else None, class_="request"
    )


def _again(case: JSON) -> list[Html]:
    reproduce = case["reproduce"]
    blocks = [("Send it again", reproduce["curl"]), ("Check it again", reproduce["command"])]
    return [_block(name, text, "paste") for name, text in blocks if text]


def _block(name: str, text: str, class_: str | None = None) -> Html:
    return tag("figure", tag("figcaption", name), tag("pre", text), class_=class_)


def _text(value: JSON, length: int) -> str:
    text = value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value)).decode()
    return (
        text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters, whole in requests.har)"
    )
