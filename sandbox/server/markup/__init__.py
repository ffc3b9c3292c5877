"""Strict parsers of the HTML, MarkdownV2 and Markdown parse modes.

Accepted input, error texts and byte offsets follow the official server
(https://core.telegram.org/bots/api#formatting-options). A parser returns the plain text and the
entities, with offsets in UTF-16 code units, or raises :class:`~sandbox.markup.plain.MarkupError`.
"""
