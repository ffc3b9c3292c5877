"""What no tracked file may hold: where packages come from, and whose machine this was."""

import re
import subprocess

import pytest

from tests.code_rules.source import ROOT, told

# Spelled in pieces, so that this file does not name them either.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "crates" + ".io")
PLACES = ("/" + "work/", "/" + "root/")
FORBIDDEN = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.}}]){p}" for p in PLACES)]))
ACCESS = re.compile(r"(?m)^\s*--(?:extra-)?index-url|^\s*index-url\s*=")
TOKEN = re.compile(r"(?<!\d)\d{8,12}:AA[\w-]{33}(?![\w-])")  # the shape BotFather gives


def tracked() -> list[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    files = [path for path in paths if path.is_file()]
    return [(f"{path.relative_to(ROOT)}", path.read_text("utf-8", "ignore")) for path in files]


def where(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1} {found.group()}"
        for name, text in tracked()
        for found in pattern.finditer(text)
    ]


def test_no_file_says_where_packages_come_from() -> None:
    found = where(FORBIDDEN) + where(ACCESS)
    assert not found, told("locks and docs serve any index and any machine: no hosts, paths", found)


def test_no_file_holds_a_real_token() -> None:
    found = [line.split(":AA")[0] for line in where(TOKEN) if "canary" not in line.lower()]
    assert not found, told("a token in the repository is a token lost: revoke it", found)


def test_locks_pin_every_package_by_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        entries = re.split(r"\n(?=\w)", (ROOT / name).read_text("utf-8").strip())
        loose = [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
        assert not loose, told(f"{name}: run make lock", loose)
