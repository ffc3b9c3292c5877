"""An operator's emphasis and links in a mail, and nothing that they did not mean."""

from typing import Any

import pytest

from channels.email.letter_html import html_of


def body(text: str, *entities: dict[str, Any]) -> str:
    opened, closed = '<div style="white-space: pre-wrap">', "</div>"
    html = html_of(text, entities)
    assert html.startswith(opened) and html.endswith(closed)
    return html.removeprefix(opened).removesuffix(closed)


def link(url: str, offset: int, length: int) -> dict[str, Any]:
    return {"type": "text_link", "offset": offset, "length": length, "url": url}


def test_the_address_of_a_link_stays_in_its_attribute() -> None:
    url = 'https://a.test/?x=1&y="><script>'
    told = "https://a.test/?x=1&amp;y=&quot;&gt;&lt;script&gt;"
    assert body("See here", link(url, 4, 4)) == f'See <a href="{told}">here</a>'


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc", ""])
def test_what_leads_to_no_page_mail_or_phone_is_no_link(url: str) -> None:
    assert body("See here", link(url, 4, 4)) == "See here"


def test_signs_of_html_in_words_are_words() -> None:
    bold = {"type": "bold", "offset": 3, "length": 5}
    assert body("😀 <door> & gate", bold) == "😀 <b>&lt;door</b>&gt; &amp; gate"
