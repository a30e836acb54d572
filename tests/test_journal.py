"""The journal: what an entry tells, what can be asked, what makes room, and what never gets in."""

import base64
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import img2img_body, picture, upscale_body
from novita_mock.blobs import Grant, Signer
from novita_mock.entry import Entry, told
from novita_mock.har import har
from novita_mock.journal import Journal, looked_for
from novita_mock.problems import Refused
from novita_mock.wanted import wanted_of

START_S = 1_800_000_000.0


def entry(number=1, **changes):
    """An accepted upscale, changed as told; entries come a second apart."""
    usual = {
        "number": number, "at_s": START_S + number, "operation": "upscale", "method": "POST",
        "path": "/v3/async/upscale", "query": "", "status": 200, "duration_ms": 1.25, "task_id": f"t{number}",
    }  # fmt: skip
    return Entry(**(usual | changes))


def poll(number, **changes):
    """A poll."""
    usual = {"operation": "task-result", "method": "GET", "path": "/v3/async/task-result"}
    return entry(number, **(usual | changes))


def filled(*entries, **limits):
    journal = Journal(**limits)
    for each in entries:
        journal.add(each)
    return journal


def missing(journal, wanted):
    """Why the journal does not hold what was wanted."""
    message, found = looked_for(journal, wanted)
    assert found == [each.number for each in journal if each.number in found]
    return message


def numbers(entries):
    return [each.number for each in entries]


@pytest.mark.parametrize(
    ("changes", "outcomes"),
    [
        ({}, ("accepted",)),
        ({"status": 400, "task_id": "", "problem": "x"}, ("refused",)),
        ({"task_id": "", "problem": "V2 says so with HTTP 200"}, ("refused",)),
        ({"status": 429, "task_id": "", "faults": ("f1",)}, ("refused", "fault")),
        ({"faults": ("slow",)}, ("accepted", "fault")),
        ({"status": 500, "faults": ("f1",), "lost": True}, ("accepted", "fault", "lost")),
        ({"status": 0}, ("accepted", "lost")),
        ({"status": 0, "task_id": ""}, ("lost",)),
        ({"status": 302, "task_id": ""}, ("accepted",)),
    ],
)
def test_an_outcome_says_what_became_of_a_request(changes, outcomes):
    assert entry(**changes).outcomes == outcomes
    assert told(entry(**changes))["outcome"] == list(outcomes)


