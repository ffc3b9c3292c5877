"""Copies of updates beside the database: on the disk before they are confirmed, and forgotten with
what the desk forgets (R21, S31).
"""

import asyncio
import errno
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import update_copies
from bot.update_copies import UpdateCopies, is_put_back
from bot.webhook import WebhookIntake
from channels.telegram.client.gateway import make_bot
from core import inbox
from core.desk import Desk
from core.inbox import Raw
from core.inbox_copies import CopiedUpdate, put_back
from tests.clock import Clock

SOURCE = "telegram:1"
CANARY = "c4nary"


def raw(number: int, words: str = "words", chat: str = "5") -> Raw:
    return Raw(str(number), chat, f'{{"words": "{words}"}}')


@pytest.fixture
def copies(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpdateCopies:
    monkeypatch.setattr(update_copies, "PATIENCE", 60.0)  # however slow the machine is
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return UpdateCopies(folder, desk.clock)


def numbers(copies: UpdateCopies) -> list[int]:
    return [int(each.update.external_id) for each in copies.read()]


def is_failing(copies: UpdateCopies) -> bool:
    """The checker of types takes what it has read once for what it stays."""
    return copies.is_failing


def on_the_disk(copies: UpdateCopies) -> bytes:
    return b"".join(path.read_bytes() for path in copies.folder.iterdir())


async def test_what_is_written_is_read_in_its_order_and_only_by_its_owner(
    copies: UpdateCopies,
) -> None:
    await copies.add(SOURCE, [raw(1, "a \\n b"), raw(2)])
    await copies.add("telegram:2", [raw(1)])
    found = copies.read()
    assert [(each.source, each.update) for each in found] == [
        (SOURCE, raw(1, "a \\n b")),
        (SOURCE, raw(2)),
        ("telegram:2", raw(1)),
    ]
    for path in copies.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_it_is_on_the_disk_when_the_call_returns(
    copies: UpdateCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[int] = []
    fsync = os.fsync

    def force(handle: int) -> None:
        forced.append(handle)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", force)
    await copies.add(SOURCE, [raw(1)])
    assert len(forced) == 2, "the file, and the folder that has its name"
    await copies.add(SOURCE, [raw(2)])
    assert len(forced) == 3


async def test_what_a_webhook_brings_is_copied_too(copies: UpdateCopies, desk: Desk) -> None:
    bot = make_bot("42:token", None)
    came = asyncio.Event()
    intake = WebhookIntake(bot, desk, came.set, "https://desk.test/telegram", "secret")
    intake.copies = copies
    assert await intake.receive(b'{"update_id": 7}')
    (copied,) = copies.read()
    assert (copied.source, copied.update.external_id) == ("telegram:42", "7")
    await bot.session.close()


async def test_what_comes_again_because_the_database_is_away_is_written_once(
    copies: UpdateCopies,
) -> None:
    for _ in range(3):
        await copies.add(SOURCE, [raw(1), raw(2)])
    await copies.add(SOURCE, [raw(2), raw(3)])
    assert numbers(copies) == [1, 2, 3]


async def test_half_a_line_of_who_died_harms_no_other(copies: UpdateCopies) -> None:
    await copies.add(SOURCE, [raw(1)])
    (file,) = copies.folder.glob("updates-*")
    with file.open("ab") as half:
        half.write(b'["2026-11-30T00:00')
    await copies.add(SOURCE, [raw(2)])
    assert numbers(copies) == [1, 2]


async def test_several_processes_write_side_by_side(copies: UpdateCopies) -> None:
    other = UpdateCopies(copies.folder, copies.clock)
    await asyncio.gather(
        *(each.add(SOURCE, [raw(n)]) for n in range(20) for each in (copies, other))
    )
    assert sorted(numbers(copies)) == sorted([*range(20), *range(20)])


async def test_what_comes_at_once_is_forced_to_the_disk_at_once(
    copies: UpdateCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    await asyncio.gather(*(copies.add(SOURCE, [raw(n)]) for n in range(20)))
    assert sorted(numbers(copies)) == list(range(20))
    assert len(forced) == 3, "the first, the folder, and all that came meanwhile"


async def test_a_full_disk_has_no_half_of_what_is_written_once_more(
    copies: UpdateCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    await copies.add(SOURCE, [raw(1)])
    before = on_the_disk(copies)
    write, room = os.write, [100]

    def write_what_fits(handle: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "no space left on device")
        written = write(handle, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", write_what_fits)
    await copies.add(SOURCE, [raw(2), raw(3)])
    assert copies.is_failing
    assert on_the_disk(copies) == before
    room[0] = 1_000_000
    await copies.add(SOURCE, [raw(4)])
    assert not is_failing(copies)
    assert numbers(copies) == [1, 2, 3, 4]


async def test_where_it_cannot_be_written_the_desk_goes_on_and_makes_up_for_it(
    copies: UpdateCopies,
) -> None:
    aside = copies.folder.with_name("aside")
    copies.folder.rename(aside)
    await copies.add(SOURCE, [raw(1)])
    assert copies.is_failing
    assert not copies.folder.exists(), "a disk that is not mounted is not replaced by ours"
    aside.rename(copies.folder)
    await copies.add(SOURCE, [raw(2)])
    assert not is_failing(copies)
    assert numbers(copies) == [1, 2]


async def test_a_disk_that_hangs_is_not_waited_for(
    copies: UpdateCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    write = UpdateCopies._append
    calls: list[str] = []

    def hang(self: UpdateCopies, name: str, lines: bytes) -> None:
        calls.append(name)
        begun.set()
        assert goes_on.wait(30)
        write(self, name, lines)

    monkeypatch.setattr(UpdateCopies, "_append", hang)
    monkeypatch.setattr(update_copies, "PATIENCE", 0.05)
    await copies.add(SOURCE, [raw(1)])
    assert await asyncio.to_thread(begun.wait, 30)
    await copies.add(SOURCE, [raw(2)])
    assert copies.is_failing
    assert len(calls) == 1, "one thread hangs, whatever comes"
    monkeypatch.setattr(update_copies, "PATIENCE", 30.0)
    goes_on.set()
    await copies.add(SOURCE, [raw(3)])
    assert not is_failing(copies)
    assert sorted(set(numbers(copies))) == [1, 2, 3]


async def test_what_the_desk_forgets_is_forgotten_there_too(
    copies: UpdateCopies, desk: Desk
) -> None:
    both = [raw(1, CANARY), raw(2)]
    await copies.add(SOURCE, [*both, raw(3)])
    await desk.run(inbox.store, SOURCE, both)  # the third is not known: it may be another database
    waiting = await desk.read(inbox.list_unfinished, 0, 10)
    with desk.handling(waiting[0].id):
        await desk.run(inbox.change_nothing)
    await copies.forget(desk)
    assert numbers(copies) == [1, 2, 3]
    await desk.run(inbox.forget_done, 0, waiting[0].id, 10)
    await copies.forget(desk)
    assert numbers(copies) == [2, 3]
    assert CANARY.encode() not in on_the_disk(copies)


async def test_it_keeps_nothing_for_longer_than_the_desk(
    copies: UpdateCopies, desk: Desk, clock: Clock
) -> None:
    await copies.add(SOURCE, [raw(1, CANARY)])
    clock.move(desk.company.keep_updates.total_seconds() + 1)
    await copies.add(SOURCE, [raw(2)])
    await copies.forget(desk)
    assert numbers(copies) == [2]
    assert CANARY.encode() not in on_the_disk(copies)


async def test_what_was_half_replaced_by_who_died_is_not_left(
    copies: UpdateCopies, desk: Desk
) -> None:
    await copies.add(SOURCE, [raw(1)])
    (file,) = copies.folder.glob("updates-*")
    file.with_name(f".{file.name}").write_text(CANARY)
    await copies.forget(desk)
    assert numbers(copies) == [1]
    assert CANARY.encode() not in on_the_disk(copies)


async def test_processes_may_forget_side_by_side(
    copies: UpdateCopies, desk: Desk, clock: Clock
) -> None:
    for number in range(6):
        await copies.add(SOURCE, [raw(number)])
        clock.move(timedelta(hours=1).total_seconds())
    clock.move(desk.company.keep_updates.total_seconds() - timedelta(hours=3.5).total_seconds())
    others = [UpdateCopies(copies.folder, copies.clock) for _ in range(3)]
    await asyncio.gather(*(each.forget(desk) for each in (copies, *others)))
    assert numbers(copies) == [3, 4, 5]


@pytest.mark.parametrize("note", ["", "2026-11-", "\0\0\0"])
async def test_a_torn_note_of_the_last_backup_keeps_more_and_is_made_anew(
    copies: UpdateCopies, clock: Clock, note: str
) -> None:
    """A power cut leaves such a one; every backup after it would fail, and nothing be pruned."""
    (copies.folder / "last-backup").write_text(note)
    for number in range(3):
        await copies.add(SOURCE, [raw(number)])
        clock.move(timedelta(hours=24).total_seconds())
        copies.note_backup(clock())
    assert numbers(copies) == [2]


async def test_it_holds_what_came_since_the_backup_before_the_last(
    copies: UpdateCopies, clock: Clock
) -> None:
    for number in range(4):
        await copies.add(SOURCE, [raw(number)])
        clock.move(timedelta(hours=24).total_seconds())
        copies.note_backup(clock())
    assert numbers(copies) == [3]
    await copies.add(SOURCE, [raw(4)])
    assert numbers(copies) == [3, 4]


async def test_a_disk_that_is_mounted_to_be_read_only_is_read(
    copies: UpdateCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So whoever restores from it mounts it."""
    await copies.add(SOURCE, [raw(1)])
    opened = os.open

    def open_to_read(path: Path, flags: int, *mode: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "read-only file system")
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", open_to_read)
    assert numbers(copies) == [1]


async def test_what_is_put_back_is_put_back_once_and_only_what_the_inbox_does_not_have(
    desk: Desk,
) -> None:
    await desk.run(inbox.store, SOURCE, [raw(1)])
    found = [CopiedUpdate(desk.clock(), SOURCE, raw(number)) for number in (1, 2, 2, 3)]
    assert await desk.run(put_back, found) == 2
    assert await desk.run(put_back, found) == 0
    waiting = await desk.read(inbox.list_unfinished, 0, 10)
    assert [each.external_id for each in waiting] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("update", "comes_back"),
    [
        ('{"message": {"chat": {"type": "private"}, "text": "words"}}', True),
        ('{"edited_message": {"chat": {"type": "private"}, "text": "words"}}', True),
        ('{"message": {"chat": {"type": "private"}, "photo": []}}', True),
        ('{"message": {"chat": {"type": "private"}, "text": "/start"}}', False),
        ('{"message": {"chat": {"type": "supergroup"}, "text": "words"}}', False),
        ('{"callback_query": {"data": "x"}}', False),
        ('{"message": []}', False),
        ("[]", False),
        ("no json", False),
    ],
)
def test_what_people_said_in_private_comes_back(update: str, *, comes_back: bool) -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    assert is_put_back(CopiedUpdate(at, SOURCE, Raw("1", "5", update))) is comes_back
