"""What moves when two tickets are merged, and goes back when that is undone: words, notes, links,
tags, fields, articles, the camera, the parent, equipment tasks, the promised day (A6).
"""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, or_, select, update

from core.delivery.card_updates import refresh_cards
from core.delivery.notices import CARD_WAIT
from core.delivery.pacing import Priority
from core.errors import Refusal
from core.models import (
    Link,
    Message,
    Note,
    SentMessage,
    Task,
    Ticket,
    TicketArticle,
    TicketCamera,
    TicketParent,
)
from core.sla.answer_clock import SILENCE, set_timers, timer_of
from core.tasks.rules import CANCELLED, EQUIPMENT, MERGED, OPEN
from core.tasks.task_opening import reopen_task
from core.tasks.task_recorder import announce, end_tasks, open_tasks
from core.tickets.card import tags_of
from core.tickets.field_edits import put_value
from core.tickets.fields import fields_of, values_of
from core.tickets.next_contact import contact_of, plan_contact
from core.tickets.parents import leave_parent, set_parent
from core.tickets.relations import TICKET, URL
from core.tickets.tags import change_tags
from core.tx import Tx

# So many rows are named in one statement: both databases take more.
_CHUNK: Final = 5000


async def unless_refused(doing: Awaitable[object]) -> bool:
    """What cannot be is left out: it stands in the way of nothing else."""
    try:
        await doing
    except Refusal:
        return False
    return True


async def move_contents(tx: Tx, goes: Ticket, stays: Ticket) -> dict[str, Any]:
    """Move everything but the clock and the assignee; returns what moved, by kind."""
    said = select(Message.id).where(Message.ticket_id == goes.id)
    noted = select(Note.id).where(Note.ticket_id == goes.id)
    messages = await tx.all(said.order_by(Message.id))
    notes = await tx.all(noted.order_by(Note.id))
    await _move_words(tx, messages, notes, stays.id)
    tags = [one for one in await tags_of(tx, goes.id) if one not in await tags_of(tx, stays.id)]
    await change_tags(tx, stays, tags)
    return {
        "messages": messages,
        "notes": notes,
        "links": await _move_links(tx, goes, stays),
        "tags": tags,
        "fields": await _copy_fields(tx, goes, stays),
        "articles": await _copy_articles(tx, goes, stays),
        "camera": await _copy_camera(tx, goes, stays),
        **await _move_parent(tx, goes, stays),
        **await _move_tasks(tx, goes, stays),
        **await _move_contact(tx, goes.id, stays.id),
        **await _move_watch(tx, goes.id, stays.id),
    }


async def _move_words(
    tx: Tx, messages: Sequence[int], notes: Sequence[int], ticket_id: int, source: int | None = None
) -> None:
    """Let messages, their copies in chats, and notes be the ticket's; ``source``: only what is that
    one's still.
    """
    tables: tuple[tuple[Any, Any, Sequence[int]], ...] = (
        (Message, Message.id, messages),
        (SentMessage, SentMessage.message_id, messages),
        (Note, Note.id, notes),
    )
    for table, key, ids in tables:
        for at in range(0, len(ids), _CHUNK):
            moving = update(table).where(key.in_(ids[at : at + _CHUNK]))
            if source is not None:
                moving = moving.where(table.ticket_id == source)
            await tx.change(moving.values(ticket_id=ticket_id))


async def _move_links(tx: Tx, goes: Ticket, stays: Ticket) -> list[int]:
    """Links to what the ticket that stays is linked with already remain where they are."""
    taken = {_far(link, stays.id) for link in await _links(tx, stays.id)} | {str(stays.id)}
    moved = [link for link in await _links(tx, goes.id) if _far(link, goes.id) not in taken]
    await _reattach(tx, moved, goes.id, stays.id)
    return [link.id for link in moved]


async def _links(tx: Tx, ticket_id: int) -> Sequence[Link]:
    ends = or_(Link.ticket_id == ticket_id, Link.other_id == ticket_id)
    query = select(Link).where(ends, Link.kind.in_((TICKET, URL)))
    return await tx.all(query.order_by(Link.id))


def _far(link: Link, ticket_id: int) -> str:
    other = link.other_id if link.ticket_id == ticket_id else link.ticket_id
    return str(link.url or other)


