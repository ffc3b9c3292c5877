"""What somebody sees who asks too often: when to ask again, and a way there (S40).

A form that was refused is on the page with all that was entered, to be sent again by one button.
"""

from html import escape
from typing import Final

from fastapi import Request

from channels.telegram.screens.screen import Renderer
from handlers.http.app.fields import hidden
from handlers.http.app.pages import file_field
from handlers.http.guard import is_multipart
from handlers.http.problems import Problem
from handlers.http.uploads import Form, read_form

# Fields that hold words; they are shown, the others only carried.
_WORDS: Final = ("title", "text")
# Characters of a form that is carried: more than any form of the app takes.
_MOST_CARRIED: Final = 100_000


async def draw_too_often(renderer: Renderer, request: Request, wait: int) -> str:
    """Return the page's HTML. ``wait``: seconds until they may ask again."""
    said = renderer.html("refusal.asked_too_much", n=wait)
    if request.method == "GET":
        on = f'<p><a href="{_address(request)}">{renderer.html("app.again")}</a></p>'
    elif (form := await _read(request)) is not None:
        on = _draw_again(renderer, request, form)
    else:
        on = f"<p>{renderer.html('app.not_sent')}</p>"
    return f'<p class="bad" role="alert">{said}</p>{on}'


def _address(request: Request) -> str:
    return escape(f"{request.url.path}?{request.url.query}".removesuffix("?"))


async def _read(request: Request) -> Form | None:
    """Return the form, read as the routes read it; ``None`` where it cannot be read or carried."""
    try:
        form = await read_form(request)
    except Problem:  # it is too large, or too slow
        return None
    finally:
        await request.close()  # files that were read to the disk
    length = sum(len(name) + len(value) for name, value in form.fields.items())
    whole = form.unread is None and bool(form.fields)
    return form if whole and length <= _MOST_CARRIED else None


def _draw_again(renderer: Renderer, request: Request, form: Form) -> str:
    """Return the words, and the same form. It has the token that it came with and no other: a form
    of another site is refused as it would have been.
    """
    typed = [form.fields[name] for name in _WORDS if form.fields.get(name)]
    words = "".join(f"<blockquote>{escape(one)}</blockquote>" for one in typed)
    shown = f'<div class="card">{words}</div>' if words else ""
    files = f"<p>{renderer.html('app.files_again')}</p>{file_field(renderer)}" if form.files else ""
    # sent as it came: with what its route may read of it, and by htmx only if it was before
    kind = ' enctype="multipart/form-data"' if is_multipart(request.headers) else ""
    plain = "" if "hx-boosted" in request.headers else ' hx-boost="false"'
    return (
        f"<p>{renderer.html('app.kept')}</p>{shown}"
        f'<form method="post" action="{_address(request)}"{kind}{plain}>{hidden(**form.fields)}'
        f'{files}<div class="row"><button>{renderer.html("app.send_again")}</button></div></form>'
    )
