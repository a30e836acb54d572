"""``python -P -m novita_mock`` is ``novita-mock``."""

from novita_mock.cli import main

main()
