"""How the sandbox says no: the documented error envelope and its kinds. Nothing here decides when."""

from dataclasses import dataclass
from datetime import datetime

from lumedesk.domain.codec import encode
from lumedesk.sandbox.clock import zoned


@dataclass(eq=False)
class Refusal(Exception):
    """Ends a request with an error answer."""

    status: int
    code: int
    message: str
    fields: tuple[tuple[str, str], ...] = ()
    allowed: str = ""  # the methods that a 405 names

    def body(self, request_id: str, now: datetime) -> bytes:
        """The documented envelope."""
        errors = [{"field": field, "message": message} for field, message in self.fields]
        return encode(
            {
                "code": self.code,
                "message": self.message,
                "httpStatus": self.status,
                "requestId": request_id,
                "timestamp": zoned(now),
                "errors": errors,
            }
        )


def invalid(field: str, message: str) -> Refusal:
    """400, naming the field."""
    return Refusal(400, 1133, f"Validation error: {field} {message}", ((field, message),))


def malformed(message: str) -> Refusal:
    """400 for a request that can't be read at all."""
    return Refusal(400, 1100, message)


def unauthenticated() -> Refusal:
    """401; never says which of the two headers was wrong."""
    return Refusal(401, 1001, "API key authentication failed")


def forbidden() -> Refusal:
    """403."""
    return Refusal(403, 1003, "This API key may only view")


def not_found(what: str) -> Refusal:
    """404."""
    return Refusal(404, 1404, f"{what} not found")


def conflict(message: str, field: str | None = None) -> Refusal:
    """409: short of funds, or it exists already."""
    return Refusal(409, 1409, message, ((field, message),) if field else ())
