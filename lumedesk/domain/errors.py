"""What can go wrong between the desk and the server: one family, each member with a title, advice and what is known."""

from enum import Enum

import msgspec


class Wire(Enum):
    """How far a request got. What moves money is classified by this, never by the type of an exception."""

    NOT_SENT = "not sent"  # no byte of the request reached a connection to the server
    MAYBE_SENT = "maybe sent"  # some of it may have arrived; nobody knows what the server did with it
    ANSWERED = "answered"  # a complete answer came back


class FieldError(msgspec.Struct, frozen=True):
    """The server's complaint about one field of the request."""

    field: str
    message: str


class DeskError(Exception):
    """A failed exchange with the server, in words for the operator.

    `title` and `advice` are our own words. `detail` is the server's or the library's, only ever shown as plain text.
    `request_id` is the server's, for its support desk. `retryable` says that asking again (a read) may help.
    """

    title = "Something went wrong"
    advice = "Try again. If it happens again, report it with the details below."
    retryable = False

    def __init__(
        self,
        detail: str = "",
        *,
        wire: Wire = Wire.ANSWERED,
        http_status: int | None = None,
        code: int | None = None,
        request_id: str | None = None,
        fields: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
        documented: bool = False,
    ) -> None:
        super().__init__(f"{self.title}: {detail}" if detail else self.title)
        self.detail = detail
        self.wire = wire
        self.http_status = http_status
        self.code = code
        self.request_id = request_id
        self.fields = fields
        self.retry_after_s = retry_after_s
        # True when the answer came in the documented error envelope.
        self.documented = documented


class Unreachable(DeskError):
    """DNS failed, the connection was refused, reset or closed, or the proxy did not answer."""

    title = "The server can't be reached"
    advice = "Check this computer's network connection. The desk keeps trying."
    retryable = True


class TlsFailed(DeskError):
    """The server's certificate was not accepted, or no secure connection could be agreed on."""

    title = "The connection isn't secure"
    advice = "Don't go on. Ask your IT department whether something inspects this computer's traffic."


class TimedOut(DeskError):
    """The exchange as a whole took longer than its deadline."""

    title = "The server took too long"
    advice = "The desk keeps trying. If it lasts, the vendor may have trouble."
    retryable = True


class Redirected(DeskError):
    """Any 3xx: following one could carry the secret to another host."""

    title = "The server sent us elsewhere"
    advice = "The desk never follows a redirect. Check the profile's address."


class Unreadable(DeskError):
    """An answer that is not what the contract says: not JSON, cut short, too large, or of another shape."""

    title = "The answer can't be read"
    advice = "What came isn't what the API promises; a proxy or a maintenance page may have answered instead."


class Invalid(DeskError):
    """400 or 422: the server refused what was asked for."""

    title = "The server refused the request"
    advice = "Correct what is named below and try again."


class Unauthorised(DeskError):
    """401."""

    title = "The API key isn't accepted"
    advice = "The key may be revoked, expired or mistyped. Enter it again or ask for a new one."


class Forbidden(DeskError):
    """403."""

    title = "This key may not do that"
    advice = "The key's owner lacks the permission, or the account's state doesn't allow it."


class NotFound(DeskError):
    """404."""

    title = "Not found"
    advice = "It doesn't exist, or doesn't belong to this key's owner."


class Conflict(DeskError):
    """409: insufficient funds, something that exists already, or a conflicting state."""

    title = "It conflicts with the current state"
    advice = "Funds may be short, or it may exist already. Look at the current data before you try again."


class RateLimited(DeskError):
    """429."""

    title = "Too many requests"
    advice = "The desk slows down by itself."
    retryable = True


class ServerFault(DeskError):
    """5xx."""

    title = "The server has a problem"
    advice = "The vendor's server failed. The desk keeps trying."
    retryable = True


class Offline(DeskError):
    """The desk was told to work offline."""

    title = "Working offline"
    advice = "Nothing is sent while the desk works offline."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, wire=Wire.NOT_SENT)
