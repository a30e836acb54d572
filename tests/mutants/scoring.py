"""The score of the suite over many mutations: tried in several processes, told for each kind."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from mutants.everything import catalogue
from mutants.mutation import KINDS
from mutants.trials import Trial, served, tried

#: Mutations that one process tries before it takes a new double, so that none grows old.
_CHUNK = 25


@dataclass(frozen=True)
class Result:
    """What became of one mutation, in texts.

    Attributes:
        id: of the mutation.
        named: whether what the suite says names it.
        found: whether the suite says anything at all.
        said: what it says, the first few lines.
        seconds: wall time.
    """

    id: str
    kind: str
    title: str
    named: bool
    found: bool
    said: tuple[str, ...]
    seconds: float

    @classmethod
    def of(cls, trial: Trial) -> "Result":
        """What is worth keeping of a trial."""
        mutation = trial.mutation
        said = tuple(line[:300] for line in trial.said[:4])
        return cls(
            mutation.id, mutation.kind, mutation.title, bool(trial.named), trial.found, said, trial.seconds
        )


def results(ids: Sequence[str], workers: int) -> Iterator[Result]:
    """Try mutations, as they come to an end."""
    chunks = [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_chunk, chunk) for chunk in chunks]):
            yield from done.result()


def _chunk(ids: Sequence[str]) -> list[Result]:
    by_id = {mutation.id: mutation for mutation in catalogue()}
    with served() as proxy:
        return [Result.of(tried(proxy, by_id[each])) for each in ids]


def table(found: Sequence[Result]) -> str:
    """The score of each kind, and every mutation that was not found or not named."""
    lines = [f"{'kind':<10}{'named':>7}{'found':>7}{'all':>7}"]
    for kind in (*KINDS, ""):
        of_kind = [result for result in found if kind in ("", result.kind)]
        counted = Counter(
            named=sum(each.named for each in of_kind), found=sum(each.found for each in of_kind)
        )
        lines.append(f"{kind or 'all':<10}{counted['named']:>7}{counted['found']:>7}{len(of_kind):>7}")
    for result in sorted((each for each in found if not each.named), key=lambda each: each.id):
        lines.append(f"{'MISNAMED' if result.found else 'MISSED'}  {result.id}: {result.title}")
        lines += [f"          {line}" for line in result.said]
    return "\n".join(lines)
