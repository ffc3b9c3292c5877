"""Files of responses and articles: named in the directory, sent with the words, kept (E1, B13)."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from channels.email.contents import MailContents
from core.addresses import MessageRef
from core.automation.rules import run_due
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import find_remains, unused
from core.delivery.outbox_store import claim
from core.desk import Desk
from core.directory.company_files import (
    Entry,
    ask_for_files,
    attach_file,
    detach_file,
    end_files,
    entry_asked_for,
    keep_file,
)
from core.directory.entry_edits import EntryFacts, list_entries
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.store import apply_directory, restore_version, show_directory
from core.errors import NotAllowed, NothingToDo, Refusal
from core.files import Attachments, FolderStore, name_of
from core.integrations.unused_uploads import (
    COMPANY_KEPT_FOR,
    KEPT_FOR,
    find_due_uploads,
    forget_company_files,
)
from core.knowledge.using import ArticleChanged, digest_of, read_article, send_article
from core.models import CompanyFile, Message
from core.people.staff import as_admin
from core.responses.sending import ResponseChanged, prepare, send_response
from core.responses.staff_page import Draft, answer_on_page
from core.tickets.attached_files import LARGEST_TOGETHER, MOST, AttachedFile
from core.tickets.card import tags_of
from core.tickets.conversation import undo
from core.tickets.lifecycle import move
from tests.actions.people import ALICE, ANNA, BORIS, OPERATORS, opens, operator, ref
from tests.actions.store import Store
from tests.clock import Clock


def file(title: str = "Price list.pdf", size: int = 1200) -> AttachedFile:
    return AttachedFile(name_of(title.encode()), title, size)


PRICES, PLAN = file(), file("план.png", 4_000_000)
FILE = """
[[response]]
code = "prices"
title = "Prices"
texts = { en = "Here is the list, {customer}.", ru = "Вот цены." }

[[response]]
code = "plan"
title = "The plan"
actions = { tags = ["plan"] }

