"""A transcript holds what is the same in every run of a target, all of it, and nothing that is secret."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novita_contract.likeness import Sight, joined, likeness, shape
from novita_contract.options import Options, Secret
from novita_contract.references import References
from novita_contract.report import Reading
from novita_contract.session import Session
from novita_contract.steps import Teller
from novita_contract.targets import Target
from novita_contract.transcript import FORMAT, Recorder, TranscriptError, file_name, load
from novita_contract.verdicts import Verdict
from novita_mock import catalogue
from recorded import (
    CANARY,
    PATHS,
    asking,
    finding,
    hooked,
    img2img_body,
    made_up,
    outcome,
    picture,
    poll,
    report,
    result,
    upscale_body,
    written,
)  # fmt: skip

ONE, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
PROCESSING, QUEUED, FAILED = "TASK_STATUS_PROCESSING", "TASK_STATUS_QUEUED", "TASK_STATUS_FAILED"
SIGNED = "http://127.0.0.1:9/prod/{}/0123456789abcdef0123.png?X-Amz-Expires=3600&X-Amz-Signature=0badcafe"


def told(*exchanges):
    return Teller(catalogue.load()).tell(exchanges)


def body_of(exchange):
    return told(exchange).steps[0]["answered"]["body"]


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*.json")}


def a_whole_run(asker, hooks):
    """A bit of everything that a target can be asked; the cases with their exchanges."""
    receiver, events = hooks
    asker.upscaled()
    yield outcome("UPS-PLAIN"), asker.taken()
    hook = receiver.hook(500, 200)
    asker.upscaled(webhook={"url": hook.url})
    assert hook.wait(2, 20)
    yield outcome("UPS-HOOK"), (*asker.taken(), *events(hook))
    asker.send("user")
    for seed in (-1, 123):
        asker.follow(asker.send("img2img", sent=img2img_body(seed=seed)).body["task_id"])
    asker.send("user")
    yield outcome("I2I-SEEDS"), asker.taken()
    asker.send("upscale", sent={"request": {"scale_factor": 9}})
    asker.send("upscale", sent={}, headers={})
    asker.send("task-result", query={"task_id": ONE})
    found = finding(received=f"key {CANARY}, link {SIGNED.format(ONE)}", where="/task")
    yield (
        outcome("ERR", verdict=Verdict.WARN, said=f"{CANARY} at {asker.wire.base}/x", findings=[found]),
        (asker.taken()),
    )
    asker.send("model", query={"pagination.limit": "3"})
    task_id = asker.send("upscale-v2", sent={"image": picture(), "img_expire_ttl": 60}).body["data"][
        "task_id"
    ]
    links = asker.follow(task_id, "progress")["data"]["imgs"]
    asker.send("image-v2", url=links[0], headers={})
    yield outcome("V2"), asker.taken()


def recorded(folder, **settings):
    with asking(**settings) as asker, hooked(asker.wire.base) as hooks:
        return written(folder, list(a_whole_run(asker, hooks)), started=settings.get("started", "now"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three runs of three doubles: another seed, and another speed, so that polls see other things."""
    base = tmp_path_factory.mktemp("runs")
    recorded(base / "one", seed=1)
    recorded(base / "other", seed=2)
    recorded(base / "slow", seed=3, speed=20.0)
    return base


def test_two_runs_tell_the_same_bytes(runs):
    one, other = files(runs / "one"), files(runs / "other")
    assert len(one) == 7
    assert one == other


def test_what_was_seen_on_the_way_is_kept_apart_because_it_is_a_matter_of_time(runs):
    quick, slow = files(runs / "one"), files(runs / "slow")
    assert {str(name) for name in quick if quick[name] != slow[name]} == {"lives.json"}
    lives = load(runs / "slow").lives
    assert lives["img2img"]["states"] == [QUEUED, PROCESSING, "TASK_STATUS_SUCCEED"]
    assert lives["img2img"]["progress"] == "moves"
    assert lives["img2img"]["under_way"]["images"] == []


