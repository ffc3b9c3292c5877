"""What stands in `deploy/` fits the desk that stands beside it."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("frontdoor*.*e*"))


def unit(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text())
    return parser


def needed() -> set[str]:
    """The folders without which the desk does not run."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    return packages | {"examples", "migrations", "locales"}


def test_the_image_has_every_folder_that_the_desk_needs() -> None:
    copied = set(re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == needed()


def test_the_image_is_built_from_nothing_else() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert lines[0] == "**"
    assert {line[1:] for line in lines if line[0] == "!"} == needed() | {"requirements.lock"}


@pytest.mark.parametrize("name", ["frontdoor.service", "frontdoor-backup.service"])
def test_a_unit_calls_a_command_that_there_is(name: str) -> None:
    called = unit(name)["Service"]["ExecStart"].split(" -m bot ")[1].split()[0]
    assert called in {command.name for command in COMMANDS}


def test_what_starting_again_cannot_mend_is_not_started_again() -> None:
    assert unit("frontdoor.service")["Service"]["RestartPreventExitStatus"] == "2 3"


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_the_unit(name: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here")
    for each in UNITS:  # a timer is looked at together with what it calls
        text = (DEPLOY / each).read_text()
        there = re.sub(r"/opt/frontdoor/\.venv/bin/python", "/bin/true", text)
        (tmp_path / each).write_text(there)
    done = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if name in line]
    assert not complaints


def test_the_guide_describes_every_file() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    assert not [path.name for path in DEPLOY.iterdir() if path.name not in guide]
