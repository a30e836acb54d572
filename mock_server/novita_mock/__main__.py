"""``python -P -m novita_mock`` is ``novita-mock``."""

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
    from novita_mock import cli

    cli.main()


if __name__ == "__main__":
    main()
