"""Installs a lock with pip and says how far it is: ``python tools/install.py requirements.lock``.

`make run` calls it in a bare environment, so it needs nothing but the standard library.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off")


def main(lock: str) -> int:
    """Return pip's exit code. What it says is shown only if it failed."""
    total = Path(lock).read_text(encoding="utf-8").count("==")
    print(
        f"Once, about a minute: up to {total} packages are installed into {sys.prefix}", flush=True
    )
    command = [sys.executable, *PIP, "--require-hashes", "-r", lock]
    said: list[str] = []
    pipe, merged = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, text=True, stdout=pipe, stderr=merged) as pip:
        assert pip.stdout is not None
        for line in progress(pip.stdout, said, total):
            print(line, end="", flush=True)
    print(flush=True)
    if pip.returncode:
        print("".join(said), file=sys.stderr)
    return pip.returncode


def progress(output: Iterable[str], said: list[str], total: int) -> Iterator[str]:
    """Yield what to print for the lines of pip, which are added to ``said``."""
    found = 0
    for line in output:
        said.append(line)
        words = line.split()
        if words[:1] == ["Collecting"]:
            found += 1
            yield f"\r  {found} of {total}: {words[1].split('==')[0]:<40}"
        elif words[:1] == ["Installing"]:
            yield "\r  " + f"{found} fetched, they are unpacked now …".ljust(60)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
