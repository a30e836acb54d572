"""Stories: what a client may do in any order, drawn step by step, against a model of what it may see."""

from collections.abc import Iterator
from functools import partial
from zlib import crc32

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from novita_contract.event_laws import laws_of_event
from novita_contract.following import TaskRun, begun, followed, poll, state_of
from novita_contract.link_laws import laws_of_links, links_of
from novita_contract.receiver import Hook
from novita_contract.replies import answered, broke, demand, refusal
from novita_contract.samples import broken_picture, hooked, plain
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.task_words import FAILED, SUCCEED, TERMINAL
from novita_contract.verdicts import STORIES, Case, Deviation, NotChecked
from novita_mock.catalogue import Catalogue

#: Steps of a story, and stories by profile.
_STEPS = {"quick": 8, "ci": 14, "thorough": 24}
_STORIES = {"quick": 3, "ci": 10, "thorough": 80}
_V3, _ALL = ("upscale", "img2img"), ("upscale", "img2img", "upscale-v2")


def story_cases(contract: Catalogue, profile: str) -> Iterator[Case]:
    """One case: any order of steps, each of which has to come out as the model says."""
    steps = _STEPS[profile] * _STORIES[profile]
    yield Case(
        "STORY-ANY-ORDER",
        STORIES,
        "task-result",
        "whatever a client does, and in whatever order, fits together",
        partial(_told),
        ("result.task.status.enum",),
        paid=dict.fromkeys(_ALL, steps),
    )


def _told(session: Session) -> None:
    options = session.options
    phases = [Phase.generate] if options.live else [Phase.generate, Phase.shrink]
    configured = settings(
        max_examples=_STORIES[options.profile],
        stateful_step_count=_STEPS[options.profile],
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    machine = type("Story", (_Story,), {"session": session})
    seeded = seed(crc32(b"STORY") ^ options.seed)(machine)
    try:
        run_state_machine_as_test(seeded, settings=configured, _min_steps=0)
    except Deviation as found:
        raise Deviation(*found.findings, example=_Story.steps_of(machine)) from None


class _Story(RuleBasedStateMachine):
    """Tasks of one client, and what was seen of each."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[TaskRun] = []
        self.hooks: dict[str, Hook] = {}
        self.steps: list[str] = []
        type(self).latest = self  # the last story told is the smallest

    @staticmethod
    def steps_of(machine: type) -> list[str]:
        """What was done in the last story that was told."""
        return list(machine.latest.steps)  # type: ignore[attr-defined]

    def _did(self, step: str) -> None:
        self.steps.append(step)

    def _pick(self, number: int) -> TaskRun:
        return self.runs[number % len(self.runs)]

    @rule(operation=st.sampled_from(_ALL))
    def submit(self, operation: str) -> None:
        self._did(f"submit {operation}")
        self.runs.append(begun(self.session, operation, plain(self.session, operation)))

    @rule()
    def submit_broken_picture(self) -> None:
        self._did("submit upscale of a picture that breaks off")
        self.runs.append(begun(self.session, "upscale", broken_picture(self.session)))

    @rule(operation=st.sampled_from(_V3))
    def submit_with_hook(self, operation: str) -> None:
        if self.session.receiver is None:
            return
        self._did(f"submit {operation} with a webhook")
        hook = self.session.receiver.hook()
        run = begun(self.session, operation, hooked(plain(self.session, operation), hook.url))
        self.hooks[run.task_id] = hook
        self.runs.append(run)

    @rule(status=st.sampled_from((SUCCEED, FAILED)))
    def submit_test(self, status: str) -> None:
        if self.session.receiver is None:
            return
        self._did(f"submit a test of a webhook, {status}")
        hook = self.session.receiver.hook()
        run = begun(self.session, "upscale", hooked(plain(self.session, "upscale"), hook.url, status))
        self.hooks[run.task_id] = hook
        self.runs.append(run)

    @rule(operation=st.sampled_from(_ALL))
    def submit_nothing(self, operation: str) -> None:
        self._did(f"submit {operation} without its fields")
        demand(refusal(self.session, self.session.submit(operation, {}, must_fail=True), "invalid-request"))

    @precondition(lambda self: self.runs)
    @rule(number=st.integers(0, 20))
    def ask(self, number: int) -> None:
        run = self._pick(number)
        self._did(f"poll task {self.runs.index(run) + 1}")
        poll(self.session, run)
        demand(laws_of_task(self.session, run))

    @precondition(lambda self: self.runs)
    @rule(number=st.integers(0, 20))
    def finish(self, number: int) -> None:
        run = self._pick(number)
        self._did(f"wait for task {self.runs.index(run) + 1}")
        followed(self.session, run)
        demand(laws_of_task(self.session, run))

    @precondition(lambda self: any(run.ended for run in self.runs))
    @rule(number=st.integers(0, 20))
    def download(self, number: int) -> None:
        ended = [run for run in self.runs if run.ended]
        run = ended[number % len(ended)]
        self._did(f"fetch the pictures of task {self.runs.index(run) + 1}")
        if run.extra.get("webhook", {}).get("test_mode"):
            for link in links_of(run):
                demand(answered(self.session.fetch(link)))
            return
        demand(laws_of_links(self.session, run)[0])

    @precondition(lambda self: any(run.ended and run.task_id in self.hooks for run in self.runs))
    @rule(number=st.integers(0, 20))
    def receive(self, number: int) -> None:
        ended = [run for run in self.runs if run.ended and run.task_id in self.hooks]
        run = ended[number % len(ended)]
        self._did(f"receive the event of task {self.runs.index(run) + 1}")
        hook = self.hooks[run.task_id]
        if not hook.wait(1, 5.0):
            broke("an_event_comes_at_the_end", "", "an event", "none", "webhook.payload", run.last)
        demand(laws_of_event(self.session, run, hook, hook.events[0]))

    @precondition(lambda self: self.runs)
    @rule(number=st.integers(0, 20))
    def ask_as_another(self, number: int) -> None:
        run = self._pick(number)
        try:
            key = self.session.second_key()
        except NotChecked:
            return
        self._did(f"poll task {self.runs.index(run) + 1} with another account's key")
        asked = self.session.ask("progress" if run.v2 else "task-result", {"task_id": run.task_id}, key=key)
        demand(refusal(self.session, asked, "unknown-task"))

    def teardown(self) -> None:
        """Nothing that ended has changed since."""
        for run in self.runs:
            if run.ended and state_of(run.last) in TERMINAL:
                poll(self.session, run)
                demand(laws_of_task(self.session, run))
