"""Attachments for who has none at hand."""

from __future__ import annotations

from sandbox.images import png
from sandbox.media import Upload


def sample(kind: str, name: str | None, number: int) -> Upload | None:
    """A sample of this kind."""
    if kind in ("photo", "sticker"):
        return Upload(f"{name or kind}.png", png(640, 480, seed=number), "image/png")
    return None
