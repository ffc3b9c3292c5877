"""Ports for servers that tests start."""

import atexit
import socket
import sys
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from typing import Final

# Below those that a system gives to whoever asks for any, and to every connection: nobody gets one
# of these by chance before a server of a test listens, or while it is away.
FIRST: Final = 20_000
EACH: Final = 200
SHARES: Final = 60


def free_port() -> int:
    """One that no other process of tests takes, and that was not given lately."""
    if sys.platform != "linux":
        with socket.create_server(("127.0.0.1", 0)) as one:
            return int(one.getsockname()[1])
    return next(port for port in islice(_own(), EACH) if _is_free(port))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@cache
def _own() -> Iterator[int]:
    """The ports of the first share that no other process has; it is this one's to its end."""
    for share in range(SHARES):
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0frontdoor-test-ports-{share}")
        except OSError:
            mark.close()
            continue
        atexit.register(mark.close)
        return cycle(range(FIRST + share * EACH, FIRST + (share + 1) * EACH))
    raise OSError(f"{SHARES} processes of tests have all the ports")