def test_nothing_secret_and_no_picture_is_in_any_byte(runs):
    kept = b"".join(path.read_bytes() for path in runs.rglob("*") if path.is_file())
    assert len(kept) > 10_000
    for secret in (CANARY.encode(), b"Signature=", b"iVBOR", b"Credential=", b"0badcafe"):
        assert secret not in kept
    assert b"<key 1>" in kept


def test_ids_are_told_by_the_order_in_which_they_appear():
    steps = told(made_up("upscale", body={"task_id": OTHER}), made_up("upscale", body={"task_id": ONE}),
                 poll(ONE), poll(OTHER)).steps  # fmt: skip
    assert [step["answered"]["body"]["task_id"] for step in steps[:2]] == ["<task 1>", "<task 2>"]
    assert [step["asked"]["query"]["task_id"] for step in steps[2:]] == ["<task 2>", "<task 1>"]


def test_an_id_is_told_by_its_name_wherever_it_stands():
    reason = f"task {ONE} ran out of steps"
    assert body_of(poll(ONE, state=FAILED))["task"]["task_id"] == "<task 1>"
    answer = made_up(body=result(ONE, images=[{"image_url": SIGNED.format(ONE)}]) | {"note": reason})
    assert body_of(answer)["note"] == "task <task 1> ran out of steps"
    assert "/prod/<task 1>/<name 1>.png" in body_of(answer)["images"][0]["image_url"]


def test_a_link_is_told_by_its_shape_and_keeps_how_long_it_lives():
    names = References("http://127.0.0.1:9")
    link = names.link("http://127.0.0.1:9/prod/x/0123456789abcdef.png?X-Amz-Signature=s&X-Amz-Expires=60&a=b")
    assert link == "<service>/prod/x/<name 1>.png?X-Amz-Expires=60&X-Amz-Signature&a"
    assert names.link("https://cdn.example/prod/x/0123456789abcdef.png") == "<service>/prod/x/<name 1>.png"
    assert names.link("http://cdn.example/y?expires=1790000000") == "<service>/y?expires"


def test_a_link_that_leads_where_the_target_is_not_is_told_so():
    live = References("https://api.example.com")
    assert live.link("https://10.0.0.7/x.png") == "<service: private address>/x.png"
    assert live.link("http://localhost/x.png") == "<service: http, private address>/x.png"
    assert live.link("https://[::1/x.png").startswith("<no address")
    assert live.link("ftp://cdn.example/x.png").startswith("<no address")


def test_times_are_told_by_their_order_and_not_by_when_they_were():
    def extra(submit, execute, complete):
        times = {"submit_time_ms": submit, "execute_time_ms": execute, "complete_time_ms": complete}
        return body_of(made_up(body={"debug_info": times}))["debug_info"]

    usual = {"submit_time_ms": "<time 1>", "execute_time_ms": "<time 2>", "complete_time_ms": "<time 3>"}
    assert extra("1790000000000", "1790000000005", "1790000000009") == usual
    assert extra("1700000000000", "1700000000000", "1700000000000") == usual
    assert extra("1790000000009", "1790000000005", "1790000000000") == {
        "submit_time_ms": "<time 3>", "execute_time_ms": "<time 2>", "complete_time_ms": "<time 1>",
    }  # fmt: skip
    assert extra("1790000000000", "", "12") == {
        "submit_time_ms": "<time 1>", "execute_time_ms": "", "complete_time_ms": "12",
    }  # fmt: skip
    assert body_of(made_up(body={"finish_time": "2026-11-20 12:00:00", "at": "2026"})) == {
        "finish_time": "<time 1>", "at": "2026",
    }  # fmt: skip


def test_polls_that_move_on_are_one_step_however_many_they_were():
    few = told(poll(state=PROCESSING, eta=3, progress=40), poll())
    many = told(*(poll(state=QUEUED, eta=9) for _ in range(3)), poll(state=PROCESSING, eta=3, progress=40),
                poll(state=PROCESSING, eta=1, progress=80), poll(), poll())  # fmt: skip
    assert few.steps == many.steps
    assert [step["polled"] for step in few.steps] == ["until TASK_STATUS_SUCCEED"]
    assert [sighting.state for sighting in many.sightings][:4] == [QUEUED, QUEUED, QUEUED, PROCESSING]