async def _reattach(tx: Tx, links: Sequence[Link], old: int, new: int) -> None:
    for link in links:
        if link.ticket_id == old:
            link.ticket_id = new
        else:
            link.other_id = new
    await tx.write()
    others = {end for link in links for end in (link.ticket_id, link.other_id) if end} - {new}
    await refresh_cards(tx, sorted(others), Priority.CARD_REFRESH, wait=CARD_WAIT)


async def _copy_fields(tx: Tx, goes: Ticket, stays: Ticket) -> list[str]:
    fields, present = await fields_of(tx), await values_of(tx, stays.id)
    copied = []
    for code, value in (await values_of(tx, goes.id)).items():
        if code in fields and code not in present:
            await put_value(tx, stays.id, fields[code], value)
            copied.append(code)
    return copied


async def _copy_articles(tx: Tx, goes: Ticket, stays: Ticket) -> list[str]:
    codes = select(TicketArticle.article).order_by(TicketArticle.at, TicketArticle.article)
    present = await tx.all(codes.where(TicketArticle.ticket_id == stays.id))
    used = await tx.all(codes.where(TicketArticle.ticket_id == goes.id))
    fresh = [code for code in used if code not in present]
    for code in fresh:
        await tx.insert(TicketArticle(ticket_id=stays.id, article=code, at=tx.now))
    return fresh


async def _copy_camera(tx: Tx, goes: Ticket, stays: Ticket) -> int | None:
    camera = await tx.find(TicketCamera, goes.id)
    if camera is None or await tx.find(TicketCamera, stays.id) is not None:
        return None
    await tx.insert(TicketCamera(ticket_id=stays.id, camera_id=camera.camera_id))
    return camera.camera_id


async def _move_parent(tx: Tx, goes: Ticket, stays: Ticket) -> dict[str, Any]:
    """Return the parent that the ticket had, and whether the one that stays is its child now."""
    part = await tx.find(TicketParent, goes.id)
    if part is None:
        return {"parent": None, "joined": False}
    parent = part.parent_id
    await tx.write()
    await leave_parent(tx, goes.id)
    alone = await tx.find(TicketParent, stays.id) is None
    joined = alone and await unless_refused(set_parent(tx, stays.id, parent))
    return {"parent": parent, "joined": joined}


async def _move_tasks(tx: Tx, goes: Ticket, stays: Ticket) -> dict[str, list[int]]:
    """Equipment tasks end in the one and begin in the other, unless there is one for the same work
    there: of those two the one remains that somebody has.
    """
    there = [task for task in await open_tasks(tx, stays.id) if task.kind == EQUIPMENT]
    ended, lacking = [], []
    for task in await open_tasks(tx, goes.id):
        if task.kind != EQUIPMENT:
            continue
        ended.append(task)
        like = next((one for one in there if _is_like(one, task)), None)
        if like is None:
            lacking.append(task)
        elif like.assignee_id is None and task.assignee_id is not None:
            there.remove(like)
            ended.append(like)
            lacking.append(task)
    _demand_room(there, lacking, goes, stays)
    await end_tasks(tx, ended, CANCELLED, MERGED)
    opened = [await _copy_task(tx, task, stays.id) for task in lacking]
    return {"tasks": [task.id for task in ended], "opened": opened}


def _is_like(one: Task, other: Task) -> bool:
    """Return whether both are the same work: at one camera, or called the same without one."""
    if one.camera_id is not None or other.camera_id is not None:
        return one.camera_id == other.camera_id
    return one.title.strip().casefold() == other.title.strip().casefold()


def _demand_room(
    there: Sequence[Task], lacking: Sequence[Task], goes: Ticket, stays: Ticket
) -> None:
    """A ticket has one open equipment task of a person, and one of nobody (B21)."""
    holders = {task.assignee_id for task in there}
    if any(task.assignee_id in holders for task in lacking):
        raise Refusal("refusal.merge_tasks", number=goes.id, other=stays.id)


