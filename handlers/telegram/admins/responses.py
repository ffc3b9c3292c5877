"""`/t` in an admin's private chat: canned responses listed, added, changed and deleted (E1)."""

from collections.abc import Sequence

from channels.telegram.screens.attached_files import file_buttons, file_lines
from channels.telegram.screens.buttons import rows_of
from core.directory.entry_edits import list_entries
from core.directory.faults import DirectoryError
from core.directory.kinds.responses import ResponseEntry
from core.directory.response_edits import delete_response, put_response
from core.errors import Unreadable
from core.people.staff import as_admin, for_admin
from core.responses.catalogue import Response, look_up, responses_of
from core.responses.template import VARIABLES
from core.tx import ReadTx
from core.words.aliases import RESPONSE_VERBS
from handlers.telegram.context import MessageContext


async def on_command(context: MessageContext, words: str) -> None:
    """``/t`` lists them, ``/t code`` shows one; ``/t_add code title`` with the text below it adds
    or changes one, ``/t_add code/en title`` in another language; ``/t_del code`` deletes one.
    """
    head, _, text = words.partition("\n")
    typed, _, rest = head.partition(" ")
    verb = RESPONSE_VERBS.get(typed.casefold())
    if verb == "add":
        await _add(context, rest.strip(), text.strip())
    elif verb == "delete" and rest.strip():
        await context.desk.run(as_admin, context.sender, delete_response, rest.strip())
        await context.say(context.responder.html("responses.deleted", {"code": rest.strip()}))
    elif words:
        await _show(context, words)
    else:
        await _list(context)


async def _add(context: MessageContext, head: str, text: str) -> None:
    named, _, title = head.partition(" ")
    code, _, language = named.partition("/")
    if not code or not title.strip() or not text:
        raise Unreadable("responses.how_to_add", variables=_variables())
    try:
        new = await context.desk.run(
            as_admin, context.sender, put_response, code, title.strip(), text, language
        )
    except DirectoryError as error:
        responder = context.responder
        await context.say(
            "\n".join(responder.html(one.text.key, one.text.facts) for one in error.faults)
        )
        return
    key = "responses.added" if new else "responses.changed"
    await context.say(context.responder.html(key, {"code": code, "title": title.strip()}))


async def _show(context: MessageContext, words: str) -> None:
    named = await context.desk.read(for_admin, context.sender, look_up, words)
    if len(named) > 1:
        await context.responder.say(context.message.chat.id, _lines(context, named))
        return
    one = named[0]
    lines = [context.responder.html("responses.line", {"code": one.code, "title": one.title})]
    for language, text in one.texts.items():
        lines.append(
            context.responder.html("responses.text", {"language": language, "words": text})
        )
    lines += file_lines(context.renderer, one.files)
    entries = await context.desk.read(for_admin, context.sender, list_entries, ResponseEntry.name)
    entry = next(found for found in entries if found.key == one.code)
    buttons = rows_of(file_buttons(context.renderer, entry), width=1)
    await context.say("\n".join(lines), buttons)


async def _list(context: MessageContext) -> None:
    found = await context.desk.read(for_admin, context.sender, _active)
    responder = context.responder
    lines = [responder.html("responses.head", {"n": len(found)})] if found else []
    lines += _lines(context, found)
    lines.append(responder.html("responses.how_to_add", {"variables": _variables()}))
    await responder.say(context.message.chat.id, lines)


def _lines(context: MessageContext, found: Sequence[Response]) -> list[str]:
    return [
        context.responder.html("responses.line", {"code": one.code, "title": one.title})
        for one in found
    ]


async def _active(tx: ReadTx) -> list[Response]:
    return [one for one in (await responses_of(tx)).values() if one.active]


def _variables() -> str:
    return " ".join(f"{{{name}}}" for name in VARIABLES)
