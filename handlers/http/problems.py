"""Errors as ``application/problem+json`` (RFC 9457): a status, a code for programs, a sentence."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"


class Problem(HTTPException):
    """An error that the client is told of. ``code`` is stable; ``more`` are further members."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code
        self.more = more


def problem_response(problem: Problem) -> JSONResponse:
    """Return the response that says it."""
    status = HTTPStatus(problem.status_code)
    body = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    body |= {"code": problem.code} | ({"detail": problem.detail} if problem.detail else {})
    return JSONResponse(body | problem.more, status, headers=problem.headers, media_type=MEDIA_TYPE)


def speak_problems(app: FastAPI) -> None:
    """Let all errors of the application be told so; what was sent is never repeated in them."""

    async def told(_: Request, error: Exception) -> JSONResponse:
        return problem_response(_problem_of(error))

    app.add_exception_handler(HTTPException, told)
    app.add_exception_handler(RequestValidationError, told)


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case RequestValidationError():
            faults = [
                {"at": ".".join(map(str, fault["loc"])), "why": fault["msg"]}
                for fault in error.errors()
            ]
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=faults)
        case HTTPException():
            status = HTTPStatus(error.status_code)
            return Problem(status, status.name.lower(), headers=error.headers)
    raise error
