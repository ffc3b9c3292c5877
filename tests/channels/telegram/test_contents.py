"""Every kind of words comes in, waits as JSON, and goes out again as it was."""

import json
from typing import Any

import pytest
from aiogram.enums import ContentType
from aiogram.types import MessageEntity
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.messages.formatting import KEPT, plain_words
from channels.telegram.messages.message_builder import album, edits, methods, pieces
from channels.telegram.messages.message_parser import Service, Unsupported, message_ref, read
from core.tickets.incoming import IncomingMessage
from core.words.names import units
from sandbox import Message
from tests.channels.telegram.harness import ChannelHarness

FORMATTED = (
    "<b>bold <i>and italic</i></b> <u>u</u> <s>s</s> <tg-spoiler>x</tg-spoiler> <code>c</code>\n"
    '<pre><code class="language-python">print(1)</code></pre>\n<blockquote>q</blockquote>'
    "<blockquote expandable>long</blockquote> 👩‍👩‍👧 end"
)


def send_all(harness: ChannelHarness) -> dict[str, Message]:
    """A message of every kind that is carried."""
    anna = harness.anna
    made = {
        "text": anna.say(FORMATTED, parse_mode="HTML"),
        "photo": anna.send_photo(caption="<b>look</b> here", parse_mode="HTML"),
        "video": anna.send_video(caption="v"),
        "voice": anna.send_voice(caption="listen"),
        "video_note": anna.send_video_note(),
        "document": anna.send_document(caption="d", name="report.pdf"),
        "audio": anna.send_audio(caption="a"),
        "sticker": anna.send_sticker(),
        "animation": anna.send_animation(caption="gif"),
        "location": anna.send_location(latitude=55.75, longitude=37.61),
        "venue": anna.send_venue(title="Cafe", address="Street 1"),
        "contact": anna.send_contact(phone="+79990000000", first_name="Boris"),
    }
    return {kind: done.result for kind, done in made.items()}


async def again(harness: ChannelHarness, incoming: IncomingMessage, **how: Any) -> list[Message]:
    """Say it in the operators' group, after a night in the database."""
    content = json.loads(json.dumps(incoming.content))
    sent = []
    for method in methods(content, harness.group.id, **how):
        result: Any = await harness.gateway.call(method)
        sent.append(harness.group.history[result.message_id])
    return sent


def same_words(one: Message, other: Message) -> bool:
    """Text, looks and file are the same."""
    file = [message.media and message.media["file_id"] for message in (one, other)]
    return (one.kind, one.text, one.entities) == (other.kind, other.text, other.entities) and (
        one.kind == "photo" or file[0] == file[1]
    )


async def test_every_kind_is_said_again_as_it_was(harness: ChannelHarness) -> None:
    for kind, message in send_all(harness).items():
        said = harness.read(message)
        assert (said.kind, said.content["kind"]) == (kind, kind)
        assert said.ref == message_ref(harness.anna.id, message.id)
        (copy,) = await again(harness, said)
        assert same_words(message, copy), kind
        assert copy.forward_origin is None
    harness.world.assert_clean()


async def test_a_header_stands_above_in_bold_or_before(harness: ChannelHarness) -> None:
    for kind, message in send_all(harness).items():
        sent = await again(harness, harness.read(message), prefix="👤 Anna · #12")
        assert sent[0].text.splitlines()[0] == "👤 Anna · #12", kind
        assert sent[0].entity_texts("bold")[0] == "👤 Anna · #12"
        alone = {"video_note", "sticker", "location", "venue", "contact"}
        assert len(sent) == (2 if kind in alone else 1)
        if len(sent) == 1:
            assert sent[0].text.endswith(message.text)
            texts = message.entity_texts()
            assert sent[0].entity_texts()[1:] == texts
        else:
            assert same_words(message, sent[1])
    harness.world.assert_clean()


async def test_what_cannot_be_carried_is_named_and_service_messages_are_nobodys(
    harness: ChannelHarness,
) -> None:
    refused = [harness.anna.send_poll().result, harness.anna.send_dice().result]
    assert [harness.read_any(message) for message in refused] == [
        Unsupported("poll"),
        Unsupported("dice"),
    ]
    pinned = harness.oleg.pin(harness.oleg.say(harness.group, "x").result).result
    assert harness.read_any(pinned) == Service("pinned_message")


# What people send and is not carried: it is refused aloud, and is no service message.
SAID = frozenset(
    {
        *(ContentType.POLL, ContentType.DICE, ContentType.STORY, ContentType.GAME),
        *(ContentType.CHECKLIST, ContentType.PAID_MEDIA, ContentType.INVOICE),
        *(ContentType.GIVEAWAY, ContentType.GIVEAWAY_WINNERS, ContentType.RICH_MESSAGE),
        *(ContentType.PASSPORT_DATA, ContentType.UNKNOWN),
    }
)


@pytest.mark.parametrize("kind", list(ContentType))
def test_every_kind_there_is_has_a_defined_result(kind: ContentType) -> None:
    class Fake:
        content_type = kind
        chat = caption = text = media_group_id = None

    try:
        result = read(Fake())  # type: ignore[arg-type]
    except AttributeError:
        return  # a kind that is carried: it looks into the message
    assert isinstance(result, Unsupported | Service)
    assert result.kind == kind.value
    if kind in SAID:
        assert isinstance(result, Unsupported)


