"""Links as the server checks them."""

from __future__ import annotations

import re

from sandbox.server.markup.plain import Entity


def user_link(url: str) -> int | None:
    """User identifier of a ``tg://user?id=`` link."""
    found = re.fullmatch(r"tg:(?://)?user/?\?(?:.*&)?id=(\d+)(?:&.*)?", url.strip(), re.IGNORECASE)
    return int(found[1]) if found else None


def check_url(url: str, *, https_only: bool = False) -> tuple[str | None, str]:
    """Check a link as the server does: ``(normalised URL, "")`` or ``(None, reason)``."""
    link = url
    lowered = link.lower()
    for scheme in ("tg:", "ton:", "tonsite:"):
        if lowered.startswith(scheme):
            if https_only:
                return None, "Only HTTPS links are allowed"
            rest = link[len(scheme) :].removeprefix("//")
            host = re.split(r"[/?#]", rest, maxsplit=1)[0]
            if not host:
                return None, "URL host is empty"
            if not re.fullmatch(r"[\w.-]+", host):
                return None, "Unallowed characters in URL host"
            return f"{scheme}//{rest}", ""
    found = re.match(r"(?:([a-zA-Z][a-zA-Z0-9+.-]*)://)?(.*)$", link, re.DOTALL)
    if found is None:  # cannot be: the pattern matches everything
        return None, "Unsupported URL protocol"
    scheme, rest = (found[1] or "http").lower(), found[2]
    if scheme not in ("http", "https"):
        return None, "Unsupported URL protocol"
    if https_only and scheme != "https":
        return None, "Only HTTPS links are allowed"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = authority.rsplit("@", 1)[-1]
    port = ""
    if not host.startswith("["):
        host, _, port = host.partition(":")
    if not host:
        return None, "URL host is empty"
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        return None, "Wrong port number specified in the URL"
    if re.search(r"[\s<>\"']", host):
        return None, "Disallowed character in URL host"
    if "." not in host and not host.startswith("["):
        return None, "Wrong HTTP URL"
    normalised = f"{scheme}://{authority.lower()}"
    rest_of = rest[len(authority) :]
    if not rest_of.startswith("/"):
        rest_of = "/" + rest_of
    return normalised + rest_of, ""


def link_entity(url: str, offset: int, length: int) -> Entity | None:
    user_id = user_link(url)
    if user_id:
        return {
            "type": "text_mention",
            "offset": offset,
            "length": length,
            "user": {"id": user_id, "is_bot": False, "first_name": ""},
        }
    checked, _ = check_url(url)
    if checked is None:
        return None  # the server drops wrong links silently and keeps the text
    return {"type": "text_link", "offset": offset, "length": length, "url": checked}
