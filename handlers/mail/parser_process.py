"""Reads mails in a process of its own: one that hangs there is ended, and holds up nothing else.

A thread cannot be ended, and one that is busy with a mail takes its time from all others.
"""

import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from handlers.mail.parse import Mail, parse

# Seconds that one mail may take to be read, and the process to begin.
PARSE_TIMEOUT: Final = 10.0
START_TIMEOUT: Final = 60.0
LAST_RESORT: Final = 60
_ROOT: Final = Path(__file__).parents[2]
_LENGTH: Final = struct.Struct("!Q")
_CHUNK: Final = 1 << 20


class UnreadableMail(Exception):
    """The mail cannot be read, or nobody could be answered. ``quotes``: the argument, which says
    why, may hold some of the mail.
    """

    def __init__(self, why: str, *, quotes: bool = False) -> None:
        super().__init__(why)
        self.quotes = quotes


@dataclass(slots=True)
class ParserProcess:
    """Reads one mail at a time. The process begins with the first and ends with this one."""

    timeout: float = PARSE_TIMEOUT
    module: str = __name__
    _process: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def parse(self, raw: bytes) -> Mail:
        """Return the mail. Blocks up to ``timeout`` and the reading of mails before it.

        Raises UnreadableMail.
        """
        with self._lock:
            try:
                answer = self._ask(raw)
            except TimeoutError:
                self.close()
                raise UnreadableMail(f"it takes more than {self.timeout:g} s to read") from None
            except (OSError, EOFError):
                self.close()
                raise UnreadableMail("it ends the process that reads it") from None
        if isinstance(answer, str):
            raise UnreadableMail(answer, quotes=True)
        return answer

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, raw: bytes) -> Mail | str:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._begin()
        # it reads all before it begins with it: writing takes no longer than the pipe
        _write(process.stdin, raw)
        answer: Mail | str = pickle.loads(  # noqa: S301 our own process wrote it
            _read(process.stdout, time.monotonic() + self.timeout)
        )
        return answer

    def _begin(self) -> subprocess.Popen[bytes]:
        self.close()
        self._process = subprocess.Popen(  # noqa: S603 our own interpreter and module
            (sys.executable, "-m", self.module),
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the desk
        )
        _read(self._process.stdout, time.monotonic() + START_TIMEOUT)
        return self._process


def _write(pipe: IO[bytes] | None, data: bytes) -> None:
    if pipe is not None:
        pipe.write(_LENGTH.pack(len(data)))
        pipe.write(data)
        pipe.flush()


def _read(pipe: IO[bytes] | None, until: float) -> bytes:
    """One answer. Raises TimeoutError, and EOFError where the process has ended."""
    (length,) = _LENGTH.unpack(_take(pipe, _LENGTH.size, until))
    return _take(pipe, length, until)


def _take(pipe: IO[bytes] | None, length: int, until: float) -> bytes:
    data = bytearray()
    while pipe is not None and len(data) < length:
        left = until - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
        # not by the pipe's own buffer, of which `select` knows nothing
        piece = os.read(pipe.fileno(), min(_CHUNK, length - len(data)))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def serve(stdin: IO[bytes], stdout: IO[bytes], read: Callable[[bytes], Mail] = parse) -> None:
    """Answer each mail with what it says, or with what went wrong, until the desk is gone."""
    _write(stdout, b"")
    while head := stdin.read(_LENGTH.size):
        raw = stdin.read(*_LENGTH.unpack(head))
        signal.alarm(LAST_RESORT)  # whoever asked may be gone, and cannot end it
        try:
            answer: Mail | str = read(raw)
        except Exception as error:  # noqa: BLE001 whatever it is, it is the mail's fault
            answer = type(error).__name__
        signal.alarm(0)
        _write(stdout, pickle.dumps(answer))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
