"""Requests that somebody would send who wants to break the door or to see what is not theirs.

All of them come from one seed: paths of every route that is served, with what the attacker holds,
what is forged, and what no path, header or body should be.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from handlers.http.app.session import COOKIE
from tests.handlers.http.whole_door import Actor

METHODS: Final = (
    *("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get"),
    *("PROPFIND", "X" * 300, "GET\t", "Ж"),
)
# Already quoted, so that what no text can say is among them.
HOSTILE: Final = (
    *(
        "",
        "0",
        "-1",
        "1",
        "2",
        "3",
        "999999",
        "9" * 30,
        "1e9",
        "٣",
        "%D9%A3",
        "%C3%A9",
        "é",
        "%00",
        "%ff",
        "%ed%a0%80",
    ),
    *("..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%2e%2e/", "//", "%252e", "."),
    *("%3Cscript%3Ealert(1)%3C/script%3E", "%22onload=%22x", "%27%20OR%201=1%20--", "%25s%25n"),
    *("%7Bname%7D", "%24%7B7*7%7D", "%0d%0aX-Injected:%201", "%0d%0aSet-Cookie:%20a=b", "x" * 3000),
    *("2026-02-30", "0001-01-01", "9999-12-31", "2026-11-01", "%E2%80%AEevil", "NaN", "null", "[]"),
    *("topic:payment", "topic:%00", "assignee_id:x", "queue", "overdue", "-5.5.5", "1.1.1.1"),
)
PARAMETERS: Final = (
    *("view", "find", "before", "after", "page", "response", "file", "lang", "color", "since"),
    *("until", "scope", "figure", "part", "theme", "layout", "period", "cursor", "limit", "q"),
    *("title", "external_id", "ticket", "of", "token", "verb", "init_data", "v", "state", "tag"),
)
FIELDS: Final = (
    *("name", "reach", "topic", "text", "consent", "website", "once", "token", "verb", "until"),
    *("init_data", "start", "response", "digest", "kind", "field.flat"),
)
TYPES: Final = (
    *("application/json", "application/x-www-form-urlencoded", "text/plain", "application/xml"),
    *("application/x-www-form-urlencoded; charset=utf-7", "application/json; charset=utf-16"),
    *("multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary="),
    *(
        "multipart/form-data; boundary=x; charset=none-such",
        f"multipart/form-data; boundary={'b' * 900}",
    ),
    *("MULTIPART/FORM-DATA; boundary=x", "multipart/mixed; boundary=x", "", "é", "/" * 400),
)
STRANGE_HEADERS: Final = (
    b"X-Big: " + b"x" * 80_000,
    b"X-Some: " + b"y" * 8_000,
    b"X-Many: z\r\n" * 300,
    b"X-Injected : 1",
    b"X-Folded: a\r\n b",
    b"X-Zero: a\0b",
    b": nameless",
    b"no colon",
    b"X-Bare: a\nX-Injected: 1",
    b"Host: other.test",
    b"Host:",
    b"Content-Length: 5",
    b"Content-Length: -1",
    b"Content-Length: 1e3",
    b"Content-Length: " + b"9" * 40,
    b"Content-Length: 5, 6",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: xchunked",
    b"Content-Encoding: gzip",
    b"Expect: 100-continue",
    b"Expect: something",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==",
    b"Connection: Upgrade\r\nUpgrade: h2c",
    b"Range: bytes=0-1,5-,-9",
    b"Accept-Language: " + b"ru," * 2_000,
    b"Accept-Language: \xff\xfe",
    b"X-Forwarded-For: 127.0.0.1",
    b"X-Forwarded-For: \xe9, , ::1",
    b"X-Forwarded-For: not an address",
    b"X-Forwarded-Proto: javascript",
    b"X-Forwarded-Host: evil.test",
    b"Cookie: " + b"; ".join(b"a%d=b" % n for n in range(500)),
    b"Cookie: frontdoor_app=\xff; frontdoor_app=",
    b"Authorization: Bearer \xe9",
    b"Authorization: Bearer",
    b"Idempotency-Key: \xe9",
    b"Idempotency-Key: " + b"k" * 5_000,
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One attack: who, what goes over the line, and whether that is all that it announces;
    ``leaves``: who sends it does not wait for an answer.
    """

    who: str
    route: str
    raw: bytes
    whole: bool
    leaves: bool


