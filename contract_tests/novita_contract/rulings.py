"""What a difference means: the claim it is about, who keeps it, and whose move that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from novita_contract.clauses import Clause, clause_at, fault_says, request_says, schema_of
from novita_contract.splits import Split
from novita_contract.traces import Quirk, quirk_of
from novita_contract.triage import Basis, Conduct, Finding, Move, Pair, basis_of, judge
from novita_contract.verdicts import Verdict
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

#: Verdicts that say that the target did not do what was expected.
DEVIATING = frozenset({Verdict.FAIL, Verdict.UNDOCUMENTED, Verdict.CONTRADICTION, Verdict.ACCEPTED})
Conducts = tuple[Conduct, Conduct]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two targets do differently.

    Attributes:
        case: its id, or ``life of OPERATION`` for what only a whole run shows.
        where: a JSON pointer into the reply's body, or ``status``, ``header NAME``, ``event``, a quirk.
        claim: id of the claim in ``sources.json``, ``assumed: ...``, ``observed: ...``, or empty.
        claim_says: how the schema words it, keyword and value: ``maximum 4``.
        left, right: what each side did.
        move: whose move it is.
        why: a sentence.
        step: its number and what was asked: ``2: GET task-result``; empty where it is about no single one.
        quirk: the quirk that it is about, ``ID=VALUE`` with the value that is not our default, or empty.
        left_conduct, right_conduct: what each side did with the claim.
    """

    case: str
    where: str
    claim: str
    claim_says: str
    left: JSON
    right: JSON
    move: Move
    why: str
    step: str = ""
    quirk: str = ""
    left_conduct: Conduct = Conduct.UNKNOWN
    right_conduct: Conduct = Conduct.UNKNOWN


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was to be expected in a place, in our reading."""

    claim: str
    says: str
    quirk: Quirk | None = None

    @property
    def basis(self) -> Basis:
        """What it stands on; where a quirk covers it, that one's counts."""
        return Basis(self.quirk.basis) if self.quirk is not None else basis_of(self.claim)


