"""How Telegram opens a bot's Mini App: an address with who opens it, signed, and the app's colours.

See https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Final
from urllib.parse import quote, urlencode

from sandbox.people.person import Person

_COLOURS: Final = {"light": "#ffffff", "dark": "#17212b"}
PATH: Final = "/app"


def opened_by(person: Person, token: str, now: float, theme: str) -> str:
    """Return what stands behind the ``#`` of the address. ``theme``: ``light`` or ``dark``."""
    colours = json.dumps({"bg_color": _COLOURS.get(theme, _COLOURS["light"])})
    given = {"tgWebAppData": init_data(person, token, now), "tgWebAppVersion": "9.1"}
    return urlencode(given | {"tgWebAppThemeParams": colours}, quote_via=quote)


def init_data(person: Person, token: str, now: float) -> str:
    """Return who opens it, signed with the bot's token as Telegram does. ``now``: unix seconds."""
    user = {"id": person.id, "first_name": person.first_name, "language_code": person.language}
    fields = {
        "auth_date": str(int(now)),
        "query_id": secrets.token_hex(8),
        "user": json.dumps(user, ensure_ascii=False),
    }
    told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    fields["hash"] = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)