def test_a_task_that_never_ends_is_told_as_under_way():
    (step,) = told(poll(state=QUEUED, eta=9), poll(state=PROCESSING, eta=3, progress=40)).steps
    assert step["polled"] == "<under way>"
    assert step["answered"]["body"]["task"] == {
        "task_id": "<task 1>", "task_type": "UPSCALE", "status": "<under way>", "reason": "", "eta": "<eta>",
        "progress_percent": "<progress>",
    }  # fmt: skip


@pytest.mark.parametrize(("broken", "place"), [
    ({"progress": 130}, "progress_percent"), ({"eta": -1}, "eta"), ({"progress": None}, "progress_percent"),
    ({"eta": "soon"}, "eta"), ({"progress": True}, "progress_percent"),
])  # fmt: skip
def test_a_number_that_breaks_its_law_on_the_way_is_not_folded_away(broken, place):
    polls = [
        poll(state=PROCESSING, eta=3, progress=40),
        poll(state=PROCESSING, **({"eta": 3} | broken)),
        poll(),
    ]
    steps = told(*polls).steps
    assert len(steps) == 3
    assert steps[1]["answered"]["body"]["task"][place] in broken.values()


def test_a_state_that_goes_back_or_leaves_its_end_is_not_folded_away():
    back = told(poll(state=PROCESSING), poll(state=QUEUED), poll())
    assert [step["polled"] for step in back.steps] == ["<under way>", "until TASK_STATUS_SUCCEED"]
    left = told(poll(), poll(state=FAILED), poll(state=PROCESSING))
    assert len(left.steps) == 3


def test_an_answer_that_changes_after_the_end_is_a_step_of_its_own():
    assert len(told(poll(), poll(), poll(progress=100)).steps) == 2


def test_a_seed_that_was_asked_for_stays_and_a_drawn_one_is_told_as_drawn():
    def seeds(asked, answered):
        exchanges = (made_up("img2img", sent=img2img_body(seed=asked), body={"task_id": ONE}),
                     poll(ONE, extra={"seed": answered}))  # fmt: skip
        return told(*exchanges).steps[1]["answered"]["body"]["extra"]["seed"]

    assert seeds(123, "123") == "123"
    assert seeds(123, "77") == "<drawn seed>"
    assert seeds(-1, "77") == "<drawn seed>"
    assert seeds(-1, 77) == "<drawn seed, a number>"
    assert seeds(-1, "-1") == "-1"


def test_a_balance_is_told_by_how_it_changes():
    balances = [made_up("user", body={"credit_balance": units}) for units in (1000, 850, 1000, -5)]
    told_as = [step["answered"]["body"]["credit_balance"] for step in told(*balances).steps]
    assert told_as == ["<balance>", "<balance -150>", "<balance>", -5]


def test_a_picture_is_told_by_format_size_and_mode():
    link = "http://127.0.0.1:9" + PATHS["image"][1].format(task_id=ONE, file="a.png")
    png = {"content-type": "image/png", "content-length": "5"}
    steps = told(
        made_up("image", url=link, content=bytes(picture_bytes()), reply_headers=png, headers={}),
        made_up("image", url=link, content=b"no picture", reply_headers=png, headers={}),
        made_up("image", url=link, content=b"", method="HEAD", reply_headers=png, headers={}),
    ).steps
    assert steps[0]["answered"]["picture"] == {"format": "png", "width": 8, "height": 6, "mode": "RGB"}
    assert steps[1]["answered"]["picture"].startswith("none: ")
    assert steps[2]["answered"]["length"] == "<length>"
    assert steps[0]["asked"] == {"operation": "image", "method": "GET",
                                 "url": "<service>/prod/<name 1>/a.png"}  # fmt: skip


def picture_bytes():
    from novita_contract.pictures import made

    return made("png:RGB:8x6")


