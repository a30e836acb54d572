"""The one alias for values that came from, or go to, JSON."""

from typing import Any

#: A decoded JSON value. ``Any`` on purpose: its shape is said by a schema, not by a type.
JSON = Any
