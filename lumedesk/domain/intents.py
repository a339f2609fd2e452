"""Orders that move money, as the journal keeps them: what was meant, how far it got, and which steps are allowed.

The API has no idempotency key. So an order becomes an intent, durable before its POST, sent at most once, and closed only
by evidence or by an operator's recorded decision.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from msgspec.structs import replace


class State(Enum):
    """How far an intent got. A draft that was never armed is nowhere on record."""

    ARMED = "armed"  # durable, not sent
    SENDING = "sending"  # about to be sent, or being sent
    ACCEPTED = "accepted"  # the server's id is known
    REFUSED = "refused"  # a documented refusal; reopens if a matching row appears later
    NOT_SENT = "not sent"  # nothing reached the server
    UNKNOWN = "unknown"  # it may have been executed; no candidate is in sight
    LIKELY = "likely"  # one row looks like it
    AMBIGUOUS = "ambiguous"  # several do, or one does only in part
    NOT_RECEIVED = "not received"  # the operator decided that it was never executed


OPEN = frozenset({State.ARMED, State.SENDING, State.UNKNOWN, State.LIKELY, State.AMBIGUOUS})
UNDECIDED = frozenset({State.UNKNOWN, State.LIKELY, State.AMBIGUOUS})

_WATCHED = frozenset({State.UNKNOWN, State.LIKELY, State.AMBIGUOUS})
ALLOWED: dict[State, frozenset[State]] = {
    State.ARMED: frozenset({State.SENDING, State.NOT_SENT}),
    State.SENDING: frozenset({State.ACCEPTED, State.REFUSED, State.NOT_SENT, State.UNKNOWN}),
    State.UNKNOWN: (_WATCHED | {State.ACCEPTED, State.NOT_RECEIVED}) - {State.UNKNOWN},
    State.LIKELY: _WATCHED | {State.ACCEPTED, State.NOT_RECEIVED},  # itself too: another row may look like it now
    State.AMBIGUOUS: _WATCHED | {State.ACCEPTED, State.NOT_RECEIVED},
    State.REFUSED: frozenset({State.LIKELY, State.AMBIGUOUS}),
    State.ACCEPTED: frozenset(),
    State.NOT_SENT: frozenset(),
    State.NOT_RECEIVED: frozenset(),
}
# Who may close an intent whose outcome was in doubt: a person, or the server naming the very quote.
_DECISIONS = frozenset({State.ACCEPTED, State.NOT_RECEIVED})


class Ground(Enum):
    """What a step rests on."""

    PROTOCOL = "protocol"  # the steps of sending
    ANSWER = "answer"  # the server's answer to the POST
    RECOVERY = "recovery"  # found unfinished at start-up
    LISTS = "lists"  # what the server's lists show
    OPERATOR = "operator"  # a recorded decision


class WithdrawalTerms(msgspec.Struct, frozen=True, tag="withdrawal"):
    """What a withdrawal's POST says, and what its destination was when it was reviewed."""

    beneficiary_id: str
    beneficiary_name: str
    details: Any
    currency: str
    amount: Decimal


class ConfirmationTerms(msgspec.Struct, frozen=True, tag="confirmation"):
    """What a confirmation's POST says; `by_from` tells which amount it names."""

    quote_str: str
    from_currency: str
    to_currency: str
    from_amount: Decimal
    to_amount: Decimal
    by_from: bool


Terms = WithdrawalTerms | ConfirmationTerms


class Arming(msgspec.Struct, frozen=True):
    """All that is known before the POST. `baseline` holds the ids of rows that look alike and were there before."""

    uuid: str
    terms: Terms
    host: str
    key_fingerprint: str
    baseline: tuple[str, ...]
    armed_at: str
    ticks: float
    retry_of: str | None = None


class Step(msgspec.Struct, frozen=True):
    """One change of state, with what it rests on."""

    state: State
    ground: Ground
    why: str = ""
    transaction_id: str | None = None
    candidates: tuple[str, ...] = ()
    http_status: int | None = None
    request_id: str | None = None


class Intent(msgspec.Struct, frozen=True):
    """An order with its steps so far. Immutable; the journal makes the next one."""

    arming: Arming
    steps: tuple[Step, ...]
    times: tuple[str, ...]

    @property
    def uuid(self) -> str:
        """Its own id; the server never sees it."""
        return self.arming.uuid

    @property
    def terms(self) -> Terms:
        """What was ordered."""
        return self.arming.terms

    @property
    def state(self) -> State:
        """How far it got."""
        return self.steps[-1].state

    @property
    def transaction_id(self) -> str | None:
        """The server's id that it is bound to."""
        return next((step.transaction_id for step in reversed(self.steps) if step.transaction_id), None)

    @property
    def likeness(self) -> tuple[str, ...]:
        """What makes two orders look alike on the server's side; equal ones are never under way at once."""
        return likeness_of(self.terms)

    def after(self, step: Step, at: str) -> "Intent":
        """The same intent with one more step. Errors: ForbiddenStep."""
        check_step(self, step)
        return replace(self, steps=(*self.steps, step), times=(*self.times, at))


class ForbiddenStep(ValueError):
    """A step that the protocol doesn't allow."""


def likeness_of(terms: Terms) -> tuple[str, ...]:
    """Beneficiary and amount of a withdrawal, or pair and amount of a confirmation, amounts by value."""
    match terms:
        case WithdrawalTerms():
            return "withdrawal", terms.beneficiary_id, terms.currency, _canonical(terms.amount)
        case ConfirmationTerms():
            amount = terms.from_amount if terms.by_from else terms.to_amount
            return "confirmation", terms.from_currency, terms.to_currency, str(terms.by_from), _canonical(amount)


def check_step(intent: Intent, step: Step) -> None:
    """Errors: ForbiddenStep, saying which rule it breaks."""
    if step.state not in ALLOWED[intent.state]:
        raise ForbiddenStep(f"{intent.state.value} can't become {step.state.value}")
    if step.state is State.ACCEPTED and not step.transaction_id:
        raise ForbiddenStep("accepted needs the server's id")
    if intent.state in UNDECIDED and step.state in _DECISIONS and step.ground is not Ground.OPERATOR:
        raise ForbiddenStep("only the operator closes an intent whose outcome was in doubt")


def other_key_problem(intents: Iterable[Intent], key_fingerprint: str) -> str:
    """Why nothing may be sent with this key: an order given with another one is still open. Empty when none is.

    The lists that this key sees may be another owner's, so an order missing there proves nothing. An empty
    `key_fingerprint` means that no key is known yet.
    """
    if not key_fingerprint or all(
        each.arming.key_fingerprint == key_fingerprint for each in intents if each.state in OPEN
    ):
        return ""
    return "An order given with another API key is still in doubt. Decide it on the Movements page before you send anything."


def _canonical(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
