"""A parser with words that make it hang or die, as a fault of its own could."""

import os
import signal
import sys

from handlers.mail.parse import Mail, parse
from handlers.mail.parser_process import serve


def _parse(raw: bytes) -> Mail:
    if b"hang" in raw:
        signal.pause()
    if b"die" in raw:
        os._exit(1)
    return parse(raw)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, _parse)
