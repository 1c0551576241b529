"""The errors the API answers with, as exceptions, so that a handler stops where it finds one.

    ApiError
    ├── BadRequest            400
    ├── Unauthorized          401
    ├── Forbidden             403
    ├── NotFound              404
    ├── MethodNotAllowed      405
    ├── Conflict              409
    ├── PreconditionFailed    412
    ├── Unprocessable         422
    └── TooManyRequests       429

Bodies are `{"id", "message", "request_id"}`. Faults of the control plane answer through `ApiError` itself.
"""

from __future__ import annotations

_IDS = {
    400: "bad_request",
    401: "Unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    422: "unprocessable_entity",
    429: "too_many_requests",
    500: "server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}


class ApiError(Exception):
    """An answer that is an error: HTTP `status`, short `id`, human `message`, extra `headers`."""

    status = 500
    message = "Server Error"

    def __init__(
        self,
        message: str | None = None,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = self.status if status is None else status
        self.message = self.message if message is None else message
        self.headers = headers or {}
        super().__init__(self.message)

    @property
    def id(self) -> str:
        """The short identifier that belongs to the status."""
        return _IDS.get(self.status, "server_error" if self.status >= 500 else "bad_request")


class BadRequest(ApiError):
    """The request cannot be read: no JSON, not an object, a malformed path value."""

    status = 400
    message = "Unable to parse the request."


class Unauthorized(ApiError):
    """The token is missing or belongs to no account."""

    status = 401
    message = "Unable to authenticate you"


class Forbidden(ApiError):
    """The token lacks a scope, or the thing may never be done (delete of a default VPC)."""

    status = 403
    message = "You are not authorized to perform this operation"


class NotFound(ApiError):
    """No such path, or no such resource in this account."""

    status = 404
    message = "The resource you were accessing could not be found."


class MethodNotAllowed(ApiError):
    """The path exists, the method does not."""

    status = 405
    message = "The method is not allowed for this resource."


class Conflict(ApiError):
    """Something else is in the way: members, a name taken by any account."""

    status = 409
    message = "The request could not be completed due to a conflict."


class PreconditionFailed(ApiError):
    """The account is in a state that forbids it: several registries, a project with resources."""

    status = 412
    message = "A precondition of the request is not met."


class Unprocessable(ApiError):
    """The request was read and is wrong: unknown slug, duplicate name, overlapping range, limit."""

    status = 422
    message = "The request could not be processed."


class TooManyRequests(ApiError):
    """The rate limit of the account is used up."""

    status = 429
    message = "API Rate limit exceeded."
