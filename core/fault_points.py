"""Named points at which tests kill the process, to prove that nothing is lost or doubled there.

A point costs one dictionary look-up. ``FAULT_POINT=name:n`` in the environment makes the n-th
passage of that point end the process with SIGKILL; without it nothing ever happens.
"""

import os
import signal
from typing import Final

POINTS: Final = (
    "inbox.before_store",
    "inbox.after_store",
    "inbox.before_confirm",
    "desk.before_action",
    "desk.before_commit",
    "desk.after_commit",
    "courier.before_claim",
    "courier.after_claim",
    "courier.before_send",
    "courier.after_send",
    "courier.before_settle",
    "courier.after_settle",
    "fetch.before_store",
    "fetch.before_flag",
    "sweep.before_commit",
    "sweep.after_commit",
)

_left: dict[str, int] = {}


def arm(plan: str | None) -> None:
    """Arm one point: ``desk.before_commit:3`` kills at its third passage.

    Raises ``ValueError`` for a point that does not exist.
    """
    _left.clear()
    if not plan:
        return
    name, _, count = plan.partition(":")
    if name not in POINTS:
        message = f"no fault point {name!r}"
        raise ValueError(message)
    _left[name] = int(count or 1)


def pass_point(name: str) -> None:
    """Pass a point; die there if it is armed."""
    if name not in _left:
        return
    _left[name] -= 1
    if _left[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
