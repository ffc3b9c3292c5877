"""Pictures for who has no camera at hand: what a company's cameras may show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.server.images import encode_gif, encode_png

Colour = tuple[int, ...]

WIDTH: Final = 800
HEIGHT: Final = 600

# The signs of a camera's caption: five rows of three bits each.
_SIGNS: Final = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711",
    "5": "74717", "6": "74757", "7": "71111", "8": "75757", "9": "75717",
    ":": "02020", "-": "00700", "C": "74447", "A": "75755", "M": "57755",
}  # fmt: skip


class Canvas:
    """Rows of pixels; a colour has as many numbers as the first one that was poured."""

    def __init__(self, width: int, height: int, colour: Colour) -> None:
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(colour) * width) for _ in range(height)]

    def box(self, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        """Fill a rectangle; what is outside of the canvas is cut off."""
        left, right = max(0, left), min(self.width, right)
        if left >= right:
            return
        run, depth = bytes(colour) * (right - left), len(colour)
        for row in self.rows[max(0, top) : max(0, bottom)]:
            row[left * depth : right * depth] = run

    def shade(self, top: int, bottom: int, above: Colour, below: Colour) -> None:
        """Fade from one colour to another, from ``top`` down to ``bottom``."""
        self.shade_box(0, top, self.width, bottom, above, below)

    def shade_box(
        self, left: int, top: int, right: int, bottom: int, above: Colour, below: Colour
    ) -> None:
        """The same within a rectangle."""
        for y in range(top, bottom):
            part = (y - top) / (bottom - top)
            blend = [round(a + (b - a) * part) for a, b in zip(above, below, strict=True)]
            self.box(left, y, right, y + 1, tuple(blend))

    def disc(self, x: int, y: int, radius: int, colour: Colour) -> None:
        """Fill a circle."""
        for step in range(-radius, radius + 1):
            half = round((radius * radius - step * step) ** 0.5)
            self.box(x - half, y + step, x + half, y + step + 1, colour)

    def png(self) -> bytes:
        """The picture as a file."""
        return encode_png(self.width, self.height, [bytes(row) for row in self.rows])

    def write(self, x: int, y: int, words: str, colour: Colour, size: int = 4) -> None:
        """A camera's caption."""
        for place, sign in enumerate(words):
            for row, bits in enumerate(_SIGNS.get(sign, "00000")):
                for column in range(3):
                    if int(bits, 8) >> (2 - column) & 1:
                        left, top = x + (place * 4 + column) * size, y + row * size
                        self.box(left, top, left + size, top + size, colour)


def _gate(canvas: Canvas) -> None:
    """A yard at night, the gate half open."""
    canvas.shade(0, 330, (12, 16, 28), (38, 46, 66))
    canvas.shade(330, HEIGHT, (52, 54, 58), (24, 24, 26))
    canvas.box(60, 120, 330, 340, (44, 40, 42))
    canvas.box(90, 170, 150, 215, (196, 170, 96))
    canvas.disc(610, 90, 34, (250, 236, 190))
    canvas.box(604, 120, 614, 360, (60, 62, 66))
    for left in range(360, 800, 26):
        canvas.box(left, 200, left + 7, 380, (92, 96, 102))
    canvas.box(360, 200, 800, 210, (110, 114, 120))
    canvas.box(500, 200, 620, 380, (20, 24, 34))
    canvas.write(24, 24, "CAM 4  22-11  03:14:07", (235, 235, 235))


def _parking(canvas: Canvas) -> None:
    """A brick wall that fills the view, and a strip of the parking below it."""
    canvas.box(0, 0, WIDTH, HEIGHT, (148, 86, 66))
    for line, top in enumerate(range(0, 440, 40)):
        canvas.box(0, top, WIDTH, top + 5, (186, 172, 160))
        for left in range(-50 * (line % 2), WIDTH, 100):
            canvas.box(left, top, left + 5, top + 40, (186, 172, 160))
    canvas.shade(440, HEIGHT, (98, 100, 104), (64, 66, 70))
    for left in range(40, WIDTH, 190):
        canvas.box(left, 470, left + 8, HEIGHT, (232, 232, 226))
    canvas.box(270, 500, 390, 560, (176, 38, 40))
    canvas.box(290, 474, 370, 505, (116, 150, 178))
    canvas.disc(296, 562, 16, (20, 20, 22))
    canvas.disc(366, 562, 16, (20, 20, 22))
    canvas.write(24, 24, "CAM 2  21-11  11:42:30", (255, 255, 255))


def _lobby(canvas: Canvas) -> None:
    """A lobby with a door of glass and a desk."""
    canvas.shade(0, 380, (214, 210, 202), (188, 184, 178))
    canvas.shade(380, HEIGHT, (150, 130, 108), (116, 98, 80))
    canvas.box(300, 110, 500, 400, (90, 96, 104))
    canvas.shade_box(310, 120, 490, 400, (196, 222, 236), (150, 186, 204))
    canvas.box(396, 120, 404, 400, (90, 96, 104))
    canvas.box(560, 300, 780, 420, (120, 82, 52))
    canvas.box(550, 288, 790, 304, (160, 114, 76))
    canvas.box(90, 330, 130, 400, (138, 92, 66))
    for x, y in ((90, 300), (120, 270), (140, 305), (105, 250)):
        canvas.disc(x, y, 34, (62, 120, 70))
    canvas.write(24, 24, "CAM 1  20-11  20:58:51", (40, 40, 44))


def _dark(canvas: Canvas) -> None:
    """No picture at all but the caption."""
    canvas.shade(0, HEIGHT, (10, 10, 12), (16, 16, 18))
    canvas.write(24, 24, "CAM 3  22-11  09:05:12", (225, 225, 225))
    canvas.write(310, 280, "-- --", (120, 120, 124), 12)


PICTURES: Final[dict[str, Callable[[Canvas], None]]] = {
    "lobby": _lobby,
    "gate": _gate,
    "parking": _parking,
    "dark": _dark,
}


def picture(name: str) -> bytes:
    """One of the `PICTURES` as a PNG of `WIDTH` × `HEIGHT`."""
    canvas = Canvas(WIDTH, HEIGHT, (0, 0, 0))
    PICTURES[name](canvas)
    return canvas.png()


def sticker() -> bytes:
    """A smile on nothing, 512 × 512."""
    canvas = Canvas(512, 512, (0, 0, 0, 0))
    canvas.disc(256, 256, 236, (255, 204, 77, 255))
    canvas.disc(256, 300, 130, (102, 69, 0, 255))
    canvas.box(110, 160, 402, 300, (255, 204, 77, 255))
    canvas.disc(176, 200, 34, (102, 69, 0, 255))
    canvas.disc(336, 200, 34, (102, 69, 0, 255))
    return canvas.png()


def moving(width: int = 240, height: int = 180) -> bytes:
    """A camera that turns its head, as a GIF."""
    palette = bytes((18, 22, 30, 70, 78, 92, 226, 60, 56, 150, 160, 176))
    frames = []
    for step in (0, 8, 16, 24, 32, 24, 16, 8):
        canvas = Canvas(width, height, (0,))
        canvas.box(0, 130, width, height, (1,))
        canvas.box(116, 20, 124, 60, (3,))
        canvas.box(70 + step, 52, 140 + step, 92, (3,))
        canvas.disc(70 + step, 72, 14, (1,))
        canvas.disc(130 + step, 62, 4, (2,))
        frames.append(b"".join(bytes(row) for row in canvas.rows))
    return encode_gif(width, height, palette, frames)
