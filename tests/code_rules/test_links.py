"""Whoever reads the documents can follow them: every link inside the repository leads somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

from tests.code_rules.source import ROOT, told

SKIPPED = {".git", ".venv", "build", "data", "node_modules"}
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def documents() -> list[Path]:
    found = sorted(ROOT.rglob("*.md"))
    return [path for path in found if not SKIPPED & {*path.relative_to(ROOT).parts}]


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text("utf-8"))


def anchors(path: Path) -> set[str]:
    """As GitHub makes them: small letters, no punctuation, a hyphen for each space."""
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose(path)))
    return {heading.replace(" ", "-") for heading in words}


def broken(path: Path) -> list[str]:
    """The links of a document that lead to no file, or to no heading in it."""
    found = []
    for target in LINK.findall(CODE.sub("", prose(path))):
        if re.match(r"[a-z][a-z+.-]*:", target):  # another site, or a mail address
            continue
        file, _, anchor = unquote(target).partition("#")
        there = path.parent / file if file else path
        if not there.exists() or (
            there.suffix == ".md" and anchor and anchor not in anchors(there)
        ):
            found.append(target)
    return found


def test_every_link_of_a_document_leads_somewhere() -> None:
    found = [f"{path.relative_to(ROOT)}: {link}" for path in documents() for link in broken(path)]
    assert ROOT / "README.md" in documents()
    assert not found, told("a reader is led to what is there", found)


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# Как начать\n\n```\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Two (2) commands\n[a](#two-2-commands) [b](there.md#как-начать) `[c](nowhere.md)`\n"
        "[d](https://example.com) [e](nowhere.md) ![f](<picture.png> 'g')\n"
        "[h](there.md#no-heading) [i](#j)\n"
    )
    assert broken(page) == ["nowhere.md", "picture.png", "there.md#no-heading", "#j"]


def test_the_package_says_what_the_readme_says() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.search(r'(?m)^readme = "(.+)"$', settings)
    assert named is not None
    assert (ROOT / named[1]).is_file()
