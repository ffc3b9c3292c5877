"""`/texts` in an admin's private chat: which texts say these words, and how to say another (G3)."""

from collections.abc import Iterator
from typing import Final

from core.directory.kinds.texts import TextEntry
from core.directory.toml_writer import write_table
from core.errors import Unreadable
from core.people.staff import for_admin
from core.texts import Texts
from core.tx import ReadTx
from handlers.telegram.context import MessageContext

MOST: Final = 10


async def on_command(context: MessageContext, words: str) -> None:
    """``/texts in hand`` lists texts with these words; ``/texts ticket.taken`` gives the table that
    is sent back, changed, to say another.
    """
    await context.desk.read(for_admin, context.sender, _nothing)
    texts, wanted = context.responder.texts, words.strip()
    known = {key for locale in texts.locales for key in texts.keys(locale)}
    if not wanted:
        raise Unreadable("texts.how")
    if wanted in known:
        await context.say(context.renderer.html("texts.one", table=_table(texts, wanted)))
        return
    found = list(_saying(texts, wanted.casefold(), known))
    lines = [context.renderer.html("texts.head" if found else "texts.none", words=wanted[:40])]
    for key, said in found[:MOST]:
        lines.append(context.renderer.html("texts.line", key=key, said=said[:200]))
    if len(found) > MOST:
        lines.append(context.renderer.html("texts.more", n=len(found) - MOST))
    await context.say("\n".join(lines))


async def _nothing(_tx: ReadTx) -> None:
    """Only whether it is an admin who asks."""


def _saying(texts: Texts, wanted: str, known: set[str]) -> Iterator[tuple[str, str]]:
    for key in sorted(known):
        for locale in texts.locales:
            written = texts.written(locale, key)[0] if key in texts.keys(locale) else ""
            if wanted in key or wanted in written.casefold():
                yield key, written
                break


def _table(texts: Texts, key: str) -> str:
    forms = {locale: texts.written(locale, key) for locale in texts.locales}
    shown = {locale: said[0] if len(said) == 1 else list(said) for locale, said in forms.items()}
    return write_table(TextEntry.name, {"code": key, "texts": shown}).strip()
