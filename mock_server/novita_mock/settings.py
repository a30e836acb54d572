"""What can be set, once: the frozen ``Settings`` and the only code that reads the environment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from novita_mock import reading
from novita_mock.spelling import meant
from novita_mock.types import JSON

PREFIX = "NOVITA_MOCK_"
MIB = 1024 * 1024


class SettingsError(Exception):
    """A setting that can't be used; ``hint`` says what to type instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _row(
    default: JSON, read: Callable[[str], JSON], unit: str, about: str, *, many: bool = False
) -> Any:  # Any: what `field` returns has the type of the field it stands for
    return field(default=default, metadata={"read": read, "unit": unit, "help": about, "many": many})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a double can be told before it starts. Made once, passed whole to ``create_app``."""

    host: str = _row("127.0.0.1", str, "address", "address to listen on")
    port: int = _row(4077, reading.port, "port", "port to listen on; 0 picks a free one")
    public_url: str | None = _row(
        None,
        reading.public_url,
        "URL",
        "what links to pictures begin with, when clients don't see this address",
    )
    allow_host: tuple[str, ...] = _row(
        (), str, "host name", "a Host header that links may take over, beside the loopback names", many=True
    )
    speed: float | str = _row(
        1.0,
        reading.speed,
        "x",
        "seconds of API time in a real second; 0 = done at once; manual = stands still",
    )
    seed: int | None = _row(
        None,
        reading.seed,
        "number",
        "same ids, seeds and bytes in every run; with --speed 0 every byte of it",
    )
    key: tuple[str, ...] = _row(
        (), str, "API key", "an API key that is let in; without any, all are", many=True
    )
    strict: bool = _row(
        False, reading.flag, "switch", "refuse what the pages don't document but real clients send"
    )
    strict_responses: bool = _row(
        False, reading.flag, "switch", "check every reply against its own schema before it leaves"
    )
    quirk: tuple[str, ...] = _row(
        (), str, "ID=VALUE", "another reading where the pages are silent or contradict each other", many=True
    )
    scenario: str | None = _row(None, str, "name", "faults with a name, for every request that names none")
    rate_limits: bool = _row(
        False, reading.flag, "switch", "refuse more images a minute than the pages allow"
    )
    allow_webhook_host: tuple[str, ...] = _row(
        (), str, "host name", "a host on the internet that webhooks may be sent to; * for all", many=True
    )
    s3_endpoint: str | None = _row(
        None,
        reading.public_url,
        "URL",
        "an S3 service for custom storage, in place of the double's own buckets",
    )
    s3_access_key: str = _row("test", str, "access key", "for that S3 service")
    s3_secret_key: str = _row("test", str, "secret key", "for that S3 service")
    control_token: str | None = _row(
        None,
        str,
        "text",
        "what control requests must bring; drawn when others than this machine can reach them",
    )
    max_results_bytes: int = _row(
        512 * MIB, reading.count, "bytes", "finished tasks and pictures that are kept; the oldest go first"
    )
    max_result_age_s: float = _row(
        604800.0, reading.positive, "seconds", "how long a finished task and its pictures are kept"
    )
    max_memory_bytes: int = _row(
        64 * MIB, reading.count, "bytes", "pictures kept in memory; more of them go into files, below TMPDIR"
    )
    max_pending_tasks: int = _row(
        20000, reading.count, "tasks", "unfinished tasks at most; one more is refused"
    )
    max_pending_bytes: int = _row(
        1024 * MIB, reading.count, "bytes", "pictures of unfinished tasks at most; one more is refused"
    )
    max_pixels_in_flight: int = _row(
        96_000_000, reading.count, "pixels", "output pixels being made at the same time; bounds the memory"
    )
    header_deadline_s: float = _row(
        10.0, reading.positive, "seconds", "a request's headers must have arrived by then"
    )
    body_deadline_s: float = _row(
        60.0, reading.positive, "seconds", "a request's body must have arrived by then"
    )
    quiet: bool = _row(False, reading.flag, "switch", "no line a request, no banner")
    ready_file: str | None = _row(
        None, str, "file", 'written once the socket serves: a JSON object with "url"'
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **flags: JSON) -> "Settings":
        """Flags over ``NOVITA_MOCK_*`` over defaults.

        Args:
            environ: the environment, or what stands for it.
            **flags: values by field name; None means that the flag was not given.

        Raises:
            SettingsError: an unknown variable, or a value of the wrong form.
        """
        rows = {row.name: row for row in settings_rows()}
        _refuse_unknown(environ, {row.env for row in rows.values()})
        values: dict[str, JSON] = {}
        for row in rows.values():
            if row.env in environ and environ[row.env] != "":
                values[row.name] = row.parse(environ[row.env], row.env)
        for name, value in flags.items():
            if value is not None and value != ():
                values[name] = rows[name].parse(value, rows[name].flag)
        return cls(**values)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address that is listened on."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


class SettingsRow(Struct, frozen=True):
    """One field of ``Settings``, as the command line, the environment and the documentation show it."""

    name: str
    default: JSON
    unit: str
    help: str
    many: bool
    read: Callable[[str], JSON]

    @property
    def env(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command line's flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)

    def parse(self, value: JSON, origin: str) -> JSON:
        """A text (or several, or a value that is read already) as the field's value.

        Raises:
            SettingsError: it does not fit; the message names ``origin``.
        """
        if self.many:
            parts = value.split(",") if isinstance(value, str) else list(value)
            return tuple(self._read(part.strip(), origin) for part in parts)
        return self._read(value, origin) if isinstance(value, str) else value

    def _read(self, text: str, origin: str) -> JSON:
        try:
            return self.read(text)
        except ValueError:
            shown = "given" if self.name == "key" else repr(text[:80])
            raise SettingsError(
                f"{origin}: {shown} is not usable here ({self.help})",
                f"the default is {self.default!r}; the unit is {self.unit}",
            ) from None


def settings_rows() -> tuple[SettingsRow, ...]:
    """All fields of ``Settings``, in order."""
    return tuple(
        SettingsRow(
            f.name, f.default, f.metadata["unit"], f.metadata["help"], f.metadata["many"], f.metadata["read"]
        )
        for f in fields(Settings)
    )


def _refuse_unknown(environ: Mapping[str, str], known: set[str]) -> None:
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = meant(name, known)
            hint = f"did you mean {near}?" if near else "novita-mock config lists the names"
            raise SettingsError(f"{name} is not a setting of novita-mock", hint)