def test_models_are_told_by_the_shape_that_all_of_them_share():
    models = [{"name": "a", "id": 1, "tags": []}, {"name": "b", "id": 2.5, "tags": ["x"], "new": None}]
    body = body_of(made_up("model", body={"models": models, "pagination": {"next_cursor": "c_20"}}))
    assert body == {
        "models": [{"name": "text", "id": "number or whole number", "tags": ["text"], "new": "null"}],
        "pagination": {"next_cursor": "<cursor 1>"},
    }
    assert body_of(made_up("model", body={"models": []})) == {"models": []}


def test_texts_for_people_keep_their_words_behind_a_mark():
    error = {
        "code": 404,
        "reason": "TASK_NOT_FOUND",
        "message": f"no {ONE}",
        "metadata": {"task_id": "what?"},
    }
    asked = made_up(body=error, status=404, url=f"http://127.0.0.1:9{PATHS['task-result'][1]}?task_id={ONE}")
    assert body_of(asked) == {
        "code": 404, "reason": "TASK_NOT_FOUND", "message": "<text> no <task 1>",
        "metadata": {"task_id": "<text> what?"},
    }  # fmt: skip
    assert body_of(poll(state=FAILED))["task"]["reason"] == ""


def test_events_stand_by_themselves_in_an_order_that_does_not_depend_on_when_they_came():
    hooks = [f"http://127.0.0.1:7/hook/{number}" for number in (1, 2)]
    asked = [made_up("upscale", sent=upscale_body(webhook={"url": url}), body={"task_id": task})
             for url, task in zip(hooks, (ONE, OTHER), strict=True)]  # fmt: skip
    event = {"event_type": "ASYNC_TASK_RESULT"}
    events = [
        made_up(
            "webhook", method="POST", url=url, sent=event | {"payload": result(task)}, headers={}, content=b""
        )
        for url, task in zip(hooks, (ONE, OTHER), strict=True)
    ]
    one, other = told(*asked, *events), told(asked[0], events[0], asked[1], events[1])
    late = told(*asked, events[1], events[0])
    assert one.steps == other.steps == late.steps
    assert one.events == other.events == late.events
    assert [event["asked"]["url"] for event in one.events] == ["<hook 1>", "<hook 2>"]
    assert one.events[1]["asked"]["body"]["payload"]["task"]["task_id"] == "<task 2>"


def test_what_was_asked_says_by_whom_and_what_was_unusual_about_it():
    steps = told(
        made_up(
            "upscale", headers={"Authorization": f"bearer {CANARY}", "Content-Type": "text/plain"}, sent="x{"
        ),
        made_up("upscale", headers={"Authorization": "sk_other_key"}, url="http://127.0.0.1:9/elsewhere"),
        made_up("progress", headers={"X-Omni-Key": CANARY, "X-Odd": "1", "X-Secret": "sesame"}),
    ).steps
    assert steps[0]["asked"] == {
        "operation": "upscale", "method": "POST", "key": "bearer <key 1>", "body": "x{", "type": "text/plain",
    }  # fmt: skip
    assert steps[1]["asked"]["key"] == "<key 2>"
    assert steps[1]["asked"]["path"] == "/elsewhere"
    assert steps[2]["asked"]["key"] == "X-Omni-Key <key 1>"
    assert steps[2]["asked"]["headers"] == {"x-odd": "1", "x-secret": "***"}


def test_a_question_that_was_lost_or_put_off_and_asked_again_tells_nothing():
    lost = made_up(status=0, content=b"", problem="ReadTimeout: too slow")
    put_off = made_up(status=429, body={"code": 429})
    asked = made_up(body=result())
    assert told(lost, put_off, asked).steps == told(asked).steps
    assert told(lost).steps[0]["answered"] == {"status": 0, "problem": "ReadTimeout"}
    submit = made_up("upscale", status=0, content=b"", problem="ReadTimeout: too slow", sent=upscale_body())
    assert len(told(submit, submit).steps) == 2


