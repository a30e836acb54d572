"""Transcripts for tests: cases made up around real exchanges with a double, or around invented ones."""

import json
from contextlib import contextmanager

from novita_contract.exchange import Exchange
from novita_contract.following import state_of
from novita_contract.options import Secret
from novita_contract.pictures import PictureText, name_of
from novita_contract.receiver import as_exchange, receiving
from novita_contract.report import Report
from novita_contract.task_words import TERMINAL
from novita_contract.transcript import Recorder, load
from novita_contract.verdicts import Case, Finding, Outcome, Verdict
from novita_contract.wire import Wire, json_headers
from novita_mock import catalogue
from novita_mock.server import running
from novita_mock.settings import Settings

CANARY = "sk_canary_never_written"
PATHS = {row.name: (row.method, row.path) for row in catalogue.load().operations}


def picture(width=8, height=6):
    return PictureText.of(name_of("png", "RGB", width, height))


def upscale_body(**extra):
    request = {"model_name": "4x-UltraSharp", "image_base64": picture(), "scale_factor": 2}
    return {"request": request} | ({"extra": extra} if extra else {})


def img2img_body(**more):
    return {
        "request": {
            "model_name": "sd_xl_base_1.0.safetensors", "image_base64": picture(), "prompt": "a fern",
            "width": 128, "height": 128, "image_num": 2, "steps": 20, "guidance_scale": 7.5,
            "sampler_name": "Euler a", "seed": 7,
        } | more
    }  # fmt: skip


class Asker:
    """Asks a double as the suite does, and keeps what was asked and answered."""

    def __init__(self, url, key=CANARY):
        self.wire = Wire(url, (Secret(key),))
        self.key = key
        self.exchanges = []

    def send(self, operation, *, headers=None, url="", method="", **more):
        known_method, path = PATHS.get(operation, ("GET", "/"))
        sent = self.wire.send(
            operation, method or known_method, url or path,
            headers=json_headers(f"Bearer {self.key}") if headers is None else headers, **more,
        )  # fmt: skip
        self.exchanges.append(sent)
        return sent

    def follow(self, task_id, operation="task-result"):
        while True:
            poll = self.send(operation, query={"task_id": task_id})
            if state_of(poll) in TERMINAL:
                return poll.body

    def upscaled(self, **extra):
        """One whole flow: submit, polls, the picture."""
        task_id = self.send("upscale", sent=upscale_body(**extra)).body["task_id"]
        result = self.follow(task_id)
        for image in result["images"]:
            self.send("image", headers={}, url=image["image_url"])
            self.send("image", headers={}, url=image["image_url"], method="HEAD")
        return result

    def taken(self):
        """What was asked since the last time."""
        told, self.exchanges = tuple(self.exchanges), []
        return told


@contextmanager
def asking(seed=1, speed=0.0, key=CANARY, **settings):
    """An asker of a private double."""
    told = {"port": 0, "speed": speed, "seed": seed, "quiet": True} | settings
    with running(Settings(**told)) as url:
        asker = Asker(url, key)
        try:
            yield asker
        finally:
            asker.wire.close()


def made_up(
    operation="task-result", *, status=200, body=None, content=None, sent=None, url="", method="",
    headers=None, reply_headers=None, keys=(CANARY,), **more,
):  # fmt: skip
    """An exchange that never was."""
    known_method, path = PATHS.get(operation, ("POST", "/hook"))
    return Exchange(
        number=0, operation=operation, method=method or known_method, url=url or f"http://127.0.0.1:9{path}",
        headers=json_headers(f"Bearer {CANARY}") if headers is None else headers, sent=sent, sent_bytes=0,
        status=status, reply_headers=reply_headers or {"content-type": "application/json"},
        content=json.dumps(body).encode() if content is None else content, keys=keys, **more,
    )  # fmt: skip


def result(
    task_id="11111111-2222-4333-8444-555555555555", state="TASK_STATUS_SUCCEED", progress=0, eta=0, **more
):
    """The body of a V3 poll."""
    task = {
        "task_id": task_id, "task_type": "UPSCALE", "status": state, "reason": "", "eta": eta,
        "progress_percent": progress,
    }  # fmt: skip
    return {"extra": {}, "task": task, "images": [], "videos": [], "audios": []} | more


def poll(task_id="11111111-2222-4333-8444-555555555555", **more):
    """A poll that never was."""
    _, path = PATHS["task-result"]
    return made_up(body=result(task_id, **more), url=f"http://127.0.0.1:9{path}?task_id={task_id}")


def outcome(case_id="RES-TASK", exchanges=(), verdict=Verdict.PASS, findings=(), said="", **more):
    """What became of a made-up case."""
    told = {
        "layer": "rules",
        "operation": "task-result",
        "title": "it holds",
        "run": lambda session: None,
    } | more
    return Outcome(Case(id=case_id, **told), verdict, said, tuple(findings), tuple(exchanges))


def finding(check="a_law_holds", where="", expected="this", received="that", claim="", quirk=""):
    return Finding(check, where, expected, received, claim, None, quirk)


def report(target="mock", outcomes=(), readings=(), **more):
    told = {
        "url": "http://127.0.0.1:9", "profile": "ci", "seed": 0, "command": "novita-mock conform",
        "started": "2026-11-20T12:00:00Z", "seconds": 1.0, "versions": {"novita-mock": "1", "schemas": "abc"},
    } | more  # fmt: skip
    return Report(target=target, outcomes=tuple(outcomes), readings=tuple(readings), **told)


def written(folder, cases, **about):
    """A transcript of cases, each an outcome and its exchanges; read back."""
    recorder = Recorder(folder)
    for each, exchanges in cases:
        recorder.add(each, exchanges)
    recorder.close(report(outcomes=[each for each, _ in cases], **about))
    return load(folder)


@contextmanager
def hooked(url):
    """A receiver of webhooks, and what turns its events into evidence."""
    with receiving(url, None) as receiver:
        yield receiver, lambda hook: [as_exchange(hook, event, 0, (CANARY,)) for event in hook.events]
