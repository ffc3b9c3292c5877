"""A form with a mistake comes back with what was written, and the mistake beside its field (A9)."""

import re

import pytest

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.files import FolderStore
from core.models import Ticket
from core.words.names import clean_name
from handlers.http import uploads
from handlers.http.guard import MOST_UPLOAD
from tests.handlers.http.guest_browser import FILLED, HOSTILE, Guest, count
from tests.handlers.http.test_form import FIELDS

TYPED = FILLED | {"name": f"Anna {HOSTILE}", "text": f"Paid twice {HOSTILE}"}
LARGE = ("film.mp4", b"x" * 300_000)


@pytest.fixture
def small_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are too large sooner, so that no test has to send so much."""
    assert len(LARGE[1]) < MOST_UPLOAD
    monkeypatch.setattr(uploads, "MOST_UPLOAD", 200_000)


def fault_of(guest: Guest, name: str) -> str:
    """What stands beside this field, to which the field points."""
    found = re.search(rf'<p class="bad" role="alert" id="{name}-fault">(.*?)</p>', guest.html)
    assert found is not None, name
    (field,) = re.findall(rf'<[a-z]+ [^>]*name="{re.escape(name)}"[^>]*>', guest.html)
    assert 'aria-invalid="true"' in field and f'{name}-fault"' in field
    return found[1]


def is_kept(guest: Guest) -> bool:
    """What was typed stands there, as text."""
    name = "Anna &lt;script&gt;alert(1)&lt;/script&gt;"
    kept = f'value="{name}' in guest.html and "Paid twice &lt;script&gt;" in guest.html
    return kept and "<script" not in guest.html and 'value="anna@example.org"' in guest.html


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("name", " ", "Tell us your name."),
        ("reach", "nowhere", "That does not look like"),
        ("text", " ", "Tell us what happened."),
        ("consent", "", "without your consent"),
    ],
)
async def test_a_mistake_stands_beside_its_field(
    guest: Guest, desk: Desk, name: str, wrong: str, told: str
) -> None:
    await guest.opens("/form?lang=en")
    assert await guest.sends(FILLED | {name: wrong}) == 422
    assert told in fault_of(guest, name)
    assert guest.html.count('role="alert"') == 1 and guest.html.count(" autofocus") == 1
    assert await count(desk, Ticket) == 0


async def test_all_mistakes_are_shown_at_once(guest: Guest, desk: Desk) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    await guest.opens("/form?lang=en")
    assert await guest.sends({"topic": "payment", "text": "Paid twice"}) == 422
    for name in ("name", "reach", "field.flat", "consent"):
        assert fault_of(guest, name)
    assert guest.html.count(" autofocus") == 1 and "Paid twice" in guest.html


@pytest.mark.usefixtures("small_uploads")
async def test_of_files_that_are_too_large_what_was_written_stays(
    guest: Guest, desk: Desk, store: FolderStore
) -> None:
    del store
    await guest.opens("/form?lang=en")
    assert await guest.attaches(TYPED, LARGE) == 413
    assert "up to 20 MB together" in fault_of(guest, "files")
    assert is_kept(guest) and '<option value="payment" selected>' in guest.html
    assert "Go back" not in guest.html and "attach them again" in guest.html
    assert await count(desk, Ticket) == 0
    assert await guest.attaches(FILLED, ("photo.jpg", b"x")) == 303


@pytest.mark.usefixtures("slowly_again")
async def test_who_sends_files_too_often_types_nothing_twice(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    seen = [await guest.attaches(TYPED | {"reach": "x"}, ("a", b"x")) for _ in range(20)]
    assert set(seen) == {422}
    assert await guest.attaches(TYPED, ("a", b"x")) == 429
    assert is_kept(guest) and "Wait a minute" in guest.html
    assert await count(desk, Ticket) == 0


async def test_of_hundreds_of_files_what_was_written_stays(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    assert await guest.attaches(TYPED, *[(f"{n}.txt", b"x") for n in range(120)]) == 422
    assert "Too many files" in fault_of(guest, "files") and is_kept(guest)
    assert await count(desk, Ticket) == 0


@pytest.mark.usefixtures("small_uploads")
@pytest.mark.parametrize(
    ("language", "told"), [("en", "up to 20 MB together"), ("ru", "вместе до 20 МБ")]
)
async def test_an_answer_with_files_that_are_too_large_stays_on_the_page_of_its_ticket(
    guest: Guest, desk: Desk, language: str, told: str
) -> None:
    await guest.opens(f"/form?lang={language}")
    await guest.sends(FILLED)
    await guest.follows()
    assert await guest.attaches({"text": f"It is this one {HOSTILE}"}, LARGE) == 413
    assert told in fault_of(guest, "files")
    assert "It is this one &lt;script&gt;" in guest.html and "Paid twice" in guest.html
    assert await guest.attaches({"text": ""}) == 422
    assert fault_of(guest, "text") and await count(desk, Ticket) == 1


@pytest.mark.parametrize("charset", ["undefined", "punycode", "idna", "utf-7", "no-such-one"])
@pytest.mark.usefixtures("small_uploads")
async def test_no_encoding_is_a_fault_of_ours(guest: Guest, desk: Desk, charset: str) -> None:
    """Whatever they claim, whether files are read or not; the words may be others."""
    for files in ([("a.txt", b"x")], [LARGE]):
        await guest.opens("/form?lang=en")
        assert await guest.attaches(FILLED | {"name": "é"}, *files, charset=charset) < 500


async def test_a_name_is_no_longer_than_what_is_kept_of_it(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    found = re.search(r'<input id="name"[^>]* maxlength="(\d+)"', guest.html)
    assert found is not None and int(found[1]) == len(clean_name("x" * 300))


async def test_what_cannot_be_read_is_not_said_to_be_there(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    many = [(f"{number}.txt", b"x") for number in range(301)]
    assert await guest.attaches(FILLED, *many) == 400
    assert "is not here any more" in fault_of(guest, "files")
    assert 'value="anna@example.org"' not in guest.html
