"""What the documents promise of tests: every one that they name is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.code_rules.source import PACKAGES, ROOT, modules, parsed, told

# `folder/test_file.py` name, name; the next file. A name is a sentence of at least three words.
PROMISES = re.compile(r"`(?P<file>[\w/]+/test_\w+\.py)`(?P<names>[^`|]*)")
NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")


def promised(document: str) -> Iterator[tuple[str, str]]:
    """Test files and, of each, the tests that the document names; an empty name: the file."""
    text = (ROOT / "docs" / document).read_text("utf-8")
    for found in PROMISES.finditer(text):
        yield found["file"], ""
        for name in NAME.findall(found["names"]):
            yield found["file"], name


@cache
def names_of(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    if not path.is_file():
        return frozenset()
    return frozenset(
        node.name.removeprefix("test_")
        for node in ast.walk(parsed(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


@pytest.mark.parametrize("document", ["security.md", "requirements.md", "reliability.md"])
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    promises = list(promised(document))
    assert len(promises) > 30, "the document names its tests in another way now"
    gone = [
        f"docs/{document}: tests/{file} {name}".rstrip()
        for file, name in promises
        if not names_of(file) or (name and name not in names_of(file))
    ]
    assert not gone, told("a promise without its test: mend the line, or write the test", gone)


# `core/sla/terms.py` or `terms.py`, perhaps with a name of the module behind it.
FILE = re.compile(r"`(?P<file>[\w/]+\.py)`(?: `(?P<name>\w+)`)?")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
QUESTIONS = re.compile(r"(?ms)^## Where is … decided\?$(.*?)^## ")


def missing_files(text: str) -> list[str]:
    """The files that a document names and the repository does not have, by the end of the path."""
    files = {f"/{module.name}" for module in modules(*PACKAGES, "sandbox", "tests", "tools")}
    return [
        found["file"]
        for found in FILE.finditer(text)
        if not any(file.endswith(f"/{found['file']}") for file in files)
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    gone = missing_files(document.read_text("utf-8"))
    assert not gone, told(f"{document.relative_to(ROOT)} names files that are not there", gone)


def test_each_question_of_the_architecture_is_answered_by_a_file_and_a_name_in_it() -> None:
    found = QUESTIONS.search((ROOT / "docs" / "architecture.md").read_text("utf-8"))
    assert found is not None
    lines = [line for line in found[1].splitlines() if line.startswith("| ")][1:]
    assert len(lines) >= 13 + 1  # the line under the heading
    wrong = [line for line in lines[1:] if not is_answered(line)]
    assert not wrong, told("the answer is a file, perhaps with a name that it defines", wrong)


def is_answered(line: str) -> bool:
    found = FILE.search(line)
    if found is None or not (ROOT / found["file"]).is_file():
        return False
    text = (ROOT / found["file"]).read_text("utf-8")
    name = found["name"]
    return name is None or re.search(rf"(?m)^(?:async def|def|class)? ?{name}\b", text) is not None


def test_a_missing_file_and_an_unanswered_question_are_noticed() -> None:
    assert missing_files("`core/desk.py` `desk.py` `core/gone.py`") == ["core/gone.py"]
    assert is_answered("| how? | `core/desk.py` `Desk` |")
    assert not is_answered("| how? | `core/desk.py` `Gone` |")
    assert not is_answered("| how? | somewhere |")
