"""The board: a pinned message with the queue as it is, edited in place (X6)."""

from core.tickets.board import refresh_boards
from sandbox import Message as Sent
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_quiet import answer, seen_by


async def drawn(group: Group) -> None:
    """The board's job has run, and what it queued has left."""
    await group.desk.run(refresh_boards)
    await group.deliver()


async def shown(group: Group) -> Sent:
    """The board that Olga asked for."""
    await group.says(group.olga, "/board")
    await group.deliver()
    return group.chat.find("Обновлено")


async def test_a_board_is_pinned_and_says_what_there_is(group: Group) -> None:
    await group.ticket("Нет архива")
    await group.ticket("Калитка")
    await group.says(group.olga, "Смотрю", await group.card(2))
    await group.deliver()
    board = await shown(group)
    assert board.pinned
    head, first, second, _ = board.text.split("\n")
    assert head == "Сейчас 2 · 🔴 1 · 🟢 1"
    assert first.startswith("🔴 #1 Анна · Нет архива")
    assert second.startswith("🟢 #2 Анна · Калитка · 👷 Ольга")
    assert [e["url"] for e in board.entities if e["type"] == "text_link"] != []


async def test_it_is_edited_in_place_and_only_when_something_has_changed(group: Group) -> None:
    await group.ticket("Нет архива")
    board = await shown(group)
    await drawn(group)
    edits = len(board.revisions)
    await drawn(group)
    assert len(board.revisions) == edits
    posts = len(group.chat.bot_messages)
    await group.says(group.olga, "/take 1")
    await drawn(group)
    assert "👷 Ольга" in board.text
    assert len(group.chat.bot_messages) == posts


async def test_lateness_is_shown_without_anybody_doing_anything(group: Group) -> None:
    await group.ticket("Нет архива")
    board = await shown(group)
    group.clock.move(days=4)
    await drawn(group)
    assert board.text.startswith("Сейчас 1 · ⭕ 1\n⭕ #1")


async def test_a_deleted_board_is_made_again(group: Group) -> None:
    await group.ticket("Нет архива")
    board = await shown(group)
    await group.olga.delete(board)
    await group.says(group.olga, "/take 1")
    await drawn(group)
    again = group.chat.find("Обновлено")
    assert again is not board and again.pinned and "👷 Ольга" in again.text


async def test_another_process_knows_where_it_stands(group: Group) -> None:
    await group.ticket("Нет архива")
    board = await shown(group)
    group.desk.invalidate()
    await group.says(group.olga, "/take 1")
    await drawn(group)
    assert "👷 Ольга" in board.text


async def test_it_leads_to_lists_which_only_whoever_presses_sees(group: Group) -> None:
    await group.ticket("Нет архива")
    board = await shown(group)
    words = board.text
    press = await group.presses(group.oleg, board, "Ничьи")
    assert press.text == "Показано ниже." and board.text == words
    told = answer(group, board)
    assert told.text.startswith("Ничьи · 1") and seen_by(told) == group.oleg.id


async def test_it_is_hidden(group: Group) -> None:
    await group.ticket("Нет архива")
    board = await shown(group)
    refused = await group.says(group.olga, "/board")
    assert group.answers(refused) == ["Доска уже есть, она закреплена. Убрать: /board off"]
    await group.says(group.olga, "/board off")
    await group.deliver()
    assert board.deleted
    await group.says(group.olga, "/take 1")
    await drawn(group)
    assert not any("Обновлено" in one.text for one in group.chat.bot_messages if not one.deleted)
    again = await group.says(group.olga, "/board off")
    assert group.answers(again) == ["Доски здесь нет. Показать: /board"]