[[article]]
code = "tariffs"
title = "Tariffs"
text = "All tariffs in one list."
status = "public"
language = "en"
"""


def as_written(one: AttachedFile) -> str:
    return f'"{one.title} sha256:{one.name}"'


def with_files(*files: AttachedFile) -> str:
    """The directory, the file of the plan with its response, these with the other two entries."""
    line = f"files = [{', '.join(map(as_written, files))}]"
    plan = f'title = "The plan"\nfiles = [{as_written(PLAN)}]'
    found = FILE.replace('title = "The plan"', plan)
    return found.replace('title = "Prices"', f'title = "Prices"\n{line}').replace(
        'language = "en"', f'language = "en"\n{line}'
    )


async def apply(desk: Desk, text: str) -> list[str]:
    return await desk.run(apply_directory, read_directory(text))


async def filled(desk: Desk) -> None:
    for one in (PRICES, PLAN):
        await desk.run(keep_file, one)
    await apply(desk, with_files(PRICES, PLAN))


async def faults(desk: Desk, text: str) -> list[str]:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, text)
    return [f"{fault.line} {fault.where} {fault.key}" for fault in error.value.faults]


async def entry(desk: Desk, kind: str, key: str) -> EntryFacts:
    return next(one for one in await desk.read(list_entries, kind) if one.key == key)


async def sends(desk: Desk, number: int, code: str, place: MessageRef | None = None) -> None:
    found = await desk.read(prepare, number, code, "Olga")
    there = place or ref(OPERATORS, 7000 + number)
    olga = await operator(desk)
    await desk.run_as(olga, send_response, number, code, found.digest, there)


async def pieces(store: Store, number: int) -> list[tuple[str, str, str | None]]:
    """Kind, words and stored name of what was answered, in order."""
    return [
        (one.content["kind"], one.text, (one.content.get("file") or {}).get("name"))
        for one in await store.messages(number)
        if not one.from_customer
    ]


async def test_the_directory_names_them_and_nothing_is_lost_on_the_way(desk: Desk) -> None:
    await filled(desk)
    shown = await desk.read(show_directory)
    assert f"files = [{as_written(PRICES)}, {as_written(PLAN)}]" in shown
    assert await apply(desk, shown) == []
    await apply(desk, with_files(PLAN))
    assert as_written(PRICES) not in await desk.read(show_directory)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        (f"a.pdf sha256:{'0' * 64}", "no_file"),
        ("a.pdf", "file_name"),
        (f"a.pdf sha256:{'0' * 63}", "file_name"),
        (f"../a.pdf sha256:{'0' * 64}", "file_name"),
        (f"a\\u202Efdp.exe sha256:{'0' * 64}", "file_name"),
        (f" sha256:{'0' * 64}", "file_name"),
        (f"Setup.EXE sha256:{'0' * 64}", "file_runs"),
    ],
)
async def test_what_is_no_file_of_the_desk_is_a_fault_with_its_line(
    desk: Desk, written: str, fault: str
) -> None:
    head = '[[response]]\ncode = "x"\ntitle = "X"\ntexts = { en = "Hello" }\n'
    found = await faults(desk, f'{head}files = ["{written}"]\n')
    assert found == [f"5 response x, files 1 directory_file.fault.{fault}"]


async def test_there_is_a_limit_to_their_number_and_size_and_each_is_there_once(
    desk: Desk,
) -> None:
    many = [file(f"{at}.pdf") for at in range(MOST + 1)]
    large = file("large.pdf", LARGEST_TOGETHER)
    for one in (*many, large):
        await desk.run(keep_file, one)
    head = '[[response]]\ncode = "x"\ntitle = "X"\n'
    for files, fault in (
        (many, "too_many_files"),
        ([many[0], many[0]], "same_file"),
        ([large, many[0]], "files_large"),
    ):
        text = f"{head}files = [{', '.join(map(as_written, files))}]\n"
        assert await faults(desk, text) == [f"4 response x, files directory_file.fault.{fault}"]
    await apply(desk, f"{head}files = [{', '.join(map(as_written, many[:MOST]))}]\n")


async def test_a_response_goes_with_its_files_in_order_as_one_answer(
    desk: Desk, store: Store
) -> None:
    await filled(desk)
    ticket = await opens(desk)
    place = ref(OPERATORS, 71)
    await sends(desk, ticket.id, "prices", place)
    assert await pieces(store, ticket.id) == [
        ("text", "Here is the list, Alice.", None),
        ("document", PRICES.title, PRICES.name),
        ("document", PLAN.title, PLAN.name),
    ]
    (row,) = await store.outbox(101, kind="content")
    assert row.facts["album"] is not None, "one delivery with all of it"
    with pytest.raises(NothingToDo):
        await sends(desk, ticket.id, "prices", place)
    await desk.run_as(await operator(desk), undo, place)
    query = select(func.count(Message.id)).where(Message.withdrawn_at.is_not(None))
    assert await store.rows(query) == [3]


async def test_a_response_may_be_a_file_alone_and_wait_for_the_customer(
    desk: Desk, store: Store
) -> None:
    await filled(desk)
    ticket = await opens(desk)
    await sends(desk, ticket.id, "plan")
    assert await pieces(store, ticket.id) == [("document", PLAN.title, PLAN.name)]
    (row,) = await store.outbox(101, kind="content")
    assert row.facts["album"] is None
    waits = 'title = "Prices"\nactions = { state = "wait" }'
    await apply(desk, with_files(PRICES).replace('title = "Prices"', waits))
    other = await opens(desk, BORIS)
    await sends(desk, other.id, "prices")
    assert (await store.ticket(other.id)).state == "waiting"


async def test_what_was_shown_goes_or_nothing(desk: Desk, store: Store) -> None:
    await filled(desk)
    ticket, olga, place = await opens(desk), await operator(desk), ref(OPERATORS, 72)
    shown = await desk.read(prepare, ticket.id, "prices", "Olga")
    article = digest_of(await desk.read(read_article, "tariffs"))
    assert shown.files == (PRICES, PLAN)
    await apply(desk, with_files(PLAN))
    with pytest.raises(ResponseChanged):
        await desk.run_as(olga, send_response, ticket.id, "prices", shown.digest, place)
    with pytest.raises(ArticleChanged):
        await desk.run_as(olga, send_article, ticket.id, "tariffs", article, "7")
    assert await pieces(store, ticket.id) == []


async def test_a_letter_has_the_words_and_all_files(
    desk: Desk, store: Store, tmp_path: Path
) -> None:
    files = FolderStore(tmp_path)
    data = {title: f"bytes of {title}".encode() for title in ("a.pdf", "б.png")}
    kept = [AttachedFile(await files.put(one), title, len(one)) for title, one in data.items()]
    for one in kept:
        await desk.run(keep_file, one)
    await filled(desk)
    await apply(desk, with_files(*kept))
    ticket = await opens(desk)
    await sends(desk, ticket.id, "prices")
    (row,) = await store.outbox(101, kind="content")
    (delivery,) = await desk.run(claim, [row.id], {})
    letter = await MailContents(desk, Attachments(files, None)).answer(delivery)
    assert letter is not None and letter.text == "Here is the list, Alice."
    assert [(one.name, one.data) for one in letter.enclosures] == list(data.items())


async def test_an_article_is_sent_with_its_files(desk: Desk, store: Store) -> None:
    await filled(desk)
    ticket, olga = await opens(desk), await operator(desk)
    digest = digest_of(await desk.read(read_article, "tariffs"))
    await desk.run_as(olga, send_article, ticket.id, "tariffs", digest, "7")
    assert [kind for kind, _, _ in await pieces(store, ticket.id)] == ["text", *["document"] * 2]


async def test_a_rule_answers_with_the_files_of_its_response(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await filled(desk)
    rule = '[[rule]]\ncode = "r"\ntitle = "R"\nevent = "open_for"\nafter = "1h"\n'
    await apply(desk, f'{rule}then = {{ response = "plan" }}\n')
    ticket = await opens(desk)
    clock.move(hours=2)
    await desk.run(run_due)
    assert await pieces(store, ticket.id) == [("document", PLAN.title, PLAN.name)]


async def test_words_that_were_changed_on_the_page_go_with_the_files(
    desk: Desk, store: Store
) -> None:
    await filled(desk)
    ticket, olga = await opens(desk), await operator(desk)
    found = await desk.read(prepare, ticket.id, "prices", "Olga")
    old = Draft("Other words", "n1", "prices", "00000000", changed=True)
    with pytest.raises(ResponseChanged):
        await desk.run_as(olga, answer_on_page, ticket.id, old)
    draft = Draft("Other words", "n1", "prices", found.digest, changed=True)
    await desk.run_as(olga, answer_on_page, ticket.id, draft)
    await desk.run_as(olga, answer_on_page, ticket.id, draft)  # the same form again
    said = await pieces(store, ticket.id)
    assert [text for _, text, _ in said] == ["Other words", PRICES.title, PLAN.title]


async def test_a_file_that_is_added_on_the_page_leaves_the_response_what_it_is(
    desk: Desk, store: Store
) -> None:
    """What goes with its words is done, and it counts as used."""
    await filled(desk)
    await apply(
        desk,
        """