def test_what_is_no_json_is_told_as_such():
    assert body_of(made_up(content=b"{oops")) == "<no JSON>"
    html = made_up(
        content=f"<p>{CANARY}</p>".encode(), reply_headers={"content-type": "text/html"}, status=502
    )
    assert body_of(html).startswith("<text> ")
    assert body_of(made_up(content=b'"' + b"x" * (1 << 20) + b'"')) == "<too long to be told>"


NAMES = [
    "task", "task_id", "seed", "extra", "eta", "progress", "status", "data", "finish_time", "image_url",
    "credit_balance", "reason", "models", "confidence", "url", "webhook", "x",
]  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSONS, st.booleans())
def test_any_answer_can_be_told_and_told_twice_is_the_same(body, under_way):
    def once():
        return likeness(body, Sight(References(), under_way=under_way))

    assert json.dumps(once()) == json.dumps(once())
    exchange = made_up(body=body)
    assert json.dumps(told(exchange).steps) == json.dumps(told(exchange).steps)


@settings(deadline=None)
@given(JSONS, JSONS)
def test_the_shape_of_two_holds_the_shape_of_each(one, other):
    both = joined(shape(one), shape(other))
    assert joined(both, shape(one)) == both
    assert joined(shape(one), shape(one)) == shape(one)


def test_a_crash_loses_no_case_that_was_done(tmp_path):
    recorder = Recorder(tmp_path / "t")
    recorder.add(outcome("A"), [poll()])
    recorder.add(outcome("B", verdict=Verdict.SKIP, said="no receiver"), [])
    del recorder  # and nobody ever closes it
    kept = load(tmp_path / "t")
    assert set(kept.cases) == {"A", "B"}
    assert not kept.whole
    assert not [path for path in (tmp_path / "t").rglob("*") if ".part" in path.name]


def test_a_case_that_was_half_written_is_not_there(tmp_path):
    recorder = Recorder(tmp_path / "t")
    recorder.add(outcome("A"), [poll()])
    (tmp_path / "t" / "cases" / ".B.json.part").write_text('{"case": "B", "steps": [')
    assert set(load(tmp_path / "t").cases) == {"A"}


def test_cases_may_end_in_any_thread(tmp_path):
    recorder = Recorder(tmp_path / "t")

    def add(number):
        for each in range(25):
            recorder.add(outcome(f"C-{number}-{each}"), [poll()])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close(report())
    kept = load(tmp_path / "t")
    assert len(kept.cases) == 200
    assert kept.lives["task-result"]["states"] == ["TASK_STATUS_SUCCEED"]


def test_what_several_cases_look_at_is_told_once_whoever_came_first(tmp_path):
    def shared(name, task_id):
        submit = made_up("upscale", body={"task_id": task_id}, sent=upscale_body(), shared=name)
        return [submit, replace(poll(task_id), shared=name)]

    sample, other = shared("sample upscale", ONE), shared(f"sample {CANARY} {'x' * 90} {OTHER}", OTHER)
    mine, yours = (outcome("A"), [*sample, poll(ONE)]), (outcome("B"), [*other, poll(OTHER), *sample])
    first, turned = written(tmp_path / "one", [mine, yours]), written(tmp_path / "other", [yours, mine])
    assert files(first.folder) == files(turned.folder)
    assert first.looked_at["A"] == ["shared sample upscale"]
    (long,) = (name for name in first.cases if "xxx" in name)
    assert set(first.cases) == {"A", "B", "shared sample upscale", long}
    assert len(long) < 80
    assert [len(first.cases[name]["steps"]) for name in ("A", "B", "shared sample upscale", long)] == [
        1,
        1,
        2,
        2,
    ]
    assert first.cases["shared sample upscale"]["layer"] == "shared"
    assert first.lives["upscale"]["states"] == ["TASK_STATUS_SUCCEED"]
    assert set(first.looked_at["B"]) == {"shared sample upscale", long}
    assert CANARY not in " ".join(first.cases)


