"""What the API's routes are asked with, and the problems with which they may answer."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Header, Path, Query

from handlers.http.api.schemas import LARGEST, ProblemOut

Number = Annotated[int, Path(ge=1, le=LARGEST)]
Limit = Annotated[int, Query(ge=1, le=100)]
# The last number of the page before.
Cursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$")]
# The same, or a position in the queue.
ListCursor = Annotated[str | None, Query(pattern=r"^[0-9.-]{1,60}$")]
# All, one of the desk's lists, or one that the company has saved.
View = Annotated[str, Query(pattern=r"^[\w-]{1,32}$")]
CodeQuery = Annotated[str | None, Query(pattern=r"^[\w-]{1,32}$")]
TagQuery = Annotated[str | None, Query(min_length=1, max_length=40)]
CustomerQuery = Annotated[int | None, Query(ge=1, le=LARGEST)]
ExternalIdQuery = Annotated[str | None, Query(pattern=r"^[\x21-\x7e]{1,150}$")]
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,200}$")
]


def problem(status: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return what the document says of an answer with this status."""
    return {
        int(status): {
            "model": ProblemOut,
            "description": status.phrase,
        }
    }


REFUSED: Final = (
    problem(HTTPStatus.UNAUTHORIZED)
    | problem(HTTPStatus.FORBIDDEN)
    | problem(HTTPStatus.UNPROCESSABLE_ENTITY)
    | problem(HTTPStatus.TOO_MANY_REQUESTS)
)
NOT_FOUND: Final = REFUSED | problem(HTTPStatus.NOT_FOUND)
WRITTEN: Final = (
    NOT_FOUND | problem(HTTPStatus.BAD_REQUEST) | problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
)
CONFLICT: Final = WRITTEN | problem(HTTPStatus.CONFLICT)
