"""Errors of the Bot API."""

from __future__ import annotations

from typing import Any, Literal

Severity = Literal["error", "warning"]


class ApiError(Exception):
    """A negative answer of the Bot API."""

    def __init__(
        self,
        code: int,
        description: str,
        *,
        parameters: dict[str, Any] | None = None,
        violation: str | None = None,
        severity: Severity = "error",
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters
        self.violation = violation
        self.severity: Severity = severity

    def to_json(self) -> dict[str, Any]:
        """The body that Telegram would send."""
        body: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(
    text: str, *, violation: str | None = None, severity: Severity = "error"
) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {text}", violation=violation, severity=severity)


def forbidden(text: str, *, violation: str | None = None) -> ApiError:
    """403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {text}", violation=violation)


def too_many_requests(retry_after: int) -> ApiError:
    """429 with ``parameters.retry_after``."""
    return ApiError(
        429,
        f"Too Many Requests: retry after {retry_after}",
        parameters={"retry_after": retry_after},
    )