def test_an_entry_is_told_whole_and_as_json():
    one = entry(7, notices=(("null-optional", "request.seed"),), request={"a": 1}, response={"b": None})
    body = told(one)
    assert body["at"] == "2027-01-15T08:00:07.000Z"
    assert body["notices"] == [{"quirk": "null-optional", "field": "request.seed"}]
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"operation": "upscale"}, [1, 4, 5]),
        ({"path": "/v3/async/*"}, [1, 2, 3, 4, 5]),
        ({"path": "*-result"}, [2, 3]),
        ({"path": "/V3/*"}, []),
        ({"task_id": "t1"}, [1, 2]),
        ({"status": 429}, [4]),
        ({"status": "429"}, [4]),
        ({"status": "4XX"}, [3, 4]),
        ({"outcome": "accepted"}, [1, 2, 5]),
        ({"outcome": "refused"}, [3, 4]),
        ({"outcome": "fault"}, [4, 5]),
        ({"outcome": "lost"}, [5]),
        ({"since_s": START_S + 2, "until_s": "1800000004"}, [2, 3]),
        ({"after": 3}, [4, 5]),
        ({"limit": 2}, [4, 5]),
        ({"limit": 0}, []),
        ({"limit": 9}, [1, 2, 3, 4, 5]),
        ({"after": 1, "limit": "2"}, [2, 3]),
        ({"operation": "upscale", "status": None, "outcome": "fault", "after": 4}, [5]),
        ({"request": {"request": {"scale_factor": 2.0}}}, [1]),
        ({"request": {"request": {"scale_factor": True}}}, []),
    ],
)
def test_the_journal_can_be_asked_by(filters, found):
    journal = filled(
        entry(1, request=upscale_body()),
        poll(2, task_id="t1"),
        poll(3, task_id="", status=404, problem="there is no such task"),
        entry(4, task_id="", status=429, faults=("rate-limited",), problem="too many"),
        entry(5, status=0, faults=("lost-reply",), lost=True),
    )
    assert numbers(journal.find(**filters)) == found
    assert journal.count(**filters) == len(found)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"operatoin": "x"}, "did you mean 'operation'?"),
        ({"zzz": "x"}, "is no filter; there are after, limit, operation"),
        ({"status": "lots"}, "'lots' is not a status like 429 or 4xx"),
        ({"status": True}, "true is not a status"),
        ({"outcome": "fine"}, "is not one of accepted, refused, fault, lost"),
        ({"since_s": "nan"}, "is not an instant"),
        ({"limit": -1}, "-1 is not a whole number"),
        ({"after": 1.5}, "1.5 is not a whole number"),
        ({"path": 5}, "5 is not a text"),
        ({"since_s": []}, "an array of 0 is not an instant"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(filters, message):
    with pytest.raises(Refused) as caught:
        Journal().find(**filters)
    assert message in caught.value.message
    assert caught.value.faults[0].path == (next(iter(filters)),)


def test_every_wrong_filter_is_told():
    with pytest.raises(Refused) as caught:
        wanted_of({"limit": "x", "operation": 1, "status": 200, "since": 3})
    assert [fault.path for fault in caught.value.faults] == [("limit",), ("operation",), ("since",)]


def test_the_oldest_entries_make_room_and_are_counted():
    journal = filled(*map(entry, range(1, 11)), max_entries=4)
    assert numbers(journal) == [7, 8, 9, 10]
    assert (len(journal), journal.dropped) == (4, 6)
    journal.clear()
    assert (len(journal), journal.dropped, journal.kept_bytes) == (0, 0, 0)


@given(st.lists(st.text(max_size=250), max_size=40), st.integers(1, 40_000))
def test_the_journal_is_never_over_its_bytes_but_for_the_newest(texts, max_bytes):
    journal = Journal(max_entries=10, max_bytes=max_bytes)
    for number, text in enumerate(texts, 1):
        journal.add(entry(number, request={"prompt": text}))
        assert journal.kept_bytes == sum(each.weight for each in journal)
        assert len(journal) == 1 or (len(journal) <= 10 and journal.kept_bytes <= max_bytes)
        assert journal.dropped + len(journal) == number


def test_the_reckoned_memory_is_at_least_the_real_one():
    journal = Journal()
    body = json.dumps(img2img_body(loras=[{"model_name": f"lora {n}", "strength": 0.5} for n in range(5)]))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(500):
            headers = {"user-agent": f"client {number}", "authorization": "Bearer x"}
            journal.add(
                entry(number, request=json.loads(body), response={"task_id": str(number)}, headers=headers)
            )
        real = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert real < journal.kept_bytes < 3 * real


def test_a_hostile_body_leaves_little_behind():
    wide = {str(n): ["x" * 200] * 500 for n in range(500)}
    assert (
        entry(request=wide, response=wide, headers={str(n): "y" * 200 for n in range(9000)}).weight
        < 2_000_000
    )


KEY, SECRET = "sk_canary_2b7e151628aed2a6", "canary-abf7158809cf4f3c"
IMAGE = base64.b64encode(picture(64, 64)).decode()
LINK = Signer(b"s").url("http://127.0.0.1:4077", "/prod/t/i.png", Grant("a1b2c3", 1_800_000_000, 3600))
SIGNATURE = LINK.rpartition("=")[2]


def canaries():
    """Entries that hold a key, a picture, a signature or a webhook's secret in every place they can have."""
    user = f"user:{SECRET}@"
    hook = f"https://{user}h/hook?token={SECRET}"
    body = upscale_body(image_base64=IMAGE, api_key=KEY, prompt=f"Bearer {KEY}")
    body["extra"] = {"webhook": {"url": hook}, IMAGE: IMAGE, "x": [IMAGE[:100], {"Authorization": KEY}]}
    headers = {
        "Authorization": f"Bearer {KEY}", "X-Omni-Key": KEY, "Cookie": f"k={SECRET}", "Referer": LINK,
        "X-Webhook": hook,
    }  # fmt: skip
    reply = {"extra": {"webhook": {"url": hook}}, "images": [{"image_url": LINK}]}
    yield entry(
        1, request=body, headers=headers, problem=f"Bearer {KEY} is not let in: {LINK}", response=reply
    )
    yield entry(2, headers={"Authorization": KEY}, request=IMAGE, query=f"token={SECRET}&task_id={IMAGE}")
    yield entry(3, path=LINK.partition("?")[0], query=LINK.partition("?")[2], response=picture(64, 64))
    yield entry(4, path=LINK, method=f"Bearer {KEY}", faults=(hook,), notices=((hook, LINK), (IMAGE, KEY)))
    yield entry(5, request=[[[LINK]], LINK.encode()], response={LINK: KEY, hook: 1}, task_id=LINK)


def test_no_key_no_picture_and_no_signature_is_ever_told():
    journal = filled(*canaries())
    shown = [
        json.dumps([told(each) for each in journal]),
        json.dumps(har(journal, "http://h", "1")),
        repr(list(journal)),
        missing(journal, {"request": {"api_key": KEY, "image": IMAGE}, "count": 2}),
        missing(journal, {"count": 0}),
    ]
    for text in shown:
        for canary in (KEY, SECRET, SIGNATURE, IMAGE[:40], IMAGE[40:80], "a1b2c3"):
            assert canary not in text


def test_what_is_there_is_not_missing():
    journal = filled(entry(1), entry(2), poll(3))
    for wanted in (
        {},
        {"count": 3},
        {"operation": "upscale", "count": 2},
        {"at_least": 3},
        {"at_most": 3},
        {"count": 0, "status": 500},
    ):
        assert missing(journal, wanted) == ""


def test_what_is_missing_is_told_beside_the_nearest_request():
    journal = filled(
        entry(1, request={"request": {"scale_factor": 2, "model_name": "4x-UltraSharp"}}),
        entry(2, request={"request": {"scale_factor": 4, "model_name": "4x-UltraSharp"}}),
        poll(3),
    )
    wanted = {
        "operation": "upscale",
        "request": {"request": {"scale_factor": 3, "model_name": "4x-UltraSharp", "seed": 1}},
    }
    assert missing(journal, wanted).splitlines() == [
        "wanted at least 1 request with operation 'upscale' and request "
        '{"request":{"scale_factor":3,"model_name":"4x-UltraSharp","seed":1}}; there were none',
        "  nearest: #2 POST /v3/async/upscale answered 200, task t2",
        "    request.request.scale_factor: wanted 3, got 4",
        "    request.request.seed: wanted 1, got nothing",
    ]


def test_too_many_are_listed():
    journal = filled(entry(1), poll(2), poll(3, status=404, problem="no such task"), max_entries=2)
    assert missing(journal, {"operation": "task-result", "at_most": 0}).splitlines() == [
        "wanted at most 0 requests with operation 'task-result'; there were 2",
        "  found: #2 GET /v3/async/task-result answered 200, task t2",
        "  found: #3 GET /v3/async/task-result answered 404, task t3: 'no such task'",
        "  1 request before these had to make room and can't be asked about",
    ]


def test_an_empty_journal_says_so():
    assert missing(Journal(), {"count": 2}).splitlines() == [
        "wanted exactly 2 requests with no condition; there were none",
        "  there is no other request",
    ]


@pytest.mark.parametrize(
    "wanted", [{"count": -1}, {"count": True}, {"count": 1, "at_most": 2}, {"nonsense": 1}, [], None]
)
def test_nonsense_can_not_be_missing(wanted):
    with pytest.raises(Refused):
        missing(Journal(), wanted)