@dataclass(slots=True)
class Attack:
    """All attacks of a seed. ``actors``: who comes with what; ``routes``: methods and paths."""

    chance: random.Random
    actors: Mapping[str, Actor]
    routes: Sequence[tuple[str, str]]
    message: int

    def shot(self) -> Shot:
        """The next one."""
        chance = self.chance
        who = chance.choice(list(self.actors))
        usual, path = chance.choice(self.routes)
        method = usual if chance.random() < 0.75 else chance.choice(METHODS)
        body, kind = (
            self._body(who) if usual in {"POST", "PUT"} or chance.random() < 0.1 else (b"", "")
        )
        target = self._target(path, self.actors[who])
        lines = [f"{method} {target} {self._version()}".encode(), *self._headers(who)]
        lines += [b"Content-Type: " + kind.encode()] if kind else []
        lines += chance.sample(STRANGE_HEADERS, chance.choice((0, 0, 0, 1, 1, 2)))
        framed, body, whole = self._framed(body)
        chance.shuffle(lines_after := lines[1:] + framed)
        head = b"\r\n".join([lines[0], *lines_after]) + b"\r\n\r\n"
        if chance.random() < 0.02:
            head, body, whole = head[: chance.randrange(len(head))], b"", False
        leaves = chance.random() < 0.03 or (not whole and chance.random() < 0.3)
        return Shot(who, f"{method} {path}", head + body, whole, leaves)

    def _version(self) -> str:
        usual = self.chance.random() < 0.95
        return "HTTP/1.1" if usual else self.chance.choice(("HTTP/1.0", "HTTP/0.9", "HTTP/7", ""))

    def _target(self, path: str, actor: Actor) -> str:
        chance = self.chance
        held = {"signed": actor.follow, "secret": actor.entrance, "message": str(self.message)}
        if path.startswith("/files/"):
            places = ("name", "until", "signed", "title:path")
            held = dict(zip(places, actor.file.split("/"), strict=True))
        parts = []
        for part in path.split("/"):
            if part.startswith("{"):
                value = held.get(part[1:-1], "1")
                parts.append(value if chance.random() < 0.5 else self._bent(value))
            else:
                parts.append(part)
        target = "/".join(parts)
        if chance.random() < 0.05:
            target = (
                chance.choice(("//", "/./", "/x/..", "http://desk.test", "*", "/%2e%2e")) + target
            )
        names = chance.sample(PARAMETERS, chance.choice((0, 0, 1, 2, 4)))
        query = "&".join(f"{name}={chance.choice(HOSTILE)}" for name in names)
        return f"{target}?{query}" if query else target

    def _bent(self, value: str) -> str:
        """Something like what counts: cut, longer, another sign, somebody else's number."""
        chance = self.chance
        place = chance.randrange(len(value) + 1)
        return chance.choice(
            (
                chance.choice(HOSTILE),
                value[:place],
                value + chance.choice(("0", "%00", "/", "%C3%A9")),
                value[:place] + chance.choice("0123456789abcdef-.") + value[place + 1 :],
                value.replace("1-", "2-").replace("2-", "1-"),
                value.upper(),
                quote(value, safe=""),
            )
        )

    def _headers(self, who: str) -> list[bytes]:
        chance, actor = self.chance, self.actors[who]
        lines = [b"Host: desk.test", b"X-Forwarded-For: 203.0.113.9"]
        lines.append(b"Connection: close")
        if actor.session and chance.random() < 0.8:
            value = actor.session if chance.random() < 0.6 else self._bent_cookie(actor.session)
            lines.append(f"Cookie: {COOKIE}={value}".encode("latin-1", "replace"))
        key = actor.key("tickets:read")
        if key and chance.random() < 0.8:
            lines.append(f"Authorization: Bearer {key}".encode())
        return lines

    def _bent_cookie(self, value: str) -> str:
        parts = value.split(".")
        place = self.chance.randrange(len(parts))
        parts[place] = self.chance.choice(
            ("", "301", "telegram", "9999999999", "٣", "x" * 90, "0" * 20)
        )
        return ".".join(parts)

    def _body(self, who: str) -> tuple[bytes, str]:
        make = self.chance.choice((self._form, self._form, self._json, self._multipart, self._junk))
        body, kind = make(who)
        return body, kind if self.chance.random() < 0.85 else self.chance.choice(TYPES)

    def _value(self) -> str:
        return self.chance.choice((*HOSTILE, "hello", "1", "close", "answer", "€" * 2000, "\u202e"))

    def _fields(self, who: str) -> dict[str, str]:
        """Fields as a page asks for them, and some that are not what they should be."""
        actor, chance = self.actors[who], self.chance
        given = {
            *(("name", "Eve"), ("reach", "eve@example.org"), ("text", "hello"), ("consent", "1")),
            *(("init_data", actor.init_data), ("once", f"{chance.getrandbits(128):032x}")),
            *(("verb", chance.choice(("note", "answer", "close", "take"))), ("token", "0" * 20)),
        }
        fields = dict(sorted(given))
        for name in chance.sample(FIELDS, chance.choice((0, 1, 3))):
            fields[name] = self._value()
        return fields

    def _form(self, who: str) -> tuple[bytes, str]:
        encoded = urlencode(self._fields(who)).encode()
        if self.chance.random() < 0.1:
            encoded += b"&" + b"a=b&" * 5_000 + b"%ff=%00&text=%ed%a0%80"
        return encoded, "application/x-www-form-urlencoded"

    def _json(self, _who: str) -> tuple[bytes, str]:
        value = self._value()
        whole = {
            "customer": {"name": value, "email": "eve@example.org"},
            "subject": value,
            "text": value,
        }
        bodies: tuple[Callable[[], bytes], ...] = (
            lambda: json.dumps(whole).encode(),
            lambda: json.dumps(whole).encode("utf-16"),
            lambda: json.dumps(
                {"update_id": 1, "message": {"chat": {"id": 1}, "text": value}}
            ).encode(),
            lambda: b"[" * 100_000,
            lambda: b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
            lambda: b'{"text": ' + b"9" * 50_000 + b"}",
            lambda: b'{"text": NaN, "text": 1e999, "subject": -0}',
            lambda: b'\xef\xbb\xbf{"text": "\xff"}',
            lambda: b'{"text": "\\ud800", "url": "javascript:1"}',
            lambda: json.dumps({"text": "x" * 1_200_000}).encode(),
        )
        return self.chance.choice(bodies)(), "application/json"

    def _multipart(self, who: str) -> tuple[bytes, str]:
        chance = self.chance
        parts = [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
            for name, value in self._fields(who).items()
        ]
        named = b"Content-Disposition: form-data; name="
        odd = (
            named + b'"files"; filename="../../x.sh\0.txt"\r\n\r\ndata',
            named + b'"files"; filename=""\r\n\r\n',
            b'Content-Disposition: form-data; filename="x"\r\n\r\nnameless',
            b"Content-Disposition: form-data\r\n\r\nneither",
            b"\r\n\r\nno head",
            b"X-Big: " + b"x" * 20_000 + b"\r\n\r\nlarge head",
            named + b'"text"\r\nContent-Type: text/plain; charset=none\r\n\r\nx',
            named + b'"text"\r\n\r\n' + b"x" * 150_000,
            b"Content-Disposition: form-data; name=\"files\"; filename*=utf-8''%ff%00\r\n\r\ny",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnested",
        )
        parts += chance.sample(odd, chance.choice((0, 1, 2)))
        if chance.random() < 0.05:
            parts += parts * 60
        body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts)
        end = b"--x--\r\n" if chance.random() < 0.8 else chance.choice((b"", b"--x", b"--y--\r\n"))
        return body + end, "multipart/form-data; boundary=x"

    def _junk(self, _who: str) -> tuple[bytes, str]:
        chance = self.chance
        sizes = (0, 1, 100, 70_000)
        return chance.randbytes(chance.choice(sizes)), chance.choice(TYPES)

    def _framed(self, body: bytes) -> tuple[list[bytes], bytes, bool]:
        """The header that says how long the body is, and the body as it is sent; whether that is
        all that was announced.
        """
        chance = self.chance
        if chance.random() < 0.85:
            return ([b"Content-Length: %d" % len(body)] if body else []), body, True
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        lies: tuple[tuple[bytes, bytes], ...] = (
            (b"Content-Length: %d" % (len(body) + 7), body),
            (b"Content-Length: %d" % max(len(body) - 7, 0), body),
            (b"Transfer-Encoding: chunked", chunk + b"0\r\n\r\n"),
            (b"Transfer-Encoding: chunked", chunk),
            (b"Transfer-Encoding: chunked", b"ffffffffffffffff\r\n" + body),
            (b"Transfer-Encoding: chunked", b"-5\r\n" + body),
            (b"Transfer-Encoding: chunked", b"5;" + b"x" * 70_000 + b"\r\nhello\r\n0\r\n\r\n"),
            (
                b"Transfer-Encoding: chunked\r\nContent-Length: 3",
                chunk + b"0\r\n\r\nGET /app HTTP/1.1\r\n\r\n",
            ),
        )
        header, sent = chance.choice(lies)
        return [header], sent, False
