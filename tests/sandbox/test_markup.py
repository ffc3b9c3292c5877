"""Parse modes, entities and limits of texts."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server.entities import detect_entities, formatted, utf16_len
from sandbox.server.errors import ApiError
from sandbox.server.markup.html_style import parse_html
from sandbox.server.markup.legacy_markdown import parse_markdown
from sandbox.server.markup.links import check_url
from sandbox.server.markup.markdown_v2 import parse_markdown_v2
from sandbox.server.markup.plain import MarkupError


def kinds(parsed: tuple[str, list[dict[str, Any]]]) -> list[tuple[str, int, int]]:
    return [(e["type"], e["offset"], e["length"]) for e in parsed[1]]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>x</b>", "x", [("bold", 0, 1)]),
        ("<B>x</B >", "x", [("bold", 0, 1)]),
        ("<b>x</>", "x", [("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<i>😀</i>a<u>b</u>", "😀ab", [("italic", 0, 2), ("underline", 3, 1)]),
        ("<b><i>x</i></b>", "x", [("italic", 0, 1), ("bold", 0, 1)]),
        ("&lt;a&gt;&amp;&quot;&nbsp;", '<a>&"&nbsp;', []),
        ("&#128512;<s>x</s>", "😀x", [("strikethrough", 2, 1)]),
        ("&#x41;", "A", []),
        ("<pre><code class='language-py'>a</code></pre>", "a", [("pre", 0, 1)]),
        ("<code>a</code>", "a", [("code", 0, 1)]),
        ('<a href="tg://resolve?domain=x">t</a>', "t", [("text_link", 0, 1)]),
        ("<a href='nonsense'>t</a>", "t", []),
        ("<a>example.com</a>", "example.com", [("text_link", 0, 11)]),
        (
            '<tg-spoiler>s</tg-spoiler><span class="tg-spoiler">s</span>',
            "ss",
            [("spoiler", 0, 1), ("spoiler", 1, 1)],
        ),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<tg-time unix="1700000000" format="wDT">t</tg-time>', "t", [("date_time", 0, 1)]),
    ],
)
def test_html_becomes_text_and_entities(
    source: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    parsed = parse_html(source)
    assert parsed[0] == text
    assert sorted(kinds(parsed)) == sorted(entities)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("ы<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=a/b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<a href='x", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<tg-emoji emoji-id='x'>e</tg-emoji>", "Invalid custom emoji identifier specified"),
    ],
)
def test_wrong_html_is_refused_in_telegrams_words(source: str, error: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_html(source)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        (
            "*b* _i_ __u__ ~s~ ||p||",
            "b i u s p",
            [
                ("bold", 0, 1),
                ("italic", 2, 1),
                ("underline", 4, 1),
                ("strikethrough", 6, 1),
                ("spoiler", 8, 1),
            ],
        ),
        (r"1\.5 \- x\!", "1.5 - x!", []),
        ("`a.b!`", "a.b!", [("code", 0, 4)]),
        ("```py\na\n```", "a\n", [("pre", 0, 2)]),
        ("[x](https://a.b/c)", "x", [("text_link", 0, 1)]),
        ("*a _b_ c*", "a b c", [("bold", 0, 5), ("italic", 2, 1)]),
        (">q\n>w\ne", "q\nw\ne", [("blockquote", 0, 4)]),
        (">q||", "q", [("expandable_blockquote", 0, 1)]),
        ("![👍](tg://emoji?id=5368324170671202286)", "👍", [("custom_emoji", 0, 2)]),
    ],
)
def test_markdown_v2_becomes_text_and_entities(
    source: str, text: str, entities: list[tuple[str, int, int]]
) -> None:
    parsed = parse_markdown_v2(source)
    assert parsed[0] == text
    assert sorted(kinds(parsed)) == sorted(entities)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("a.b", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("1-2", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("a | b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("(x)", "Character '(' is reserved and must be escaped with the preceding '\\'"),
        ("hi!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        ("*b", "Can't find end of Bold entity at byte offset 0"),
        ("x _i", "Can't find end of Italic entity at byte offset 2"),
        ("`c", "Can't find end of Code entity at byte offset 0"),
        ("[x](http://a.b", "Can't find end of a URL at byte offset 4"),
        ("![x]", "The entity must contain a tg://emoji or tg://time URL"),
    ],
)
def test_wrong_markdown_v2_is_refused_in_telegrams_words(source: str, error: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_markdown_v2(source)
    assert str(caught.value) == error


def test_legacy_markdown_does_not_nest() -> None:
    assert kinds(parse_markdown("*b* _i_ `c` [t](http://a.ru)")) == [
        ("bold", 0, 1),
        ("italic", 2, 1),
        ("code", 4, 1),
        ("text_link", 6, 1),
    ]
    with pytest.raises(MarkupError, match="starting at byte offset 5"):
        parse_markdown("snake_case")
    assert parse_markdown(r"snake\_case")[0] == "snake_case"


def test_links_mentions_and_commands_are_found() -> None:
    def found(text: str) -> list[tuple[str, str]]:
        data = text.encode("utf-16-le")
        return sorted(
            (e["type"], data[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le"))
            for e in detect_entities(text)
        )

    assert found("/start x") == [("bot_command", "/start")]
    assert found("😀 /take@help_bot 1") == [("bot_command", "/take@help_bot")]
    assert found("a/b 1/2 </x>") == []
    assert found("see https://a.ru/x?y=1, ok") == [("url", "https://a.ru/x?y=1")]
    assert found("ya.ru and file.txt") == [("url", "ya.ru")]
    assert found("me@a.com") == [("email", "me@a.com")]
    assert found("@anna_k, hi") == [("mention", "@anna_k")]
    assert found("#тег #1") == [("hashtag", "#тег")]
    assert found("+7 912 345-67-89") == [("phone_number", "+7 912 345-67-89")]


def test_texts_and_captions_have_limits() -> None:
    assert formatted("<b>" + "x" * 4096 + "</b>", "HTML", None, limit=4096)[0] == "x" * 4096
    assert len(formatted("😀" * 4096, None, None, limit=4096)[0]) == 4096
    for text, error in [
        ("x" * 4097, "message is too long"),
        ("", "message text is empty"),
        (" \n\u200b ", "text must be non-empty"),
        ("<b> </b>", "text must be non-empty"),
        ("x" * 40000, "text is too long"),
    ]:
        with pytest.raises(ApiError) as caught:
            formatted(text, "HTML", None, limit=4096)
        assert caught.value.description == f"Bad Request: {error}"
    with pytest.raises(ApiError, match="message caption is too long"):
        formatted("x" * 1025, None, None, limit=1024, what="caption")
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        formatted("x", "BBCode", None, limit=4096)


def test_entities_survive_the_trimming_of_a_text() -> None:
    assert formatted("  x  ", None, None, limit=10)[0] == "x"
    text, entities = formatted("  <b>x </b> ", "HTML", None, limit=10)
    assert (text, entities) == ("x", [{"type": "bold", "offset": 0, "length": 1}])
    text, entities = formatted(
        "a\r\nb", None, [{"type": "bold", "offset": 3, "length": 1}], limit=9
    )
    assert (text, entities) == ("a\nb", [{"type": "bold", "offset": 2, "length": 1}])
    with pytest.raises(ApiError, match="ends after the end of the text"):
        formatted("abc", None, [{"type": "bold", "offset": 1, "length": 5}], limit=9)
    with pytest.raises(ApiError, match="in a middle of a UTF-16 symbol"):
        formatted("😀", None, [{"type": "bold", "offset": 0, "length": 1}], limit=9)
    assert utf16_len("😀a") == 3


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://a.ru/x", ""),
        ("a.ru", ""),
        ("tg://user?id=1", ""),
        ("localhost", "Wrong HTTP URL"),
        ("http://localhost:8080/x", "Wrong HTTP URL"),
        ("", "URL host is empty"),
        ("ftp://a.ru", "Unsupported URL protocol"),
    ],
)
def test_links_are_checked_as_the_server_does(url: str, reason: str) -> None:
    assert check_url(url)[1] == reason


def test_some_links_must_be_https() -> None:
    assert check_url("http://a.ru", https_only=True)[1] == "Only HTTPS links are allowed"
