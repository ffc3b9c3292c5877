"""All that gettext allows is read from a catalogue; one that cannot be used is found at load."""

from pathlib import Path

import pytest

from core.catalogue_files import BadCatalogue
from core.texts import Texts
from tests.rules.small_catalogues import ENGLISH, RUSSIAN, write


@pytest.mark.parametrize(
    "catalogue",
    [
        RUSSIAN.replace("{due:when}", "{due:soon}"),
        RUSSIAN + "\nno line of a catalogue\n",
        RUSSIAN.replace("plural=(n%10", "plural=(x%10"),
        RUSSIAN + '\nmsgid "a"\nmsgid_plural "a"\nmsgstr[0] "b"\nmsgstr[7] "c"\n',
    ],
)
def test_an_unusable_catalogue_is_found_at_load(tmp_path: Path, catalogue: str) -> None:
    write(tmp_path, "ru", catalogue)
    with pytest.raises(BadCatalogue):
        Texts.load(tmp_path)


def test_a_text_without_all_its_plurals_counts_as_absent(tmp_path: Path) -> None:
    write(tmp_path, "ru", RUSSIAN.replace('msgstr[2] "просрочено {n} обращений"\n', ""))
    assert "overdue" not in Texts.load(tmp_path).keys("ru")


@pytest.mark.parametrize(
    "entry",
    [
        '#, fuzzy\nmsgid "more"\nmsgstr "perhaps"\n',
        '#~ msgid "more"\n#~ msgstr "once"\n',
        'msgid "more"\nmsgstr ""\n',
    ],
)
def test_what_is_no_text_yet_or_any_more_counts_as_absent(tmp_path: Path, entry: str) -> None:
    write(tmp_path, "ru", f"{RUSSIAN}\n{entry}")
    texts = Texts.load(tmp_path)
    assert "more" not in texts.keys("ru") and "ticket.opened" in texts.keys("ru")


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ('msgid "more"\nmsgstr "a \\"b\\" \\\\n\\tc\\n"\n"d"\n', 'a "b" \\n\tc\nd'),
        ('#, python-format\nmsgid "more"\nmsgstr "100 %"\n', "100 %"),
        ('#. said\n#: here:1\nmsgid ""\n"mo"\n"re"\nmsgstr "x"\n', "x"),
        ('msgid   "more"\nmsgstr   "spaces"', "spaces"),
    ],
)
def test_all_that_gettext_allows_is_read(tmp_path: Path, entry: str, text: str) -> None:
    write(tmp_path, "ru", f"{RUSSIAN}\n{entry}")
    assert Texts.load(tmp_path).shipped("ru", "more") == [text]


def test_the_default_language_must_be_there(tmp_path: Path) -> None:
    write(tmp_path, "en", ENGLISH)
    with pytest.raises(BadCatalogue):
        Texts.load(tmp_path, default="ru")