class Judge:
    """Rules on the differences of one pair of targets.

    Args:
        contract: in our reading.
        quirks: those that can be read in more than one way, and how each side reads them.
        pair: what is compared.
        names: of the left and the right side.
        turned: whether the left side is the second of the pair: live, where the right one is a double.
    """

    def __init__(
        self,
        contract: Catalogue,
        quirks: Mapping[str, Quirk],
        pair: Pair,
        names: tuple[str, str],
        turned: bool,
    ) -> None:
        self.contract = contract
        self.quirks = quirks
        self._pair = pair
        self._names = names
        self._turned = turned

    def split(self, left: JSON, right: JSON, split: Split) -> Difference:
        """A place where two answers of a case differ."""
        findings = [*left["findings"], *right["findings"]]
        values = (split.left, split.right)
        quirk = quirk_of(self.quirks, left, findings, split)
        clause = self._clause(split)
        expected = self._expected(left, split, clause, findings, quirk)
        conducts = _by_quirk(quirk) or _by_clause(clause) or _by_findings(left, right, split.where)
        step = f"{split.step}: {split.asked['method']} {split.asked['operation']}"
        return self.ruled(left["case"], split.where, expected, values, conducts, step=step)

    def finding(self, case: JSON, finding: JSON, values: tuple[str, str], conducts: Conducts) -> Difference:
        """Something that the suite found on one side, or on both alike."""
        quirk = self.quirks.get(str(finding["quirk"]).partition("=")[0])
        claim = finding["claim"] or next(iter(case["claims"]), "")
        says = self._says(case, claim) or f"{finding['check'].replace('_', ' ')}: {finding['expected']}"
        same = conducts == (Conduct.DEVIATES, Conduct.DEVIATES)
        where = finding["where"] or finding["check"]
        return self.ruled(case["case"], where, Expectation(claim, says, quirk), values, conducts, same=same)

    def reading(self, quirk: Quirk, claim: str) -> Difference:
        """A quirk that the two sides read differently."""
        expected = Expectation(claim, f"quirk {quirk.id} is read as {quirk.default}", quirk)
        conducts = _by_quirk(quirk) or (Conduct.UNKNOWN, Conduct.UNKNOWN)
        where = f"quirk {quirk.id}"
        return self.ruled(f"QRK-{quirk.id.upper()}", where, expected, (quirk.left, quirk.right), conducts)

    def ruled(
        self,
        case: str,
        where: str,
        expected: Expectation,
        values: tuple[JSON, JSON],
        conducts: Conducts,
        *,
        step: str = "",
        same: bool = False,
    ) -> Difference:
        """A difference, with whose move it is."""
        first, second = reversed(conducts) if self._turned else conducts
        names = (self._names[1], self._names[0]) if self._turned else self._names
        covered = expected.quirk is not None
        move, why = judge(Finding(self._pair, first, second, expected.basis, covered, same), *names)
        quirk = expected.quirk.named if expected.quirk is not None else ""
        return Difference(
            case, where, expected.claim, expected.says, *values, move,
            f"{why} (quirk {quirk})" if quirk else why, step, quirk, *conducts,
        )  # fmt: skip

    def _clause(self, split: Split) -> Clause | None:
        """What the contract says of a place of a body; None of another place, or of bodies of two kinds."""
        if not split.path:
            return None
        operation = split.asked["operation"]
        left, right = (
            schema_of(self.contract, operation, answer["status"], answer.get("body"))
            for answer in split.answers
        )
        if not left or left != right:
            return None
        return clause_at(self.contract, left, split.path, split.left, split.right)

    def _expected(
        self, case: JSON, split: Split, clause: Clause | None, findings: list[JSON], quirk: Quirk | None
    ) -> Expectation:
        if clause is not None and (clause.claim or clause.says):
            return Expectation(clause.claim, clause.says, quirk)
        told = [finding["claim"] for finding in findings if _about(finding["where"], split.where)]
        claim = next((claim for claim in [*told, *case["claims"]] if claim), "")
        return Expectation(claim, self._says(case, claim), quirk)

    def _says(self, case: JSON, claim: str) -> str:
        if case["pointer"] and case["keyword"]:
            words = request_says(self.contract, case["operation"], case["pointer"], case["keyword"])
            return f"{case['pointer']}: {words}"
        return fault_says(self.contract, claim)


def found(case: JSON) -> bool:
    """Whether a case deviates."""
    return case["verdict"] in DEVIATING


def _by_quirk(quirk: Quirk | None) -> Conducts | None:
    """Who reads the quirk as we do keeps the contract."""
    if quirk is None or not quirk.differs:
        return None
    return _conduct(quirk.left == quirk.default), _conduct(quirk.right == quirk.default)


def _by_clause(clause: Clause | None) -> Conducts | None:
    if clause is None or (clause.left and clause.right):
        return None
    return _conduct(clause.left), _conduct(clause.right)


def _by_findings(left: JSON, right: JSON, where: str) -> Conducts:
    """Where the schema allows both, the suite's own verdict counts, best where it is about that place."""
    told = [found(case) and any(_about(finding["where"], where) for finding in case["findings"])
            for case in (left, right)]  # fmt: skip
    if told[0] == told[1]:
        told = [found(left), found(right)]
    if told[0] == told[1]:
        return Conduct.KEEPS, Conduct.KEEPS
    return _conduct(not told[0]), _conduct(not told[1])


def _about(finding: str, where: str) -> bool:
    """Whether a finding is about a place, or about the whole that it is in."""
    if not finding or finding == where:
        return finding == where
    return finding.startswith("/") and (where.endswith(finding) or where.startswith(f"{finding}/"))


def _conduct(keeps: bool) -> Conduct:
    return Conduct.KEEPS if keeps else Conduct.DEVIATES


def explains(difference: Difference, finding: JSON, left: bool) -> bool:
    """Whether a difference that was told already is what a finding of one side is about."""
    conduct = difference.left_conduct if left else difference.right_conduct
    named = str(finding["quirk"]).partition("=")[0]
    if named and named == difference.quirk.partition("=")[0]:
        return True
    unplaced = not finding["where"].startswith("/")
    return conduct is Conduct.DEVIATES and (unplaced or _about(finding["where"], difference.where))
