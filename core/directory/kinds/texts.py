"""Texts of the desk in the company's own words (G3)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Self, cast

from pydantic import AfterValidator, Field, PlainValidator
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import PREFIX, Path, Problem, choices, refusal, shorten
from core.directory.fields import LANGUAGE, Language
from core.directory.schema import Directory, DirectoryEntry
from core.models import TextRow
from core.text_faults import LONGEST, MENU, faults_of, near_keys
from core.texts import Texts, shipped_texts
from core.tx import ReadTx, Tx

LONGEST_KEY: Final = 100
MOST_FORMS: Final = 6
# So many words that a button had are still understood.
MOST_FORMER: Final = 20


def _read_forms(value: Any) -> str | list[str]:
    """A text, or a list with one for each plural."""
    forms = [value] if isinstance(value, str) else value
    if not isinstance(forms, list) or not 0 < len(forms) <= MOST_FORMS:
        raise refusal("text.no_forms", value)
    if not all(isinstance(form, str) and len(form) <= LONGEST for form in forms):
        raise refusal("text.no_forms", value)
    return cast("str | list[str]", value)


def _check_code(value: str) -> str:
    if not 0 < len(value) <= LONGEST_KEY or not value.isprintable():
        raise refusal("text.unknown", value, near="–")
    return value


def _check_texts(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        raise refusal("no_title")
    return value


_FORM: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_FORMS: Final = _FORM | {"type": ["string", "array"], "items": _FORM}
TextCode = Annotated[
    str,
    AfterValidator(_check_code),
    Json({"type": "string", "minLength": 1, "maxLength": LONGEST_KEY}),
]
OwnForms = Annotated[str | list[str], PlainValidator(_read_forms), Json(_FORMS)]
OwnTexts = Annotated[
    dict[Language, OwnForms],
    AfterValidator(_check_texts),
    Json(
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "additionalProperties": _FORMS,
        }
    ),
]


class TextEntry(DirectoryEntry):
    """What is said instead of one of the desk's texts."""

    name = "text"
    ordered = True

    code: TextCode
    texts: OwnTexts = Field()
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they were written."""
        rows = await tx.all(select(TextRow).order_by(TextRow.position, TextRow.code))
        return [
            cls.stored(
                code=row.code,
                texts={language: _shown(forms) for language, forms in row.forms.items()},
                active=row.active,
            )
            for row in rows
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:  # noqa: ARG002
        """There is such a text, and these words can stand in for it."""
        texts = shipped_texts()
        if not any(self.code in texts.keys(locale) for locale in texts.locales):
            facts = {"value": shorten(self.code), "near": choices(near_keys(texts, self.code))}
            return [Problem(("code",), f"{PREFIX}text.unknown", facts)]
        problems = [*self._faults(texts)]
        if self.code.startswith(MENU) and self.active and not problems:
            problems += self._menu_faults(texts, directory)
        return problems

    def _faults(self, texts: Texts) -> Iterator[Problem]:
        for language, said in self.texts.items():
            if language not in texts.locales:
                facts = {"value": shorten(language), "allowed": choices(texts.locales)}
                yield Problem(("texts", language), f"{PREFIX}not_a_choice", facts)
                continue
            for fault in faults_of(texts, language, self.code, _listed(said)):
                place: Path = () if fault.form is None else (fault.form,)
                facts = {name: _said(fact) for name, fact in fault.facts.items()}
                yield Problem(("texts", language, *place), f"{PREFIX}{fault.name}", facts)

    def _menu_faults(self, texts: Texts, directory: Directory) -> Iterator[Problem]:
        """A press sends the words of the button: they must be its own, and no command."""
        taken = {
            label: key
            for key in sorted(texts.keys(texts.locales[0]))
            if key.startswith(MENU) and key != self.code
            for label in _labels(texts, key, directory.entries(self.name))
        }
        for language, said in self.texts.items():
            label = _listed(said)[0]
            if label in taken:
                facts = {"value": shorten(label), "other": taken[label]}
                yield Problem(("texts", language), f"{PREFIX}text.same_label", facts)
            elif label.startswith("/"):
                yield Problem(("texts", language), f"{PREFIX}text.command_label", {})

    async def put(self, tx: Tx, position: int) -> None:
        """What stood on a button of the menu before is still understood when it is pressed."""
        known = await tx.find(TextRow, self.code)
        row = TextRow(
            code=self.code,
            position=position,
            forms={language: _listed(said) for language, said in self.texts.items()},
            former={} if known is None else _former(known, self.texts),
            active=self.active,
        )
        await self.save(tx, row)


def _labels(texts: Texts, key: str, entries: Mapping[str, DirectoryEntry]) -> Iterator[str]:
    entry = cast("TextEntry | None", entries.get(key))
    for locale in texts.locales:
        yield from texts.shipped(locale, key)
    if entry is not None and entry.active:
        yield from (_listed(said)[0] for said in entry.texts.values())


def _former(known: TextRow, texts: Mapping[str, Any]) -> dict[str, Any]:
    if not known.code.startswith(MENU):
        return {}
    now = {form for said in texts.values() for form in _listed(said)}
    stood = [form for forms in known.forms.values() for form in forms]
    words = [*stood, *known.former.get("words", ())]
    kept = [word for word in dict.fromkeys(words) if word not in now][:MOST_FORMER]
    return {"words": kept} if kept else {}


def _listed(said: str | list[str]) -> list[str]:
    return [said] if isinstance(said, str) else list(said)


def _shown(forms: list[str]) -> str | list[str]:
    return forms[0] if len(forms) == 1 else list(forms)


def _said(fact: Any) -> Any:
    if isinstance(fact, list):
        return choices(fact)
    return shorten(fact) if isinstance(fact, str) else fact
