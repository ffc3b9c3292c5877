"""Who calls: a key with the scope that the route asks for, not too often (S1, S40)."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import ceil
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from core.desk import Desk
from core.integrations.keys import Key, find_key, is_used_anew, note_used
from handlers.http.limits import Buckets
from handlers.http.problems import Problem

# Requests a second and at once: of one key, and of one address whose keys are none.
RATE: Final = (50.0, 300.0)
FORGED_RATE: Final = (0.5, 20.0)

Authorise = Callable[..., Awaitable[Key]]


class Gatekeeper:
    """Recognises keys. One for the whole application: it counts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked = Buckets(*RATE)
        self._forged = Buckets(*FORGED_RATE)

    async def admit(self, request: Request, token: str, scope: str) -> Key:
        """Return the key. Raises :class:`Problem` 401, 403 or 429."""
        key = await self._desk.read(find_key, token)
        now = time.monotonic()
        if key is None:
            host = request.client.host if request.client else ""
            _demand_patience(self._forged.take(host, now))
            raise Problem(
                HTTPStatus.UNAUTHORIZED, "unauthorized", headers={"WWW-Authenticate": "Bearer"}
            )
        _demand_patience(self._asked.take(str(key.id), now))
        if scope not in key.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "insufficient_scope", scope=scope)
        if is_used_anew(key, self._desk.clock()):
            await self._desk.run(note_used, key.id)
        return key


_BEARER: Final = HTTPBearer(auto_error=False, description="A key: `python -m bot key create`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def bearer_of(request: Request) -> str:
    """Return what is given as a key; empty where nothing is."""
    scheme, given = get_authorization_scheme_param(request.headers.get("authorization"))
    return given if scheme.lower() == "bearer" else ""


def with_scope(keeper: Gatekeeper, scope: str) -> Authorise:
    """Return the dependency of a route that asks for this scope."""

    async def authorise(request: Request, credentials: Credentials) -> Key:
        token = "" if credentials is None else credentials.credentials
        return await keeper.admit(request, token, scope)

    return authorise


def _demand_patience(seconds: float) -> None:
    if seconds > 0:
        headers = {"Retry-After": str(ceil(seconds))}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", headers=headers)
