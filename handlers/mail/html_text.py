"""The words of an HTML mail, line by line; quotations begin their lines with ``>``.

Nothing is executed, fetched or kept of the markup.
"""

import re
from typing import Final

LONGEST_HTML: Final = 1_000_000
_UNSHOWN: Final = "script, style, head, title, template, noscript, object, iframe, svg"
_BLOCKS: Final = frozenset(
    {
        *("address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt"),
        *("fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
_PARAGRAPHS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "blockquote", "pre"})
_SPACE: Final = re.compile(r"[ \t\r\n\f\u00a0\u200b\ufeff]+")


def text_of_html(html: str) -> str:
    """The text that a reader of the mail sees."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html[:LONGEST_HTML].replace("\0", ""))
    for node in tree.css(_UNSHOWN):
        node.decompose()
    root = tree.body
    if root is None:
        return ""
    writer = _Writer()
    writer.walk(root)
    return writer.text()


class _Writer:
    """Collects the lines of a tree without recursion: mails nest thousands of tables."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0

    def text(self) -> str:
        """All lines, no more than one of them empty in a row."""
        self._end()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def walk(self, root: object) -> None:
        stack: list[tuple[object, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                self._leave(node)
                continue
            if self._enter(node):
                stack.append((node, True))
                children = list(node.iter(include_text=True))  # type: ignore[attr-defined]
                stack.extend((child, False) for child in reversed(children))

    def _enter(self, node: object) -> bool:
        tag: str = node.tag  # type: ignore[attr-defined]
        if tag == "-text":
            self._say(node.text_content or "")  # type: ignore[attr-defined]
            return False
        if tag == "br":
            self._end(keep=True)
        elif tag in _BLOCKS:
            self._end()
        if tag == "li":
            self._line = ["• "]
        elif tag == "hr":
            self._lines.append(self._mark() + "________________")
        elif tag in ("td", "th") and self._line:
            self._line.append(" ")
        if _is_quotation(node, tag):
            self._depth += 1
        return True

    def _leave(self, node: object) -> None:
        tag: str = node.tag  # type: ignore[attr-defined]
        if tag in _BLOCKS:
            self._end()
            if tag in _PARAGRAPHS and self._lines and self._lines[-1].strip("> "):
                self._lines.append(self._mark().rstrip())
        if _is_quotation(node, tag):
            self._depth -= 1

    def _say(self, text: str) -> None:
        text = _SPACE.sub(" ", text)
        self._line.append(text if self._line else text.lstrip())

    def _end(self, *, keep: bool = False) -> None:
        line = _SPACE.sub(" ", "".join(self._line)).strip()
        if line or keep:
            self._lines.append((self._mark() + line).rstrip())
        self._line = []

    def _mark(self) -> str:
        return "> " * min(self._depth, 5)


def _is_quotation(node: object, tag: str) -> bool:
    if tag == "blockquote":
        return True
    if tag != "div":
        return False
    classes = str((node.attributes or {}).get("class") or "")  # type: ignore[attr-defined]
    return any(name in classes.split() for name in ("yahoo_quoted", "protonmail_quote"))
