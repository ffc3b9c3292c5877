"""Attachments for who has none at hand: pictures, a voice, a tune, a paper, a moving picture."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import cache
from typing import Final

from sandbox.page.pictures import HEIGHT, PICTURES, WIDTH, moving, picture, sticker
from sandbox.server.media import Upload

_RATE: Final = 8000  # samples a second
_NAMES: Final = tuple(PICTURES)


def sample(kind: str, name: str | None, number: int) -> Upload | None:
    """A sample of this kind; of photos the one of this name, or else the ``number``-th."""
    if kind == "photo":
        _, _, data = photo(name if name in PICTURES else _NAMES[number % len(_NAMES)])
        return Upload("photo.png", data, "image/png")
    made = _SAMPLES.get(kind)
    return made() if made is not None else None


@cache
def photo(name: str) -> tuple[int, int, bytes]:
    """Width, height and PNG of what a camera shows: one of `PICTURES`."""
    return WIDTH, HEIGHT, picture(name)


@cache
def _sticker() -> Upload:
    return Upload("sticker.png", sticker(), "image/png")


@cache
def _moving() -> Upload:
    """Videos too: a GIF is the only moving picture that can be made here."""
    return Upload("camera.gif", moving(), "image/gif")


@cache
def _voice() -> Upload:
    """Somebody hums: syllables that rise and fall."""
    sound = []
    for at in range(3 * _RATE):
        second = at / _RATE
        pitch = 120 + 30 * math.sin(2.1 * second) + 12 * math.sin(7 * second)
        loud = max(0.0, math.sin(math.pi * second * 3.3)) ** 0.7 * min(1.0, 3 - second)
        wave = sum(math.sin(2 * math.pi * pitch * n * second) / n for n in (1, 2, 3, 5))
        sound.append(round(5200 * loud * wave))
    return Upload("voice.wav", _wav(sound), "audio/wav")


@cache
def _audio() -> Upload:
    """A bell of four tones."""
    sound = []
    for at in range(4 * _RATE):
        second = at / _RATE
        tone = (523.3, 659.3, 784.0, 1046.5)[int(second)]
        fade = math.exp(-3 * (second % 1))
        sound.append(round(9000 * fade * math.sin(2 * math.pi * tone * second)))
    return Upload("bell.wav", _wav(sound), "audio/wav")


def _wav(sound: list[int]) -> bytes:
    """16 bit, mono."""
    body = struct.pack(f"<{len(sound)}h", *sound)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    rest = b"WAVE" + form + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(rest)) + rest


@cache
def _paper() -> Upload:
    """One page of PDF."""
    words = b"BT /F1 18 Tf 72 740 Td (Inspection report: camera 4, gate) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>"
        ),
        b"<</Length %d>>stream\n%s\nendstream" % (len(words), words),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    paper, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(paper))
        paper += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (6, len(paper))
    paper += b"xref\n0 6\n0000000000 65535 f \n" + table + trailer
    return Upload("report.pdf", paper, "application/pdf")


_SAMPLES: Final[dict[str, Callable[[], Upload]]] = {
    "sticker": _sticker,
    "animation": _moving,
    "video": _moving,
    "video_note": _moving,
    "voice": _voice,
    "audio": _audio,
    "document": _paper,
}
