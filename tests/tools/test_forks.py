"""Files of tests in processes that are forked from one: nothing that goes wrong there is lost."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.process import python, tied

ROOT = Path(__file__).parents[2]

FILES = {
    "test_good": "def test_good(): print('unseen')\n\ndef test_better(): pass\n",
    "test_bad": "def test_bad():\n    print('seen')\n    assert 1 == 2\n",
    "test_tear": (
        "import pytest\n\n@pytest.fixture(scope='session')\ndef room():\n"
        "    yield\n    raise OSError('the door is stuck')\n\ndef test_tear(room): pass\n"
    ),
    "test_dying": "import os\n\ndef test_dying(): os._exit(7)\n\ndef test_after(): pass\n",
    "test_leaving": "import os\n\ndef test_leaving(): os._exit(0)\n",
    "test_stopping": (
        "def test_stopping(request): request.session.shouldstop = 'here'\n\n"
        "def test_never_ran(): assert False\n"
    ),
    "test_skipped": "import pytest\n\ndef test_skipped(): pytest.skip('not here')\n",
}


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code, and what was shown."""
    options = ("-p", "no:cacheprovider", "--forks", "3", "-o", "markers=alone", "-ra")
    done = subprocess.run(
        tied(
            python("-m", "pytest", "-q", "-p", "tests.forks", *options, *arguments, "--rootdir=.")
        ),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, words in FILES.items():
        (tmp_path / f"{name}.py").write_text(words)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def test_what_fails_dies_or_cannot_be_torn_down_is_told_and_the_rest_is_done(folder: Path) -> None:
    code, shown = run(folder, "-k", "not (stopping or never_ran)")
    assert code == pytest.ExitCode.TESTS_FAILED, shown
    for failed in ("test_bad.py::test_bad", "test_dying.py::test_dying", "test_leaving.py::"):
        assert f"FAILED {failed}" in shown, shown
    assert "OSError: the door is stuck" in shown  # of whichever test was the process's last
    assert "assert 1 == 2" in shown and "seen" in shown and "unseen" not in shown
    assert "the process that ran it has ended: 7" in shown and "not here" in shown
    assert "3 failed, 4 passed, 1 skipped, 2 deselected, 1 error" in shown, shown


def test_tests_that_a_process_has_not_done_are_not_passed_over(folder: Path) -> None:
    code, shown = run(folder, "-k", "stopping or never_ran")
    assert code == pytest.ExitCode.TESTS_FAILED and "the process that ran it has ended: 0" in shown


def test_where_nothing_fails_each_test_has_run_once(folder: Path) -> None:
    code, shown = run(folder, "-k", "good or better or skipped")
    assert code == 0 and "2 passed, 1 skipped, 7 deselected" in shown, shown


def test_after_the_first_failure_no_file_is_begun_any_more(folder: Path) -> None:
    code, shown = run(folder, "-x", "-k", "bad")
    assert code == pytest.ExitCode.TESTS_FAILED and "stopping after 1 failures" in shown, shown


def test_what_cannot_be_collected_is_an_error(folder: Path) -> None:
    (folder / "test_broken.py").write_text("import nothing_of_this_name\n")
    code, shown = run(folder)
    assert code == pytest.ExitCode.INTERRUPTED and "ERROR test_broken.py" in shown, shown


def test_beside_what_runs_alone_nothing_runs(tmp_path: Path) -> None:
    spans = tmp_path / "spans"
    said = (
        "import pathlib, time\n\n{mark}\ndef test_span():\n    begun = time.monotonic()\n"
        "    time.sleep(0.3)\n    with pathlib.Path({file!r}).open('a') as spans:\n"
        "        spans.write(f'{name} {{begun}} {{time.monotonic()}}\\n')\n"
    )
    marks = {"one": "", "two": "", "three": "import pytest\npytestmark = pytest.mark.alone"}
    for name, mark in marks.items():
        words = said.format(mark=mark, file=f"{spans}", name=name)
        (tmp_path / f"test_{name}.py").write_text(words)
    assert run(tmp_path)[0] == 0
    (first, _, end), *others = sorted(
        (line.split() for line in spans.read_text().splitlines()), key=lambda each: float(each[1])
    )
    assert first == "three" and all(float(begun) >= float(end) for _, begun, _ in others)
    assert len(others) == 2
