"""Makes the one text that leaves: everything masked, bounded, and no part able to pose as another.

It is a JSON document. Whatever somebody wrote is a value in it, so it can neither begin a new
message nor pass for an instruction of ours. Pure.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from core.assistant.material import Material, Utterance
from core.words.masking import Masker

# Characters of one message, of an article, of what a similar ticket is told of by.
_MESSAGE: Final = 1500
_ARTICLE: Final = 2000
_SOLVED: Final = 600
_WORDS: Final = 4000
# Characters of a conversation in all; the beginning and what is newest are kept.
_CONVERSATION: Final = 24_000
# What the model is told besides.
_RULES: Final = 2000


def compose(material: Material, masker: Masker) -> str:
    """Return the document. What was said in other tickets can never be put back."""
    document: dict[str, Any] = {}
    if material.customer:
        document["customer"] = masker.mask(material.customer)
    if material.said:
        document["conversation"] = _told(_fitting(material.said), masker)
    if material.words:
        document["text"] = masker.mask(_cut(material.words, _WORDS))
    if material.articles:
        document["articles"] = [
            {"title": one.title, "text": _cut(one.text, _ARTICLE)} for one in material.articles
        ]
    if material.solved:
        document["similar_solved"] = [
            [{"from": one.by, "text": masker.blur(_cut(one.text, _SOLVED))} for one in said]
            for _, said in material.solved
        ]
    return json.dumps(document, ensure_ascii=False, indent=1)


def size_of(material: Material) -> int:
    """Return about how many characters the document has, at most."""
    said = sum(min(len(one.text), _MESSAGE) for one in _fitting(material.said))
    articles = sum(min(len(one.text), _ARTICLE) for one in material.articles)
    solved = sum(min(len(one.text), _SOLVED) for _, told in material.solved for one in told)
    return said + min(len(material.words), _WORDS) + articles + solved + _RULES


def _told(said: Iterable[Utterance], masker: Masker) -> list[dict[str, str]]:
    return [{"from": one.by, "text": masker.mask(_cut(one.text, _MESSAGE))} for one in said]


def _fitting(said: Sequence[Utterance]) -> list[Utterance]:
    """Return the first words and as many of the newest as there is room for."""
    if not said:
        return []
    first, *others = said
    left = _CONVERSATION - min(len(first.text), _MESSAGE)
    kept: list[Utterance] = []
    for one in reversed(others):
        left -= min(len(one.text), _MESSAGE)
        if left < 0:
            break
        kept.insert(0, one)
    return [first, *kept]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