async def _move_contact(tx: Tx, goes: int, stays: int) -> dict[str, datetime | None]:
    """Of two promised days the earlier counts. Return both, and what was set."""
    own, into = await contact_of(tx, goes), await contact_of(tx, stays)
    moves = own is not None and (into is None or own < into)
    if moves:
        await plan_contact(tx, stays, own)
    return {"contact": own, "into_contact": into, "contact_set": own if moves else None}


async def _move_watch(tx: Tx, goes: int, stays: int) -> dict[str, datetime | None]:
    """An answer that nobody reacts to is mailed (F8): somebody looks at the earlier instant."""
    own, into = await timer_of(tx, goes, SILENCE), await timer_of(tx, stays, SILENCE)
    moves = own is not None and (into is None or own < into)
    if moves:
        await set_timers(tx, stays, {SILENCE: own})
    return {"into_silence": into, "silence_set": own if moves else None}


async def _return_watch(tx: Tx, stays: int, kept: Mapping[str, Any]) -> None:
    moved = kept.get("silence_set")
    if moved is not None and await timer_of(tx, stays, SILENCE) == moved:
        await set_timers(tx, stays, {SILENCE: kept["into_silence"]})


async def return_contact(tx: Tx, stays: int, goes: int, kept: Mapping[str, Any]) -> None:
    """Promise both days again, unless that was planned anew or kept in the meantime."""
    own, into, moved = (kept.get(name) for name in ("contact", "into_contact", "contact_set"))
    now, merged = await contact_of(tx, stays), moved or into
    if moved is not None and now == moved:
        await plan_contact(tx, stays, into)
    is_kept = now is None and merged == own
    if own is not None and not is_kept:
        await plan_contact(tx, goes, own)


_OF_TASK: Final = ("kind", "camera_id", "assignee_id", "team", "level", "title", "taken_at")


async def _copy_task(tx: Tx, task: Task, ticket_id: int) -> int:
    copied = {name: getattr(task, name) for name in _OF_TASK}
    new = Task(ticket_id=ticket_id, state=OPEN, opened_at=task.opened_at, **copied)
    await tx.insert(new)
    announce(tx, new)
    return new.id


async def return_contents(tx: Tx, stays: Ticket, goes: Ticket, kept: Mapping[str, Any]) -> None:
    """Give back what ``kept`` says has moved, where the ticket that stayed has it still."""
    await _move_words(tx, kept["messages"], kept["notes"], goes.id, stays.id)
    links = await tx.all(select(Link).where(Link.id.in_(kept["links"])))
    await _reattach(tx, links, stays.id, goes.id)
    await change_tags(tx, stays, (), kept["tags"])
    await _return_fields(tx, stays.id, goes.id, kept["fields"])
    theirs = TicketArticle.ticket_id == stays.id
    await tx.change(
        delete(TicketArticle).where(theirs, TicketArticle.article.in_(kept["articles"]))
    )
    camera = await tx.find(TicketCamera, stays.id)
    if camera is not None and camera.camera_id == kept["camera"]:
        await tx.delete(camera)
    await _return_to_parent(tx, stays, goes, kept)
    await _return_watch(tx, stays.id, kept)


async def _return_fields(tx: Tx, stays: int, goes: int, codes: Sequence[str]) -> None:
    """A field that has been filled anew since is what somebody has found out: it stays."""
    fields, own, now = await fields_of(tx), await values_of(tx, goes), await values_of(tx, stays)
    for code in codes:
        if code in fields and own.get(code) == now.get(code):
            await put_value(tx, stays, fields[code], None)


async def _return_to_parent(tx: Tx, stays: Ticket, goes: Ticket, kept: Mapping[str, Any]) -> None:
    parent = kept["parent"]
    if parent is None:
        return
    await tx.write()
    if kept["joined"]:
        await unless_refused(leave_parent(tx, stays.id, parent))
    await unless_refused(set_parent(tx, goes.id, parent))


async def reopen_tasks(tx: Tx, stays: Ticket, kept: Mapping[str, Any]) -> None:
    """Open the tasks that had ended with the merge, once their ticket goes on again."""
    opened = [task for task in await open_tasks(tx, stays.id) if task.id in kept["opened"]]
    await end_tasks(tx, opened, CANCELLED, MERGED)
    await tx.write()
    for task_id in kept["tasks"]:
        await unless_refused(reopen_task(tx, task_id))
