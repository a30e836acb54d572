"""Whatever is done to a world in whatever order, its history is a legal one.

CI takes a sample; ``make check-deep`` takes 20,000 steps.
"""

from itertools import count
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conftest import b64, picture, upscale_body
from novita_mock.catalogue import load
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from novita_mock.wallet import FIRST_BALANCE, cost_of

DEEP = settings.get_current_profile_name() == "deep"
EXAMPLES, STEPS = (460, 50) if DEEP else (12, 40)
TINY = b64(picture(2, 2))
ORDER = ["QUEUED", "PROCESSING", "SUCCEED", "FAILED"]
V3, V2 = "/v3/async/upscale", "/v2/upscale"
COST = {
    path: cost_of(load().operation(name), 1, False) for path, name in ((V3, "upscale"), (V2, "upscale-v2"))
}
#: When a task ends after its submit at the latest, and when its event has come to its end.
ENDED_S, TOLD_S = 2.0, 40.0


class World(RuleBasedStateMachine):
    """One account of a double with a manual clock, and what a model of it expects."""

    url = ""
    keys = count()
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        key = f"machine-{next(self.keys)}"
        headers = {"Authorization": f"Bearer {key}"}
        self.client = httpx2.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)
        self.paths: dict[str, str] = {}
        self.seen: dict[str, JSON] = {}
        self.effects: dict[str, list[str]] = {}
        self.ended_s: dict[str, float] = {}
        self.ttl_s: dict[str, int] = {}
        self.paid: dict[str, int] = {}
        self.doomed: set[str] = set()
        self.sent: dict[str, JSON] = {}
        self.balance = FIRST_BALANCE
        self.asked = 0

    # What is asked

    def ask(self, method: str, path: str, **told: JSON) -> httpx2.Response:
        """A call of the API: the journal grows by one."""
        self.asked += 1
        return self.client.request(method, path, **told)

    def control(self, method: str, path: str, body: JSON = None) -> JSON:
        reply = self.client.request(method, f"/_mock{path}", **({} if body is None else {"json": body}))
        assert reply.status_code == 200, reply.text
        return reply.json()

    def submit(self, path: str, hook: bool, ttl_s: int) -> httpx2.Response:
        if path == V2:
            return self.ask("POST", path, json={"image": TINY, "img_expire_ttl": ttl_s})
        webhook = {"webhook": {"url": f"{self.url}/_mock/inbox/app"}}
        return self.ask(
            "POST", path, json=upscale_body(image_base64=TINY) | ({"extra": webhook} if hook else {})
        )

    def accept(self, path: str, task_id: str, ttl_s: int = 3600) -> None:
        assert task_id not in self.paths
        self.ttl_s[task_id] = ttl_s if path == V2 else 3600
        self.paths[task_id] = path
        self.effects[task_id] = []
        self.paid[task_id] = COST[path]
        self.balance -= COST[path]

    def now_s(self) -> float:
        told: float = self.control("GET", "/clock")["accounts"][0]["now_s"]
        return told

    # What is done

    @rule(path=st.sampled_from([V3, V3, V2]), hook=st.booleans(), ttl_s=st.sampled_from([0, 5, 3600]))
    def submits(self, path: str, hook: bool, ttl_s: int) -> None:
        body = self.submit(path, hook, ttl_s).json()
        self.accept(path, body["task_id"] if path == V3 else body["data"]["task_id"], ttl_s)

    @rule(phase=st.sampled_from(["before", "after"]), hook=st.booleans())
    def submits_in_vain(self, phase: str, hook: bool) -> None:
        """Refused before: nothing has happened. Lost after: the task is there, and paid for."""
        fault = {"phase": phase, "effect": {"kind": "error", "reason": "CREATE_TASK_FAILED"}, "times": 1}
        self.control("POST", "/faults", fault)
        assert self.submit(V3, hook, 0).json()["reason"] == "CREATE_TASK_FAILED"
        known = {task["task_id"] for task in self.control("GET", "/tasks")["tasks"]}
        fresh = known - set(self.paths)
        assert len(fresh) == (1 if phase == "after" else 0)
        for task_id in fresh:
            self.accept(V3, task_id)

    @rule(hook=st.booleans())
    def submits_what_fails(self, hook: bool) -> None:
        fault = {"phase": "task", "effect": {"kind": "fail", "reason": "TASK_FAILED"}, "times": 1}
        self.control("POST", "/faults", fault)
        task_id = self.submit(V3, hook, 0).json()["task_id"]
        self.accept(V3, task_id)
        self.doomed.add(task_id)

    @rule(kind=st.sampled_from(["drop", "duplicate", "late", "reorder"]))
    def bends_events(self, kind: str) -> None:
        effect = {"kind": kind} | ({"seconds": 7} if kind == "late" else {})
        self.control("POST", "/faults", {"phase": "webhook", "effect": effect, "times": 1})

    @rule(statuses=st.lists(st.sampled_from([200, 204, 301, 500]), min_size=1, max_size=8))
    def scripts_the_inbox(self, statuses: list[int]) -> None:
        self.control("PUT", "/inbox/app", [{"status": status, "times": 1} for status in statuses])

    @rule(seconds=st.sampled_from([0, 0.3, 0.5, 1, 1.7, 5, 40, 3599, 3600]))
    def advances(self, seconds: float) -> None:
        before_s = self.now_s()
        told = self.control("POST", "/clock/advance", {"seconds": seconds})
        assert self.now_s() == pytest.approx(before_s + seconds, abs=0.01)
        assert told["in_flight"] == []
        times = [effect["at"] for effect in told["effects"]]
        assert times == sorted(times)
        assert not times or (before_s - 0.01 <= times[0] and times[-1] <= before_s + seconds + 0.01)
        for effect in told["effects"]:
            self.happened(effect)

    def happened(self, effect: JSON) -> None:
        """An effect that may follow the earlier ones of the same task or delivery."""
        name, of = effect["effect"], effect["of"]
        earlier = self.effects.setdefault(of, [])
        allowed = {
            "task-started": earlier == [],
            "task-succeeded": earlier == ["task-started"] and of not in self.doomed,
            "task-failed": earlier == ["task-started"] and of in self.doomed,
            "links-expired": earlier == ["task-started", "task-succeeded"],
            "webhook-refused": earlier == ["webhook-refused"] * len(earlier) and len(earlier) < 5,
            "webhook-delivered": earlier == ["webhook-refused"] * len(earlier) and len(earlier) <= 5,
            "webhook-failed": earlier == ["webhook-refused"] * 5,
            "webhook-dropped": earlier == [],
        }
        assert allowed[name], (name, earlier)
        earlier.append(name)
        if name in ("task-succeeded", "task-failed"):
            self.ended_s[of] = effect["at"]
            paid = self.paid.pop(of, 0)
            self.balance += paid if name == "task-failed" else 0

    @precondition(lambda self: self.paths)
    @rule(place=st.integers(0, 1000))
    def polls(self, place: int) -> None:
        task_id = list(self.paths)[place % len(self.paths)]
        self.follow(task_id)

    def follow(self, task_id: str) -> JSON:
        path = "/v3/async/task-result" if self.paths[task_id] == V3 else "/v2/progress"
        body = self.ask("GET", path, params={"task_id": task_id}).json()
        task = body["task"] if path.startswith("/v3") else _as_v3(body["data"])
        status = task["status"].removeprefix("TASK_STATUS_")
        mark = (ORDER.index(status), -task["eta"], task["progress_percent"])
        kept, before = self.seen.get(task_id, (None, (0, -1000, 0)))
        assert mark[0] >= before[0], "a task never goes back"
        if status in ("QUEUED", "PROCESSING"):
            assert mark >= before, "eta never rises, progress never falls"
            assert task["eta"] >= 1
        else:
            assert kept is None or kept == body, "what has ended never changes"
            assert self.effects[task_id][1] == ("task-succeeded" if status == "SUCCEED" else "task-failed")
            kept = body
        self.seen[task_id] = (kept, mark)
        return body if kept else None

    @precondition(lambda self: self.paths)
    @rule(place=st.integers(0, 1000))
    def downloads(self, place: int) -> None:
        task_id = list(self.paths)[place % len(self.paths)]
        body = self.follow(task_id)
        now_s = self.now_s()
        for link in map(urlsplit, _links(body)):
            alive = now_s < int(self.ended_s[task_id]) + self.ttl_s[task_id]
            reply = self.ask("GET", f"{link.path}?{link.query}")
            assert reply.status_code == (200 if alive else 403)
            assert ("links-expired" in self.effects[task_id]) is not alive
            assert not alive or reply.content.startswith(b"\x89PNG")

    @rule(part=st.sampled_from(["tasks", "journal", "faults", "webhooks", "balance", "storage", "clock"]))
    def resets(self, part: str) -> None:
        before_s = self.now_s()
        self.control("POST", "/reset", {"parts": [part]})
        if part == "tasks":
            for task_id, path in self.paths.items():
                follow = "/v3/async/task-result" if path == V3 else "/v2/progress"
                told = self.ask("GET", follow, params={"task_id": task_id}).json()
                assert (told.get("reason") == "TASK_NOT_FOUND") if path == V3 else (told["code"] == 3)
            self.paths.clear()
            self.paid.clear()
        elif part == "journal":
            self.asked = 0
        elif part == "webhooks":
            self.sent.clear()
        elif part == "balance":
            self.balance = FIRST_BALANCE
            self.paid.clear()  # what was paid before is not given back after
        if part != "clock" or self.paths:
            assert self.now_s() == before_s

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 1000))
    def resends(self, place: int) -> None:
        delivery_id = list(self.sent)[place % len(self.sent)]
        again = self.control("POST", f"/webhooks/{delivery_id}/resend", {})
        assert again["id"] not in self.sent
        # Its first attempt is made at once, where no advance hears of it: what follows comes after a refusal.
        self.effects[again["id"]] = ["webhook-refused"]

    # What holds after every step

    @invariant()
    def money_and_journal_add_up(self) -> None:
        World.steps += 1
        told = self.control("GET", "/accounts")["accounts"]
        held = sum(self.paid.values())
        assert [(account["credit_balance"], account["held"]) for account in told] == [(self.balance, held)]
        journal = self.control("GET", "/requests?limit=1")
        rows = journal["requests"]
        assert (rows[-1]["number"] if rows else 0) >= self.asked
        assert self.control("GET", "/requests")["count"] == self.asked

    @invariant()
    def deliveries_only_grow(self) -> None:
        for delivery in self.control("GET", "/webhooks")["webhooks"]:
            before = self.sent.get(delivery["id"])
            attempts = [attempt for attempt in delivery["attempts"] if attempt["duration_ms"] is not None]
            if before:
                assert attempts[: len(before["done"])] == before["done"]
                assert before["state"] in ("pending", "sending") or before["state"] == delivery["state"]
            good = [200 <= (attempt["status"] or 0) < 300 for attempt in attempts]
            assert len(attempts) <= 6
            assert not any(good[:-1]), "nothing is sent after a 2xx"
            assert (delivery["state"] == "delivered") is (good[-1:] == [True])
            assert delivery["state"] != "failed" or good == [False] * 6
            self.sent[delivery["id"]] = {"state": delivery["state"], "done": attempts}

    def teardown(self) -> None:
        """At the end of time every task has ended, and every event has come to its end."""
        self.advances(ENDED_S)
        self.advances(TOLD_S + 7)
        self.advances(TOLD_S)
        self.deliveries_only_grow()
        assert {each["state"] for each in self.sent.values()} <= {"delivered", "failed", "dropped"}
        for task_id in self.paths:
            assert self.follow(task_id)
        self.money_and_journal_add_up()
        self.client.close()


def _as_v3(told: JSON) -> JSON:
    """A V2 progress in the words of V3."""
    status = {0: "QUEUED", 1: "PROCESSING", 2: "SUCCEED", 3: "FAILED"}.get(told["status"], told["status"])
    progress = 0 if told["status"] == 2 else round(100 * told["progress"])
    return {"status": status, "eta": told["eta_relative"], "progress_percent": progress}


def _links(body: JSON) -> list[str]:
    """The links of a task that has ended well; else there are none."""
    if body and "data" in body:
        return body["data"]["imgs"] or []
    return [image["image_url"] for image in body["images"]] if body else []


def test_no_history_is_illegal() -> None:
    """Submit, poll, advance, fault, reset, resend, expire, download, in every order that Hypothesis finds."""
    with running(Settings(port=0, speed="manual", seed=1, strict_responses=True, quiet=True)) as url:
        World.url = url
        how = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
        run_state_machine_as_test(World, settings=how)  # type: ignore[no-untyped-call]
    print(f"{World.steps} steps")
    assert World.steps >= (20_000 if DEEP else 100)
