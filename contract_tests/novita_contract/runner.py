"""Runs a plan against a target: opens it, tries the cases, and gathers what came of them."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import Protocol

from novita_contract.aids import accept_aids
from novita_contract.clock import now_s, today
from novita_contract.conclusion import concluded
from novita_contract.exchange import Exchange
from novita_contract.options import Options
from novita_contract.payments import Payments, payments
from novita_contract.plan import planned
from novita_contract.readings import OF_REPLIES, observe
from novita_contract.receiver import receiving
from novita_contract.refusals import KeyRefused, look_at_the_door
from novita_contract.report import Report
from novita_contract.session import Session
from novita_contract.targets import opened
from novita_contract.transcript import Recorder
from novita_contract.trials import tried
from novita_contract.verdicts import Case, Outcome
from novita_contract.wire import Wire
from novita_mock.catalogue import load

#: Wall seconds between two looks at whether time is over.
_LOOK_S = 0.2
#: Quirks that are about webhooks in test mode: on the real service these come after what is free.
_TESTS = "-TEST-"


class Progress(Protocol):
    """Is told how a run goes."""

    def begin(self, totals: dict[str, int]) -> None:
        """The run begins; how many cases each layer has."""

    def done(self, outcome: Outcome) -> None:
        """A case ended."""

    def end(self) -> None:
        """The run is over."""


def run(options: Options, progress: Progress | None = None, command: str = "") -> Report:
    """Run what the options ask for; the report, also of a run that was broken off.

    Args:
        options: what to run against what.
        progress: is told how it goes.
        command: what repeats the run, for the report.

    Raises:
        OptionsError: they make no sense together, or the ledger can't be used.
    """
    cases = planned(options)
    started = today()
    with opened_session(options) as (session, purse):
        trip = Trip(session, cases, progress)
        trip.go(purse)
        report = concluded(session, cases, trip, purse, command, started)
        if trip.recorder is not None:
            trip.recorder.close(report)
    return report


@contextmanager
def opened_session(options: Options) -> Iterator[tuple[Session, Payments | None]]:
    """The target and the means to ask it, and what is paid from, while the block runs.

    Raises:
        OptionsError: the target is none, or the ledger can't be used.
    """
    contract = load(options.quirks)
    with ExitStack() as stack:
        target = stack.enter_context(opened(options))
        wire = Wire(target.url, target.keys, polite=options.live)
        stack.callback(wire.close)
        receiver = stack.enter_context(receiving(target.url, options.webhook_url))
        purse = payments(options, target)
        yield Session(options, target, wire, contract, receiver, purse), purse


def prepare(session: Session, cases: Sequence[Case]) -> None:
    """Find out how the target reads what the schemas of replies leave open, before they judge any."""
    if not any(case.paid for case in cases):
        return
    quirks = dict(session.contract.quirks)
    for quirk in OF_REPLIES:
        quirks[quirk] = observe(session, quirk).value or quirks[quirk]
    if quirks != session.contract.quirks:
        session.read_replies_as(load(quirks))


class Trip:
    """The way through the cases of a run.

    Attributes:
        outcomes: what became of the cases that were tried, by id.
        interrupted: whether somebody stopped it.
        trouble: why it ended before its time, or empty.
        unreachable: whether it never began, because nobody answered or the key was refused.
        seconds: wall time it took.
    """

    def __init__(self, session: Session, cases: Sequence[Case], progress: Progress | None) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.interrupted = False
        self.trouble = ""
        self.unreachable = False
        self.seconds = 0.0
        self.recorder = Recorder(session.options.record) if session.options.record else None
        self._session = session
        self._cases = cases
        self._progress = progress
        self._began_s = now_s()

    def go(self, purse: Payments | None) -> None:
        """Try every case, as long as time, money and patience last."""
        if self._progress:
            self._progress.begin(dict(Counter(case.layer for case in self._cases)))
        try:
            look_at_the_door(self._session)
            accept_aids(self._session)
            if purse is None:
                prepare(self._session, self._cases)
                self._try(self._cases)
            else:
                self._paid(purse)
        except KeyRefused as problem:
            self.trouble, self.unreachable = str(problem), True
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self.seconds = now_s() - self._began_s
            if self._progress:
                self._progress.end()

    def _paid(self, purse: Payments) -> None:
        """What is free first, then what should be, and only then what costs money."""
        session = self._session
        tests = [case for case in self._cases if case.paid and _TESTS in case.id]
        paid = [case for case in self._cases if case.paid and _TESTS not in case.id]
        purse.before = purse.after = balance_usd(session)
        session.frugal = True
        self._try([case for case in self._cases if not case.paid])
        before = balance_usd(session)
        if session.receiver is not None:
            prepare(session, tests)
        self._try(tests)
        purse.after = balance_usd(session)
        if before is not None and purse.after is not None:
            purse.ledger.free_unless_charged(purse.after - before)
        session.frugal = False
        session.forget("reading ")
        if paid and not session.stopped:
            prepare(session, paid)
            self._try(paid)
            purse.after = balance_usd(session)

    def _try(self, cases: Sequence[Case]) -> None:
        waiting = deque(cases)
        options = self._session.options
        workers = 1 if options.live else options.workers
        pool = ThreadPoolExecutor(workers, thread_name_prefix="case")
        going: dict[Future[tuple[Outcome, list[Exchange]]], Case] = {}
        try:
            while waiting or going:
                while waiting and len(going) < workers and not self._over():
                    case = waiting.popleft()
                    going[pool.submit(tried, self._session, case)] = case
                if not going:
                    break
                done, _ = wait(going, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                for future in done:
                    del going[future]
                    self._ended(*future.result())
        except KeyboardInterrupt:
            self._session.wire.close()  # whoever waits for a reply waits no longer
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _over(self) -> bool:
        limit = self._session.options.max_time_s
        if self._session.stopped:
            self.trouble = self._session.stopped
        elif limit is not None and now_s() - self._began_s > limit:
            self.trouble = f"the time is over: {limit:g} s"
        return bool(self.trouble)

    def _ended(self, outcome: Outcome, exchanges: list[Exchange]) -> None:
        self.outcomes[outcome.case.id] = outcome
        if self.recorder is not None:
            self.recorder.add(outcome, exchanges)
        if self._progress:
            self._progress.done(outcome)


def balance_usd(session: Session) -> float | None:
    """The balance that the service tells, in USD, or None where it does not."""
    try:
        told = session.ask("user").body["credit_balance"]
        return float(told) / 10_000
    except (ValueError, KeyError, TypeError):
        return None