async def test_a_reply_and_an_album_keep_what_they_belong_to(harness: ChannelHarness) -> None:
    first = harness.anna.say("one").result
    second = harness.anna.reply(first, "two").result
    assert harness.read(second).reply_to == message_ref(harness.anna.id, first.id)
    for message in harness.anna.send_album(["photo", "video"], caption="both").result:
        assert harness.read(message).album


def test_hidden_links_are_shown_and_calls_to_people_are_not_made() -> None:
    text = "see here, @oleg and /take or http://a.ru now"
    entities = [
        MessageEntity(type="text_link", offset=4, length=4, url="https://evil.example/x"),
        MessageEntity(type="bold", offset=0, length=8),
        MessageEntity(type="mention", offset=10, length=5),
        MessageEntity(type="italic", offset=10, length=5),
        MessageEntity(type="bot_command", offset=20, length=5),
        MessageEntity(type="text_link", offset=29, length=11, url="http://a.ru/"),
    ]
    shown, kept = plain_words(text, entities)
    assert shown == "see here (https://evil.example/x), @oleg and /take or http://a.ru now"
    assert kept == [
        {"type": "bold", "offset": 0, "length": 8},
        {"type": "italic", "offset": 35, "length": 5},
    ]


async def test_a_long_text_is_split_and_never_cut(harness: ChannelHarness) -> None:
    text = " ".join(f"word{n}" for n in range(560)) + "😀"
    message = harness.anna.say(text[:4096]).result
    sent = await again(harness, harness.read(message), prefix="👤 " + "A" * 60)
    assert sent[0].text == "👤 " + "A" * 60
    assert " ".join(part.text for part in sent[1:]).split() == text[:4096].split()
    harness.world.assert_clean()


def photo(text: str) -> dict[str, Any]:
    return {"kind": "photo", "text": text, "entities": [], "file_id": "f", "more": {}}


def test_a_caption_that_does_not_fit_follows_as_text() -> None:
    assert [p["kind"] for p in pieces(photo("a" * 1024))] == ["photo"]
    assert [p["kind"] for p in pieces(photo("a" * 1024), "#1")] == ["text", "photo"]
    long = pieces(photo("a " * 700), "#1")
    assert [(p["kind"], p["text"][:2]) for p in long] == [("photo", "#1"), ("text", "a ")]


async def test_albums_stay_albums_in_order_with_all_captions(harness: ChannelHarness) -> None:
    photos = harness.anna.send_album(["photo", "video", "photo"], caption="first").result
    contents = [harness.read(message).content for message in photos]
    contents[2]["text"] = "third"
    calls = album(contents, harness.group.id, prefix="#1")
    assert [places for _, places in calls] == [(0, 1, 2)]
    for method, _ in calls:
        await harness.gateway.call(method)
    stood = harness.group.bot_messages
    assert [message.kind for message in stood] == ["photo", "video", "photo"]
    assert [message.text for message in stood] == ["#1\nfirst", "", "third"]
    harness.world.assert_clean()


def test_an_album_of_strangers_goes_apart() -> None:
    document = photo("") | {"kind": "document"}
    sticker = photo("") | {"kind": "sticker"}
    contents = [photo("1"), photo("2" * 1100), document, sticker, *[photo("")] * 11]
    calls = album(contents, 1, prefix="#1")
    names = [(call.__api_method__, places) for call, places in calls]
    assert names == [
        ("sendMediaGroup", (0, 1)),
        ("sendMessage", (1,)),
        ("sendDocument", (2,)),
        ("sendSticker", (3,)),
        ("sendMediaGroup", tuple(range(4, 14))),
        ("sendPhoto", (14,)),
    ]


async def test_copies_are_edited_in_place(harness: ChannelHarness) -> None:
    for kind, message in send_all(harness).items():
        said = harness.read(message)
        sent = await again(harness, said, prefix="#1")
        content = said.content | {"text": "changed" if said.content["text"] else ""}
        changes = edits(
            content | {"entities": []}, harness.group.id, [m.id for m in sent], prefix="#1"
        )
        for change in changes:
            try:
                await harness.gateway.call(change)
            except Refused as refused:
                if refused.refusal is not ApiRefusal.UNCHANGED:
                    raise
        if said.content["text"]:
            assert sent[-1].text == "#1\nchanged", kind
    harness.world.assert_clean(ignore=("not_modified",))


KINDS = st.sampled_from(sorted(KEPT - {"pre", "blockquote", "expandable_blockquote"}))


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """Words with looks over whole words, as clients make them."""
    words = draw(st.lists(st.text("aбв😀é", min_size=1, max_size=9), min_size=1, max_size=12))
    entities, offset = [], 0
    for word in words:
        if draw(st.booleans()):
            entities.append({"type": draw(KINDS), "offset": offset, "length": units(word)})
        offset += units(word) + 1
    return " ".join(words), entities


@given(marked(), st.sampled_from([None, "👤 Anna · #12"]))
def test_looks_stay_on_their_words(
    words: tuple[str, list[dict[str, Any]]], prefix: str | None
) -> None:
    text, entities = words

    def looks(said: str, marks: list[dict[str, Any]]) -> list[tuple[str, str]]:
        return [(mark["type"], MessageEntity(**mark).extract_from(said)) for mark in marks]

    content = {"kind": "text", "text": text, "entities": entities}
    (piece,) = pieces(content, prefix)
    shown = looks(piece["text"], piece["entities"])
    assert shown[1 if prefix else 0 :] == looks(text, entities)
    parsed, kept = plain_words(text, [MessageEntity(**entity) for entity in entities])
    assert (parsed, kept) == (text, entities)
