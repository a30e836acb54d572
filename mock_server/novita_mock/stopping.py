"""How a command ends that can't go on."""


class Stop(Exception):
    """The end of a command that can't go on; ``hint`` is what to type instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
