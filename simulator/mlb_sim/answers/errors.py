"""Error answers in the form of the API's."""

from http import HTTPStatus
from typing import Any


class Refused(Exception):
    """A request that gets an error answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def document(self) -> dict[str, Any]:
        """The body of the answer."""
        return body(self.message)


def body(message: str) -> dict[str, Any]:
    """The body of an error answer."""
    return {"messageNumber": 10, "message": message, "timestamp": "", "traceId": None}


def not_found() -> Refused:
    """The requested object does not exist."""
    return Refused(HTTPStatus.NOT_FOUND, "Object not found")


def invalid(what: str) -> Refused:
    """A parameter has an invalid value."""
    return Refused(HTTPStatus.BAD_REQUEST, f"Invalid Request with value: {what}")