[[response]]
code = "busy"
title = "Busy"
texts = { en = "Wait, please." }
actions = { state = "wait", tags = ["later"] }
""",
    )
    ticket, olga = await opens(desk), await operator(desk)
    found = await desk.read(prepare, ticket.id, "busy", "Olga")
    draft = Draft(found.text, "n1", "busy", found.digest, files=(PLAN,))
    for _ in range(2):  # the same form again
        await desk.run_as(olga, answer_on_page, ticket.id, draft)
    said = await pieces(store, ticket.id)
    assert [text for _, text, _ in said] == ["Wait, please.", PLAN.title]
    assert (await store.ticket(ticket.id)).state == "waiting"
    assert await desk.read(tags_of, ticket.id) == ("later",)
    assert len(await store.facts(ticket.id, "response_sent")) == 1


async def test_an_admin_adds_files_to_an_entry_and_takes_them_out(desk: Desk) -> None:
    await apply(desk, FILE)
    anna = await operator(desk, ANNA)
    one = await entry(desk, "response", "prices")
    assert await desk.read(entry_asked_for, ANNA) is None
    await desk.run(as_admin, ANNA, ask_for_files, ANNA, one.kind, one.mark)
    assert await desk.read(entry_asked_for, ANNA) == Entry(one.kind, one.mark)
    found = await desk.run_as(anna, attach_file, one.kind, one.mark, PRICES)
    assert found.files == (PRICES,)
    found = await desk.run_as(anna, attach_file, one.kind, one.mark, PLAN)
    assert found.files == (PRICES, PLAN)
    with pytest.raises(NothingToDo):
        await desk.run_as(anna, attach_file, one.kind, one.mark, PLAN)
    with pytest.raises(Refusal) as refused:
        await desk.run_as(anna, attach_file, one.kind, one.mark, file("x.bat"))
    assert refused.value.key == "refusal.file_runs"
    with pytest.raises(Refusal) as refused:
        await desk.run_as(anna, attach_file, one.kind, one.mark, file("y", LARGEST_TOGETHER))
    assert refused.value.key == "refusal.files_large"
    found = await desk.run_as(anna, detach_file, one.kind, one.mark, PRICES.name[:8])
    assert found.files == (PLAN,)
    with pytest.raises(Refusal):
        await desk.run_as(anna, detach_file, one.kind, one.mark, PRICES.name[:8])
    await desk.run(as_admin, ANNA, end_files, ANNA)
    assert await desk.read(entry_asked_for, ANNA) is None


async def test_only_an_admin_does_and_only_where_files_belong(desk: Desk) -> None:
    await apply(desk, FILE)
    olga, anna = await operator(desk), await operator(desk, ANNA)
    one = await entry(desk, "response", "prices")
    with pytest.raises(NotAllowed):
        await desk.run_as(olga, attach_file, one.kind, one.mark, PRICES)
    with pytest.raises(NotAllowed):
        await desk.run_as(olga, detach_file, one.kind, one.mark, PRICES.name[:8])
    topic = (await desk.read(list_entries, "topic"))[0]
    with pytest.raises(Refusal):
        await desk.run_as(anna, attach_file, topic.kind, topic.mark, PRICES)


async def test_what_a_version_names_is_kept_and_comes_back_with_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await filled(desk)
    await apply(desk, with_files(PLAN))
    clock.move(days=400)
    assert await desk.run(forget_company_files) == 0
    assert await desk.read(unused, [PRICES.name, PLAN.name]) == ()
    await desk.run(restore_version, 2)
    assert (await entry(desk, "response", "prices")).files == (PRICES, PLAN)
    ticket = await opens(desk)
    await sends(desk, ticket.id, "prices")
    assert len(await pieces(store, ticket.id)) == 3


async def test_what_no_version_ever_named_goes_after_a_month(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await filled(desk)
    stray = file("stray.pdf")
    await desk.run(keep_file, stray)
    clock.move(seconds=COMPANY_KEPT_FOR.total_seconds() - 60)
    assert await desk.run(forget_company_files) == 0
    clock.move(seconds=61)
    assert await desk.run(forget_company_files) == 1
    left = await store.rows(select(CompanyFile.name).order_by(CompanyFile.name))
    assert left == sorted([PRICES.name, PLAN.name])
    clock.move(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    assert (await desk.read(find_due_uploads)).unused == (stray.name,)


async def test_an_erase_takes_the_words_and_leaves_the_companys_file(
    desk: Desk, store: Store
) -> None:
    await filled(desk)
    ticket = await opens(desk)
    await sends(desk, ticket.id, "prices")
    await desk.run_as(await operator(desk), move, ticket.id, "close")
    await desk.run(erase_own, ALICE.address)
    assert all(name is None for _, _, name in await pieces(store, ticket.id))
    remains = await desk.read(find_remains)
    assert remains is not None and remains.files == (), "nothing of the company's is deleted"
    other = await opens(desk, BORIS)
    await sends(desk, other.id, "prices")
    assert len(await pieces(store, other.id)) == 3
