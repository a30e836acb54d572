"""Install the peers, as their lock file has them, into a folder of their own under ``.clients/``, once.

    python benchmarks/peers/install_peers.py

The exit code is 0 also where there is no Node.js: then the benchmark tells what it can't run.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from clients.install import Installation, install, node

HERE = Path(__file__).resolve().parent
PEERS = Installation("peers", (str(HERE / "package.json"), str(HERE / "package-lock.json")))


def main() -> int:
    """Install what is missing.

    Returns:
        The exit code.
    """
    if PEERS.ready:
        return 0
    if not node(PEERS):
        print("Node.js with npm is not at hand: only what needs neither is measured", file=sys.stderr)
        return 0
    print("installing the servers that the double is measured beside (once; 220 MB)", file=sys.stderr)
    if install(PEERS):
        return 0
    print("error: the peers could not be installed; it is said above why", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
