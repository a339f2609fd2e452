"""What became of an order that moves money. There is no idempotency key, so "we don't know" is an outcome of its own."""

from enum import Enum

import msgspec

from lumedesk.domain.errors import DeskError, Forbidden, Invalid, NotFound, Unauthorised, Wire


class Verdict(Enum):
    """The four things that can be true after an order was given."""

    ACCEPTED = "accepted"  # the server named the id it filed the order under
    REFUSED = "refused"  # the server said no, in the documented words
    NOT_SENT = "not sent"  # nothing reached the server
    UNKNOWN = "unknown"  # it may or may not have been executed


class Outcome(msgspec.Struct, frozen=True):
    """`transaction_id` and `status` are set when ACCEPTED, `error` otherwise."""

    verdict: Verdict
    transaction_id: str | None = None
    status: str | None = None
    error: DeskError | None = None


_REFUSING = frozenset({400, 401, 403, 404, 422})
_REFUSALS = (Invalid, Unauthorised, Forbidden, NotFound)


def verdict_on(error: DeskError) -> Verdict:
    """Classify a failed POST by what was put on the wire and what came back, never by the exception's type alone.

    REFUSED needs a documented status in the documented envelope; 409, 429, 5xx, redirects and anything unreadable don't
    tell whether the order was executed.
    """
    if error.wire is Wire.NOT_SENT:
        return Verdict.NOT_SENT
    is_refusal = isinstance(error, _REFUSALS) and error.http_status in _REFUSING
    if error.wire is Wire.ANSWERED and error.documented and is_refusal:
        return Verdict.REFUSED
    return Verdict.UNKNOWN
