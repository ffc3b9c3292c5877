"""The API under ``/api/v1``: the desk's own actions, for keys of other systems (A9)."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from core.desk import Desk
from core.errors import MoveRefused, NoSuchTicket, NotAllowed, NothingToDo, Refusal, Unreadable
from core.files import FileStore
from core.integrations.calls import AnotherCall
from core.integrations.particulars import Unfit
from core.texts import Texts
from handlers.http.api.access import Gatekeeper
from handlers.http.api.reading import add_reading
from handlers.http.api.writing import add_writing
from handlers.http.problems import MEDIA_TYPE, Problem, problem_response, speak_problems

PREFIX: Final = "/api/v1"
DESCRIPTION: Final = (
    "Tickets for other systems. Errors are `application/problem+json` with a stable `code`; pages "
    "go on with `cursor`; a POST with an `Idempotency-Key` has its effects once within two days."
)

# The first that fits; what does not fit conflicts with how things are.
_STATUSES: Final[tuple[tuple[type[Refusal], HTTPStatus], ...]] = (
    (NoSuchTicket, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Unreadable, HTTPStatus.UNPROCESSABLE_ENTITY),
    (AnotherCall, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NothingToDo, HTTPStatus.CONFLICT),
    (MoveRefused, HTTPStatus.CONFLICT),
    (Refusal, HTTPStatus.CONFLICT),
)


class _Api(FastAPI):
    """An API whose document says of errors that they are problems."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        for item in document["paths"].values():
            for operation in item.values():
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if int(status) >= HTTPStatus.BAD_REQUEST and "application/json" in content:
                        response["content"] = {MEDIA_TYPE: content["application/json"]}
        return document


def make_api(
    desk: Desk,
    texts: Texts,
    keeper: Gatekeeper,
    public_url: str | None = None,
    files: FileStore | None = None,
) -> FastAPI:
    """Return the application to be mounted at :data:`PREFIX`. ``files``: where uploads are kept;
    without it there are none.
    """
    api = _Api(
        title="Frontdoor",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
    )
    speak_problems(api)
    _speak_refusals(api, desk, texts)
    add_reading(api, desk, keeper)
    add_writing(api, desk, keeper, public_url, files)
    return api


def _speak_refusals(api: FastAPI, desk: Desk, texts: Texts) -> None:
    def say(refused: Refusal) -> str:
        now, zone = desk.clock(), desk.company.zone
        return texts.say("en", refused.key, refused.facts, now=now, zone=zone)

    async def told(_: Request, error: Exception) -> JSONResponse:
        if isinstance(error, Unfit):
            faults = [{"at": f"body.{place}", "why": say(why)} for place, why in error.faults]
            return problem_response(
                Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=faults)
            )
        if not isinstance(error, Refusal):
            raise error
        status = next(status for kind, status in _STATUSES if isinstance(error, kind))
        code = error.key.removeprefix("refusal.")
        return problem_response(Problem(status, code, say(error)))

    api.add_exception_handler(Refusal, told)
