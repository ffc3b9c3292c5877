"""Every text exists in every language, whole, with the same facts in it, and somebody says it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from core import catalogue_files
from core.catalogue_files import CatalogueFile, read_catalogue
from tests.code_rules.detectors import TEXT_KEY
from tests.code_rules.source import PACKAGES, ROOT, modules, nodes, strings, told

LANGUAGES = {"en", "ru"}
# Dotted literals there are names of columns.
NOT_TEXTS = ("core/models/",)


@cache
def catalogues() -> dict[str, Catalog]:
    found: dict[str, Catalog] = {}
    for path in sorted(ROOT.glob("locales/*/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            part = read_po(file, locale=path.parts[-3], abort_invalid=True)
        whole = found.setdefault(path.parts[-3], part)
        for message in part if whole is not part else ():
            if message.id:
                whole[message.id] = message
    return found


def messages(catalogue: Catalog) -> dict[str, Message]:
    return {key_of(message): message for message in catalogue if message.id}


def key_of(message: Message) -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])


def forms(message: Message) -> list[str]:
    said = message.string
    return [said or ""] if isinstance(said, str | None) else [form or "" for form in said]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def every_message() -> Iterator[tuple[str, str, Catalog, Message]]:
    for language, catalogue in catalogues().items():
        for key, message in messages(catalogue).items():
            yield language, key, catalogue, message


def test_the_desk_reads_its_own_as_babel_does_and_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_babel(path: Path) -> CatalogueFile:
        pytest.fail(f"{path} is written so that a start has to import Babel for it")

    paths = sorted(ROOT.glob("locales/*/LC_MESSAGES/*.po"))
    expected = [catalogue_files._read_by_babel(path) for path in paths]
    monkeypatch.setattr(catalogue_files, "_read_by_babel", by_babel)
    for path, one in zip(paths, expected, strict=True):
        found = read_catalogue(path)
        assert found.forms == one.forms, path
        assert found.plurals == one.plurals
        assert [*map(found.plural, range(1000))] == [*map(one.plural, range(1000))]


def test_every_language_has_the_same_keys() -> None:
    if not catalogues():
        return
    assert set(catalogues()) >= LANGUAGES
    keys = {language: set(messages(catalogue)) for language, catalogue in catalogues().items()}
    everything = set().union(*keys.values())
    found = [f"{lang}: {key}" for lang in sorted(keys) for key in sorted(everything - keys[lang])]
    assert not found, told("a text is missing in a language", found)


def test_no_text_is_missing_or_fuzzy() -> None:
    found = [
        f"{language}: {key}"
        for language, key, _, message in every_message()
        if message.fuzzy or not all(forms(message))
    ]
    assert not found, told("a text is empty or fuzzy", found)


def test_keys_are_symbols_not_sentences() -> None:
    found = [f"{lang}: {key}" for lang, key, _, _ in every_message() if not TEXT_KEY.fullmatch(key)]
    assert not found, told("a key looks like ticket.opened", found)


def test_every_plural_has_all_its_forms() -> None:
    found = [
        f"{language}: {key} has {len(forms(message))} of {catalogue.num_plurals}"
        for language, key, catalogue, message in every_message()
        if message.pluralizable and len(forms(message)) != catalogue.num_plurals
    ]
    assert not found, told("a plural lacks a form of its language", found)


def test_two_and_five_are_declined_one_way_in_all_russian_texts() -> None:
    """Forms that were exchanged are caught where another text has the word, too."""
    seen: dict[tuple[str, ...], str] = {}
    for key, message in messages(catalogues()["ru"]).items():
        if message.pluralizable:
            few, many = (re.findall(r"[^\W\d_]+", form) for form in forms(message)[1:])
            differ = next((pair for pair in zip(few, many, strict=False) if len({*pair}) > 1), None)
            seen |= {} if differ is None else {differ: key}
    found = [f"{key} and {seen[pair[::-1]]}" for pair, key in seen.items() if pair[::-1] in seen]
    assert not found, told("what two have in one text, five have in another", found)


def test_a_text_holds_the_same_facts_in_every_language_and_form() -> None:
    seen: dict[str, tuple[str, set[str]]] = {}
    found = []
    for language, key, _, message in every_message():
        for text in forms(message):
            first, facts = seen.setdefault(key, (language, placeholders(text)))
            if placeholders(text) != facts:
                found.append(f"{key}: {first} {sorted(facts)}, {language} {placeholders(text)}")
    assert not found, told("placeholders differ", found)


def test_relative_days_stand_in_toasts_only() -> None:
    found = [
        f"{language}: {key}"
        for language, key, _, message in every_message()
        if ".toast." not in key and any(":near}" in text for text in forms(message))
    ]
    assert not found, told("what stays in a chat has a date: {name} or {name:dated}", found)


# Each language has quotation marks of its own; a quotation within another has „…“ in Russian.
FOREIGN_QUOTES = {"ru": r"[“”‘]", "en": r"[«»„]"}


def test_words_stand_between_the_quotation_marks_of_the_language() -> None:
    found = [
        f"{language}: {key}"
        for language, key, _, message in every_message()
        if any(re.search(FOREIGN_QUOTES[language], text) for text in forms(message))
    ]
    assert not found, told("quotation marks: «…» in Russian, “…” in English", found)


def test_quotation_marks_stand_in_texts_not_in_code() -> None:
    """What one language quotes so is read in the other, too."""
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules(*PACKAGES)
        for node in nodes(module.tree)
        if isinstance(node, ast.JoinedStr) and "«{}»" in _with_slots(node)
    ]
    assert not found, told("{names:quoted} in a text puts each between quotation marks", found)


def _with_slots(words: ast.JoinedStr) -> str:
    parts = words.values
    return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts)


def test_placeholders_are_plain_names() -> None:
    found = [
        f"{language}: {key} {{{name}}}"
        for language, key, _, message in every_message()
        for text in forms(message)
        for name in placeholders(text)
        if not name.isidentifier()  # {0}, {a.b}, {a[b]} would reach inside what they are given
    ]
    assert not found, told("a placeholder is {name} or {name:spec}", found)


@cache
def literals() -> frozenset[tuple[str, str]]:
    """Dotted literals of the product, with the place of each."""
    return frozenset(
        (str(node.value), f"{module.name}:{node.lineno}")
        for module in modules(*PACKAGES)
        if not module.name.startswith(NOT_TEXTS)
        for node in strings(module.tree)
        if TEXT_KEY.fullmatch(str(node.value))
    )


@cache
def composed() -> re.Pattern[str]:
    """Keys put together at run time: f"state.{code}" stands for all that begin so."""
    patterns = set()
    for module in modules(*PACKAGES):
        for node in nodes(module.tree):
            if isinstance(node, ast.JoinedStr):
                patterns.add("".join(map(_pattern, node.values)))
    with_words = {pattern for pattern in patterns if re.match(r"[a-z_]+\\\.", pattern)}
    return re.compile("|".join(sorted(with_words)) or r"(?!)")


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[a-z0-9_.]+"


def stems(key: str) -> set[str]:
    """What names a key: itself, and stems of its families, mail.digest of mail.digest.subject."""
    return {key, *(key[: found.start()] for found in re.finditer(r"[._]", key))}


def test_no_text_is_asked_for_that_nobody_wrote() -> None:
    keys = {key for _, key, _, _ in every_message()}
    families = {key.split(".", maxsplit=1)[0] for key in keys}
    named = set().union(*map(stems, keys))
    found = [
        f"{place} {literal}"
        for literal, place in sorted(literals())
        if literal.split(".", maxsplit=1)[0] in families and literal not in named
    ]
    assert not found, told("a key is in no catalogue", found)


def test_no_text_waits_for_somebody_to_say_it() -> None:
    said = {literal for literal, _ in literals()}
    keys = {key for _, key, _, _ in every_message()}
    found = sorted(
        key for key in keys if said.isdisjoint(stems(key)) and not composed().fullmatch(key)
    )
    assert not found, told("a text is used nowhere in the product", found)
