"""The words for where a task stands, in V3 and V2, and the order that they may come in."""

QUEUED, PROCESSING, SUCCEED, FAILED = (
    "TASK_STATUS_QUEUED", "TASK_STATUS_PROCESSING", "TASK_STATUS_SUCCEED", "TASK_STATUS_FAILED",
)  # fmt: skip
TERMINAL = frozenset({SUCCEED, FAILED})
#: Each state after those that may come before it.
RANK = {QUEUED: 0, PROCESSING: 1, SUCCEED: 2, FAILED: 2}
#: The numbers that V2 gives them; 4, timed out, is an end of its own. Observed in the official SDKs.
V2_STATES = {0: QUEUED, 1: PROCESSING, 2: SUCCEED, 3: FAILED, 4: FAILED}
