"""Reports made by hand: a run that conforms, one with every verdict, a live one cut short, hostile texts."""

import json
from collections.abc import Iterable
from dataclasses import replace

from novita_contract.exchange import Exchange
from novita_contract.pictures import PictureText
from novita_contract.report import BUDGET, CONFORMS, DEVIATES, INTERRUPTED, Reading, Report, Spend
from novita_contract.session import Session
from novita_contract.verdicts import PROPERTIES, RULES, STORIES, Case, Finding, Outcome, Verdict
from novita_mock.types import JSON

KEY = "sk_canary_77aa88bb99cc00dd11ee22ff33445566"
BASE = "http://127.0.0.1:4077"
LINK = (
    f"{BASE}/prod/5f0c2a1e/upscaled.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261120T120000Z"
    "&X-Amz-Expires=3600&X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)
PICTURE = "png:RGB:40x30"
UPSCALE, IMG2IMG, RESULT = "/v3/async/upscale", "/v3/async/img2img", "/v3/async/task-result"
VERSIONS = {
    "novita-mock": "0.3.0",
    "python": "3.11.9",
    "schemas": "9f2c41d07be5",
    "target": "novita-mock/0.3.0",
}


def never(session: Session) -> None:
    """A case of these reports is not run again."""
    raise AssertionError("the cases of a sample can't be run")


def exchange(number: int = 1, **changes: JSON) -> Exchange:
    """A submit that was answered, changed as told."""
    body = {"model_name": "4x-UltraSharp", "image_base64": PictureText.of(PICTURE), "scale_factor": 2}
    usual = {
        "number": number,
        "operation": "upscale",
        "method": "POST",
        "url": BASE + UPSCALE,
        "headers": {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        "sent": {"request": body},
        "sent_bytes": 812,
        "status": 200,
        "reply_headers": {"content-type": "application/json", "date": "Fri, 20 Nov 2026 12:00:00 GMT"},
        "content": b'{"task_id": "5f0c2a1e-9d44-4c0b-8a43-0d9f7b2e1c55"}',
        "started_s": number * 0.04,
        "seconds": 0.012,
        "keys": (KEY,),
    }
    return Exchange(**(usual | changes))


def refused(number: int, where: str, value: JSON) -> Exchange:
    """A submit that was refused, as the pages say."""
    request = {"model_name": "4x-UltraSharp", "image_base64": PictureText.of(PICTURE), "scale_factor": 2}
    content = {
        "code": 400,
        "reason": "INVALID_REQUEST",
        "message": f"/request/{where}: {value!r}",
        "metadata": {},
    }
    return exchange(
        number, sent={"request": request | {where: value}}, status=400, content=json.dumps(content).encode()
    )


def polled(number: int, status: str = "TASK_STATUS_SUCCEED") -> Exchange:
    """A poll of a task; its links are signed."""
    task = {"task_id": "5f0c2a1e", "status": status, "reason": "", "task_type": "UPSCALE", "eta": 0}
    images = [{"image_url": LINK, "image_url_ttl": "3600", "image_type": "png"}]
    return exchange(
        number,
        operation="task-result",
        method="GET",
        url=f"{BASE}{RESULT}?task_id=5f0c2a1e",
        sent=None,
        sent_bytes=0,
        headers={"Authorization": f"Bearer {KEY}"},
        content=json.dumps({"task": task, "images": images, "extra": {"seed": "4711"}}).encode(),
    )


def case(name: str, operation: str = "upscale", **changes: JSON) -> Case:
    """A case of these reports."""
    usual = {"layer": RULES, "title": "what it says must hold"}
    return Case(id=name, operation=operation, run=never, **(usual | changes))


def bound(prefix: str, operation: str, place: str, keyword: str, claim: str, accepted: bool) -> Case:
    """One side of a constraint."""
    side = "ACCEPTED" if accepted else "REFUSED"
    name = f"{prefix}-REQUEST.{place.upper()}-{keyword.upper()}-{side}"
    title = (
        f"{place} at its {keyword} is {side.lower()}"
        if accepted
        else f"{place} beyond its {keyword} is refused"
    )
    return case(name, operation, title=title, claims=(claim,), pointer=f"/request/{place}", keyword=keyword)


#: Constraints as the pages have them: prefix, operation, place, keyword, claim.
BOUNDS = (
    ("UPS", "upscale", "scale_factor", "maximum", "upscale.scale_factor.range"),
    ("UPS", "upscale", "scale_factor", "exclusiveMinimum", "upscale.scale_factor.range"),
    ("UPS", "upscale", "model_name", "enum", "upscale.model_name.enum"),
    ("UPS", "upscale", "image_base64", "type", "upscale.image_base64.range"),
    ("I2I", "img2img", "steps", "maximum", "img2img.steps.range"),
    ("I2I", "img2img", "steps", "minimum", "img2img.steps.range"),
    ("I2I", "img2img", "guidance_scale", "maximum", "img2img.guidance_scale.range"),
    ("I2I", "img2img", "strength", "minimum", "assumed: below zero means nothing"),
    ("I2I", "img2img", "sampler_name", "enum", "img2img.sampler_name.enum"),
    ("I2I", "img2img", "width", "minimum", "img2img.width.range"),
    ("UP2", "upscale-v2", "upscaling_resize", "maximum", "v2.upscale.upscaling_resize.range"),
    ("UP2", "upscale-v2", "resize_mode", "enum", "v2.upscale.resize_mode.enum"),
)


def passed() -> list[Outcome]:
    """Both sides of each constraint, two laws and a story, all as they should be."""
    found = []
    for number, (prefix, operation, place, keyword, claim) in enumerate(BOUNDS):
        for accepted in (True, False):
            sent = exchange(2 * number) if accepted else refused(2 * number + 1, place, 99)
            one = bound(prefix, operation, place, keyword, claim, accepted)
            found.append(Outcome(one, Verdict.PASS, evidence=(sent,), seconds=0.018))
    law = case(
        "UPS-LAW-SIZE",
        layer=PROPERTIES,
        title="the picture is the input times the factor",
        claims=("upscale.scale_factor.range",),
    )
    life = case(
        "RES-LIFE",
        "task-result",
        layer=STORIES,
        title="a task goes from QUEUED to its end, once",
        claims=("result.task.status.enum",),
    )
    hook = case(
        "WEB-EQUAL",
        "webhook",
        layer=PROPERTIES,
        title="an event tells what a poll tells",
        claims=("assumed: one task, one truth",),
    )
    for number, one in enumerate((law, life, hook), 60):
        found.append(
            Outcome(one, Verdict.PASS, evidence=(exchange(number), polled(number + 40)), seconds=0.3, seed=7)
        )
    return found


def finding(number: int = 90, **changes: JSON) -> Finding:
    """Something that is not as expected, changed as told."""
    usual = {
        "check": "status_is_documented",
        "where": "/request/scale_factor",
        "expected": "400 INVALID_REQUEST",
        "received": '200 {"task_id": "5f0c2a1e-9d44-4c0b-8a43-0d9f7b2e1c55"}',
        "claim": "upscale.scale_factor.range",
        "exchange": exchange(number),
    }
    return Finding(**(usual | changes))


def odd() -> list[Outcome]:
    """One outcome of each verdict but ``PASS``, and a second failure that was drawn."""
    progress = finding(
        91,
        check="progress_never_falls",
        where="/task/progress_percent",
        expected="at least 45",
        received="20",
        claim="result.task.progress_percent.type",
        exchange=polled(91, "TASK_STATUS_PROCESSING"),
    )
    example = {"request": {"scale_factor": 1.0009, "image_base64": PictureText.of(PICTURE)}}
    return [
        Outcome(
            bound("UPS", "upscale", "scale_factor", "maximum", "upscale.scale_factor.range", False),
            Verdict.FAIL,
            "a factor of 4.01 was accepted",
            (finding(),),
            (exchange(90),),
            0.02,
        ),
        Outcome(
            case(
                "UPS-LAW-PROGRESS",
                layer=PROPERTIES,
                title="progress never falls while a task is at work",
                claims=("result.task.progress_percent.type",),
            ),
            Verdict.FAIL,
            "45, then 20",
            (progress,),
            (exchange(80), polled(81), polled(91)),
            1.5,
            7,
            example,
        ),
        Outcome(
            case(
                "UPS-TTL",
                title="the life of a link is told as text",
                claims=("observed: published examples",),
            ),
            Verdict.CONTRADICTION,
            "an integer, as the table says",
            (
                finding(
                    92,
                    check="type_is_as_expected",
                    where="/images/0/image_url_ttl",
                    expected="a string",
                    received="3600",
                    claim="observed: published examples",
                    quirk="image-url-ttl=integer",
                ),
            ),
        ),
        Outcome(
            case(
                "I2I-EMPTY-VAE",
                "img2img",
                title="an empty sd_vae is none",
                claims=("assumed: clients send it",),
            ),
            Verdict.UNDOCUMENTED,
            "refused",
            (
                finding(
                    93,
                    where="/request/sd_vae",
                    expected="200",
                    received="400 INVALID_REQUEST",
                    claim="assumed: clients send it",
                ),
            ),
        ),
        Outcome(
            case("I2I-SLOW", "img2img", title="a picture is there within a minute"),
            Verdict.WARN,
            "eta rose once, from 3 to 4",
            (
                finding(
                    94,
                    check="eta_rises_seldom",
                    where="/task/eta",
                    expected="3 or less",
                    received="4",
                    claim="result.task.eta.type",
                ),
            ),
        ),
        Outcome(
            case("WEB-RETRY", "webhook", layer=STORIES, title="an event is sent again after a refusal"),
            Verdict.SKIP,
            "the target can't reach the receiver; --webhook-url tells where it is",
        ),
        Outcome(
            case("IMG-EXPIRY", "image", title="a link ends when its time is over"),
            Verdict.SKIP,
            "3600 s would have to pass; --max-wait 3600 allows it",
        ),
        Outcome(
            case("UP2-CODE", "upscale-v2", title="a refusal has a code"),
            Verdict.ACCEPTED,
            "accepted: known, ticket 12",
            (finding(95, where="/code", expected="2", received="-1"),),
        ),
        Outcome(
            case("MOD-CURSOR", "model", title="a page's cursor leads on"),
            Verdict.UNEXPECTED_PASS,
            "holds, though the baseline accepts that it doesn't (ticket 9): remove the entry",
            evidence=(exchange(96, operation="model", method="GET", url=f"{BASE}/v3/model", sent=None),),
        ),
    ]


READINGS = (
    Reading("image-url-ttl", "Type of image_url_ttl", "string", "integer", "observed", "in 12 task results"),
    Reading("final-progress", "progress_percent at the end", "0", "0", "observed"),
    Reading("submit-shape", "What a V3 submit answers", "flat", "flat", "documented"),
    Reading("webhook-backoff", "Seconds between attempts", "1 2 4 8 16", "", "assumed", "no receiver"),
)
HABITS = (
    ("null for an optional field", "/extra/response_image_type", "accepted"),
    ("a number as text", "/request/steps", "accepted"),
    ("a stray field", "/request/clip", "accepted"),
    ("an empty object", "/extra/webhook", "refused"),
)
COVERAGE = {
    "upscale": (41, 41),
    "img2img": (180, 184),
    "upscale-v2": (60, 60),
    "webhook": (9, 12),
    "*": (290, 297),
}


def report(outcomes: Iterable[Outcome] = (), **changes: JSON) -> Report:
    """A run of these outcomes, changed as told."""
    usual = {
        "target": "mock",
        "url": BASE,
        "profile": "ci",
        "seed": 7,
        "command": "novita-mock conform --seed 7",
        "started": "2026-11-20T12:00:00Z",
        "seconds": 12.34,
        "versions": VERSIONS,
        "outcomes": tuple(outcomes),
    }
    return Report(**(usual | changes))


def passing() -> Report:
    """A run that conforms."""
    return report(passed(), readings=READINGS[1:3], habits=HABITS, coverage={"*": (297, 297)})


def every_verdict() -> Report:
    """A run in which everything happens that can."""
    strange = odd()
    ids = {outcome.case.id for outcome in strange}
    outcomes = [outcome for outcome in passed() if outcome.case.id not in ids] + strange
    notes = ("The target lets a made-up key in: checks of keys were not made.",)
    return report(
        outcomes,
        readings=READINGS,
        habits=HABITS,
        coverage=COVERAGE,
        notes=notes,
        exit_code=DEVIATES,
        command="novita-mock conform --seed 7 --quirk nsfw-off=absent --examples=5 --report-dir report",
    )


def live_over_budget() -> Report:
    """A run on money that was interrupted when nothing was left."""
    spend = Spend(budget=0.05, reserved=0.05, calls=5, balance_before=10.0, balance_after=9.954)
    left = [
        replace(outcome, verdict=Verdict.SKIP, said="the budget is reached", evidence=())
        for outcome in passed()[9:]
    ]
    return report(
        [*passed()[:9], *left],
        target="live",
        url="https://api.novita.ai",
        spend=spend,
        over_budget=True,
        interrupted=True,
        trouble="stopped by Ctrl-C",
        exit_code=INTERRUPTED,
        command="novita-mock conform --target live --budget-usd 0.05 --price upscale=0.01 --seed 7 --yes",
    )


#: What no report may hand on as it is: to a browser, a terminal, an XML reader, a table of Markdown.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "\x1b[2J\x1b]0;owned\x07",
    "]]>",
    "&lt;b&gt;",
    "--> <!--",
    "\x9b31m",
    "\u202eesrever",
    "a\u200bb",
    "\x00\ufffe",
    "🙂 naïve 漢字 👩‍🚀",
    "| a | b |\n|---|---|",
    "`code` [x](http://evil.test) ![y](http://evil.test/p.png)",
    "[bold red]x[/] :smile:",
    "line one\rline two\r\nline three\ttabbed",
    "x" * 10_000,
    "long words " * 1_000,
    "\ud800",
)


def hostile(text: str = "\n".join(HOSTILE)) -> Report:
    """A run against a target that says, everywhere it can, what could do harm."""
    reply = {"content-type": "text/html", "x-said": text.replace("\n", " ")}
    sent = {"request": {"prompt": text, text[:50]: 1}}
    shown = exchange(
        1, sent=sent, reply_headers=reply, content=text.encode("utf-8", "surrogatepass"), problem=text
    )
    found = finding(
        1,
        check=text,
        where=text,
        expected=text,
        received=text,
        claim=f"assumed: {text}",
        quirk=f"q={text}",
        exchange=shown,
    )
    one = case("I2I-PROMPT", "img2img", title=text, claims=(f"observed: {text}",))
    return report(
        [
            Outcome(one, Verdict.FAIL, text, (found,), (shown,), 0.1, 1, {"prompt": text}),
            Outcome(case("I2I-SKIPPED", "img2img"), Verdict.SKIP, text),
        ],
        target=f"http://127.0.0.1:1/{text[:20]}",
        notes=(text,),
        trouble=text,
        versions={"target": text},
        readings=(Reading("submit-shape", text, "flat", text, "documented", text),),
        habits=((text, text, text),),
        command=f"novita-mock conform --target '{text}'",
        exit_code=DEVIATES,
    )


def large(cases: int) -> Report:
    """A run of so many cases, most of which hold."""
    found = []
    for number in range(cases):
        one = case(f"UPS-LAW-{number}", title=f"law {number} holds", claims=("upscale.scale_factor.range",))
        verdict = Verdict.FAIL if number % 100 == 7 else Verdict.PASS
        findings = (finding(number),) if verdict is Verdict.FAIL else ()
        found.append(Outcome(one, verdict, "", findings, (exchange(number), polled(number + cases))))
    return report(found, exit_code=DEVIATES)


#: Every sample, by what it is.
SAMPLES = {
    "passing": passing,
    "every verdict": every_verdict,
    "live": live_over_budget,
    "hostile": hostile,
    "empty": lambda: report(exit_code=CONFORMS),
    "over budget": lambda: replace(live_over_budget(), exit_code=BUDGET),
}
