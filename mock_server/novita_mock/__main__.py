"""``python -P -m novita_mock`` is ``novita-mock``."""

import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """The console script; what only asks for health does without the imports of all that can be done."""
    if sys.argv[1:2] == ["healthcheck"]:
        from novita_mock import healthcheck

        code = healthcheck.run(sys.argv[2:], os.environ)
        if code is not None:
            sys.exit(code)
    gc.disable()  # nothing of what is loaded now becomes garbage; to look for it is a twentieth of a start
    from novita_mock import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
