"""Bodies of control requests, made of what people say."""

from collections.abc import Mapping

from novita_mock.types import JSON


def fault_of(
    reason: str,
    operation: str | None = None,
    phase: str = "before",
    more: Mapping[str, JSON] | None = None,
    **counts: JSON,
) -> JSON:
    """The body of a fault.

    Args:
        reason: of the error, or what the failed task says where ``phase`` is ``task``.
        operation: the only one that it meets; None for all.
        phase: when it happens.
        more: other fields of its effect.
        **counts: ``times``, ``skip``, ``rate``; None is left out.
    """
    effect = {"kind": "fail" if phase == "task" else "error", "reason": reason, **(more or {})}
    match = {"match": {"operation": operation}} if operation else {}
    given = {name: value for name, value in counts.items() if value is not None}
    return {"phase": phase, "effect": effect} | match | given
