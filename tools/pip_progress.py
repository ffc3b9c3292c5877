"""Says how far pip is, on one line: ``pip install … | python tools/pip_progress.py 53``.

What is no progress, as an error, is passed on as it is. `make run` calls it in a bare environment,
so it needs nothing but the standard library.
"""

import sys
from collections.abc import Iterable, Iterator

USUAL = ("Downloading", "Using", "Requirement", "Successfully")


def progress(output: Iterable[str], total: str) -> Iterator[str]:
    """Yield what to print for the lines of pip, which installs at most ``total`` packages."""
    found = 0
    for line in output:
        word, *rest = line.split() or [""]
        if word == "Collecting":
            found += 1
            yield f"\r  {found} of {total}: {rest[0].split('==')[0]:<40}"
        elif word == "Installing":
            yield f"\r  {found} fetched, they are unpacked now …".ljust(60)
        elif word not in USUAL:
            yield f"\n{line.rstrip()}"


if __name__ == "__main__":
    print(f"Once, about a minute: up to {sys.argv[1]} packages go to {sys.prefix}", flush=True)
    for shown in progress(sys.stdin, sys.argv[1]):
        print(shown, end="", flush=True)
    print(flush=True)
