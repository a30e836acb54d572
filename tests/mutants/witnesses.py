"""Someone who looks at a service through its proxy: once as it is, and once with each mutation in force."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from mutants.mutation import Mutation
from mutants.probes import PATIENT_S
from mutants.proxy import Proxy, mutating
from mutants.receiver import receiving
from mutants.witness import Probe, Witness
from novita_mock.types import JSON


class Looker:
    """Looks at probes, and keeps what an untouched service shows."""

    def __init__(self, proxy: Proxy, witness: Witness) -> None:
        self.proxy = proxy
        self._witness = witness
        self._untouched: dict[str, JSON] = {}

    def look(self, probe: Probe, mutation: Mutation | None = None) -> JSON:
        """What a probe shows, with a mutation in force or none."""
        self._witness.begin()
        with self.proxy.under(mutation):
            return probe.look(self._witness)

    def untouched(self, probe: Probe) -> JSON:
        """What a probe shows without any mutation; it is looked at twice, and has to stay the same."""
        if probe.name not in self._untouched:
            first, second = self.look(probe), self.look(probe)
            assert first == second, f"{probe.name} is another each time: {first} {second}"
            self._untouched[probe.name] = first
        return self._untouched[probe.name]


@contextmanager
def looking() -> Iterator[Looker]:
    """A double whose time goes on when it is told to, behind a proxy, and a witness."""
    keys = ("sk_first", "sk_second")
    with mutating(keys, seed=1, speed="manual") as proxy, receiving() as receiver:
        headers = {"Authorization": f"Bearer {keys[0]}"}
        with httpx2.Client(base_url=proxy.url, headers=headers, timeout=PATIENT_S, trust_env=False) as client:
            yield Looker(proxy, Witness(client, keys[1], receiver))
