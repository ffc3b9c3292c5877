"""Waits at a mailbox until the server calls (IDLE), and misses no call."""

from typing import Any, Final

# Seconds of the first wait: a call that comes with the answer that waiting has begun is not seen by
# who looks at the line, and is found when this wait ends.
FIRST: Final = 2.0


def was_told(box: Any) -> bool:
    """Return whether the server has told of mail since this was last asked. It does so once, with
    whatever it answers, and not again when somebody begins to wait.
    """
    return bool(box.client.response("EXISTS")[1] != [None])


def wait_for_call(box: Any, seconds: float) -> None:
    """Return when the server tells of mail, or after so many seconds. Blocks."""
    box.client.noop()  # some servers keep what they have to tell until they are asked
    first = min(seconds, FIRST)
    for span in (first, seconds - first):
        if was_told(box) or span <= 0 or box.idle.wait(timeout=span):
            return
