"""What the documents promise of tests: every one that they name is there."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.code_rules.source import ROOT, parsed, told

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


def names_of(file: str) -> set[str]:
    path = ROOT / "tests" / file
    if not path.is_file():
        return set()
    return {
        node.name.removeprefix("test_")
        for node in ast.walk(parsed(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


@pytest.mark.parametrize("document", ["security.md", "requirements.md"])
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    promises = list(promised(document))
    assert len(promises) > 30, "the document names its tests in another way now"
    gone = [
        f"docs/{document}: tests/{file} {name}".rstrip()
        for file, name in promises
        if not names_of(file) or (name and name not in names_of(file))
    ]
    assert not gone, told("a promise without its test: mend the line, or write the test", gone)
