"""The client meets every scenario of the double, and each ends as it should: soon, and paid once at most."""

import time
from dataclasses import replace
from io import BytesIO

import httpx2
import pytest
from PIL import Image

from client import DEFAULT
from endings import (
    Ending,
    Failed,
    Forgotten,
    LinkExpired,
    NoPicture,
    Refused,
    Unavailable,
    Unfinished,
    Unknown,
    Unsafe,
)

#: Real seconds that any scenario may take.
SOON_S = 20


def ending_of(call):
    """What came of it: the picture, or how it ended."""
    try:
        with Image.open(BytesIO(call())) as image:
            image.load()
            return image
    except Ending as ending:
        return ending


PICTURE = (Image.Image, "")
#: How each scenario must end, and what the ending must say.
ENDINGS = {
    "bad-image": (Refused, "INVALID_IMAGE_FORMAT"),
    "broken-download": (NoPicture, "does not come whole"),
    "drip": (Unknown, "too slow"),
    "expired-links": (LinkExpired, "HTTP 403"),
    "fails-twice": PICTURE,
    "flaky": ((Image.Image, Unknown), ""),
    "forgotten": (Forgotten, "TASK_NOT_FOUND"),
    "hang": (Unknown, "timed out"),
    "happy": PICTURE,
    "illegal-image": (Refused, "ILLEGAL_IMAGE_CONTENT"),
    "illegal-prompt": (Refused, "ILLEGAL_PROMPT"),
    "lost-reply": (Unknown, "the balance has fallen"),
    "lost-result": PICTURE,
    "malformed": (Unknown, "makes no sense"),
    "no-balance": (Refused, "BILLING_BALANCE_NOT_ENOUGH"),
    "nsfw": (Unsafe, "unsafe, by 99 %"),
    "nsfw-undetected": (Unsafe, "nobody could tell"),
    "queue-full": (Unavailable, "too many tasks are waiting"),
    "rate-limited": (Unavailable, "RATE_LIMIT_EXCEEDED"),
    "rate-limited-once": PICTURE,
    "reset": (Unknown, "the balance could not be read"),
    "schema-breaking": ((Image.Image, Unknown, Unfinished), ""),
    "server-error": (Unavailable, "CREATE_TASK_FAILED"),
    "slow": PICTURE,
    "slow-download": PICTURE,
    "stuck": (Unfinished, "TASK_STATUS_PROCESSING"),
    "surprises": PICTURE,
    "task-fails": (Failed, "TASK_FAILED"),
    "truncated": (Unknown, "the reply to the submit is lost"),
    "webhook-duplicate": PICTURE,
    "webhook-flaky": PICTURE,
    "webhook-late": PICTURE,
    "webhook-lost": PICTURE,
    "webhook-reorder": PICTURE,
    "wrong-key": (Refused, "INVALID_API_KEY"),
}
#: Where nothing comes, or nothing but slowly, real time passes: less of it than in earnest.
REPLY_S = {"drip": 0.5, "hang": 0.2}


def test_every_scenario_is_met(novita_mock):
    there_are = httpx2.get(f"{novita_mock.url}/_mock/scenarios").json()["scenarios"]
    assert {row["name"] for row in there_are} == set(ENDINGS)


@pytest.mark.parametrize("scenario", ENDINGS)
def test_a_scenario_ends_as_it_should(novita_mock, client, photo, scenario):
    kind, said = ENDINGS[scenario]
    novita_mock.scenario(scenario)
    asking = client(replace(DEFAULT, reply_s=REPLY_S.get(scenario, DEFAULT.reply_s)))
    started = time.monotonic()
    ending = ending_of(lambda: asking.upscale(photo, check_safety=True))
    assert time.monotonic() - started < SOON_S
    assert isinstance(ending, kind), ending
    assert said in str(ending)
    if isinstance(ending, Image.Image):
        assert (ending.format, ending.size) == ("PNG", (16, 12))
    paid = len(novita_mock.tasks)
    assert paid <= 1
    assert novita_mock.double_spends == []
    if isinstance(ending, Refused | Unavailable):
        assert paid == 0