def test_a_session_marks_what_it_asks_once_and_counts_it_for_everyone_who_looks_at_it():
    with asking() as asker:
        key = Secret(asker.key)
        session = Session(Options(), Target("url", asker.wire.base, key), asker.wire, catalogue.load())

        def look():
            with session.wire.kept() as kept:
                session.once("outer", lambda: session.once("inner", lambda: session.ask("user").status))
                session.ask("user")
            return [(exchange.number, exchange.shared) for exchange in kept]

        first, second = look(), look()
    assert [shared for _, shared in first] == [shared for _, shared in second] == ["inner", ""]
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_an_earlier_transcript_is_replaced_as_a_whole(tmp_path):
    written(tmp_path / "t", [(outcome("OLD"), [])])
    written(tmp_path / "t", [(outcome("NEW"), [])])
    assert set(load(tmp_path / "t").cases) == {"NEW"}


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "mine.json").write_text("{}")
    with pytest.raises(TranscriptError, match="something else") as raised:
        Recorder(tmp_path)
    assert raised.value.hint
    assert (tmp_path / "cases" / "mine.json").exists()
    with pytest.raises(TranscriptError):
        Recorder(tmp_path / "cases" / "mine.json")


@pytest.mark.parametrize(("damage", "said"), [
    (lambda folder: (folder / "run.json").unlink(), "no transcript"),
    (lambda folder: (folder / "run.json").write_text('{"format": "another"}'), "no transcript"),
    (lambda folder: (folder / "run.json").write_text(f'{{"format": "{FORMAT}", "version": 99}}'), "99"),
    (lambda folder: (folder / "cases" / "A.json").write_text("{"), "damaged"),
    (lambda folder: (folder / "cases" / "A.json").write_text("{}"), "damaged"),
])  # fmt: skip
def test_a_folder_that_can_not_be_read_is_refused_with_the_reason(tmp_path, damage, said):
    written(tmp_path / "t", [(outcome("A"), [])])
    damage(tmp_path / "t")
    with pytest.raises(TranscriptError, match=said):
        load(tmp_path / "t")


def test_the_name_of_a_case_is_a_file_name_wherever_it_leads(tmp_path):
    names = ["UPS-A.0-MAX", "../../etc/passwd", "A B", "é", "a%2F"]
    assert len({file_name(name) for name in names}) == len(names)
    assert file_name("UPS-A.0-MAX") == "UPS-A.0-MAX.json"
    assert set(written(tmp_path / "t", [(outcome(name), []) for name in names]).cases) == set(names)
    assert len(list((tmp_path / "t" / "cases").iterdir())) == len(names)


def test_the_run_is_told_with_how_the_target_reads_the_quirks(tmp_path):
    reading = Reading("image-url-ttl", "Type", "string", "integer", "observed")
    kept = written(tmp_path / "t", [(outcome("A"), [])], target="live", readings=[reading], seed=7)
    assert (kept.kind, kept.name, kept.whole) == ("live", "live", True)
    assert kept.run["readings"][0]["observed"] == "integer"
    assert (kept.run["seed"], kept.run["schemas"], kept.run["profile"]) == (7, "abc", "ci")
    assert written(tmp_path / "u", [], target=f"http://h/?key={CANARY}").name == "http://h/?key=***"
    assert not written(tmp_path / "v", [], interrupted=True).whole


def test_a_case_is_told_with_its_claims_verdict_and_findings(tmp_path):
    found = finding(
        "status_is_documented", "status", "HTTP 200", f"HTTP 500 of {ONE}", "upscale.status-codes"
    )
    case = outcome(
        "UPS-A", [poll()], Verdict.FAIL, [found], claims=("a.b",), pointer="/request/x", keyword="maximum"
    )
    kept = written(tmp_path / "t", [(case, [poll()])]).cases["UPS-A"]
    assert kept["verdict"] == "fail"
    assert (kept["claims"], kept["pointer"], kept["keyword"]) == (["a.b"], "/request/x", "maximum")
    assert kept["findings"] == [{
        "check": "status_is_documented", "where": "status", "expected": "HTTP 200",
        "received": "HTTP 500 of <task 1>", "claim": "upscale.status-codes", "quirk": "",
    }]  # fmt: skip
