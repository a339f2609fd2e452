"""The steps of getting a quote and confirming it, as a plain object: what is on screen, and what may happen next."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from lumedesk.domain.movements import Verdict
from lumedesk.domain.quotes import Death, Quote, QuotePreferences, QuoteRequest, needs_acknowledgement


class State(Enum):
    """Where the dialog stands."""

    EDITING = "editing"
    QUOTING = "quoting"
    FIRM = "firm"
    EXPIRED = "expired"
    CONFIRMING = "confirming"
    ACCEPTED = "accepted"  # the server has it; no fill is known yet
    FILLED = "filled"
    PARTIAL = "partial"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    LOCKED = "locked"
    OFFLINE = "offline"


RESULTS = frozenset({State.ACCEPTED, State.FILLED, State.PARTIAL, State.REJECTED, State.UNKNOWN})
# From here a confirmation is under way, or over: neither a lock nor a lost connection changes what is shown.
_COMMITTED = RESULTS | {State.CONFIRMING}

_OUTCOMES = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.REFUSED: State.REJECTED,
    Verdict.NOT_SENT: State.REJECTED,
    Verdict.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class QuoteFlow:
    """One moment of the dialog. `quote` is the only snapshot: it is shown, and it alone can be sent.

    `number` counts requests; an answer to an earlier one changes nothing. `previous` is the quote before, of the same
    request. `death` says why `quote` can't be confirmed any more.
    """

    preferences: QuotePreferences
    state: State = State.EDITING
    number: int = 0
    refreshes: int = 0
    request: QuoteRequest | None = None
    quote: Quote | None = None
    previous: Quote | None = None
    death: Death | None = None
    is_acknowledged: bool = True

    @property
    def can_edit(self) -> bool:
        """True while the form may be changed; doing so destroys the quote."""
        return self.state in (State.EDITING, State.FIRM, State.EXPIRED)

    @property
    def can_ask(self) -> bool:
        """True while a (new) quote may be asked for."""
        return self.state in (State.EDITING, State.EXPIRED, State.REJECTED)

    @property
    def can_refresh(self) -> bool:
        """True while an expired quote may be asked for again by itself."""
        return (
            self.state is State.EXPIRED
            and self.preferences.auto_refresh
            and self.death is Death.EXPIRED
            and self.refreshes < self.preferences.max_refreshes
            and self.quote is not None
            and self.quote.problem is None
        )

    def edited(self) -> "QuoteFlow":
        """The operator changed something: no quote outlives that."""
        if not (self.can_edit or self.state is State.QUOTING):
            return self
        return replace(self._cleared(), state=State.EDITING)

    def asked(self, request: QuoteRequest, *, by_itself: bool = False) -> "QuoteFlow":
        """A quote was asked for. Only asking by itself counts towards the limit; asking by hand starts it anew."""
        if not self.can_ask:
            return self
        previous = self.quote if self.quote is not None and self.quote.problem is None else self.previous
        return replace(
            self,
            state=State.QUOTING,
            number=self.number + 1,
            refreshes=self.refreshes + 1 if by_itself else 0,
            request=request,
            quote=None,
            previous=previous if request == self.request else None,
            death=None,
            is_acknowledged=True,
        )

    def took(self, number: int, quote: Quote, ticks: float, now: datetime) -> "QuoteFlow":
        """An answer came. A late one, to another request than the last, changes nothing."""
        if self.state is not State.QUOTING or number != self.number or quote.request != self.request:
            return self
        asks_again = needs_acknowledgement(self.previous, quote, self.preferences.tolerance_bp)
        taken = replace(self, state=State.FIRM, quote=quote, is_acknowledged=not asks_again)
        if quote.problem is not None:
            return replace(taken, state=State.EXPIRED, is_acknowledged=True)
        return taken.at(ticks, now)

    def failed(self, number: int) -> "QuoteFlow":
        """No price came."""
        if self.state is not State.QUOTING or number != self.number:
            return self
        return replace(self, state=State.EDITING)

    def at(self, ticks: float, now: datetime) -> "QuoteFlow":
        """The same at this moment: a firm quote may have died."""
        if self.state is not State.FIRM or self.quote is None:
            return self
        death = self.quote.death(ticks, now)
        return self if death is None else self.died(death)

    def died(self, death: Death) -> "QuoteFlow":
        """The quote on screen can't be confirmed any more."""
        return replace(self, state=State.EXPIRED, death=death) if self.state is State.FIRM else self

    def acknowledged(self) -> "QuoteFlow":
        """The operator has seen how far the price moved."""
        return replace(self, is_acknowledged=True)

    def confirming(self, ticks: float, now: datetime) -> "QuoteFlow":
        """The operator confirms. Unchanged, or expired, where that isn't possible."""
        current = self.at(ticks, now)
        if current.state is not State.FIRM or not current.is_acknowledged:
            return current
        return replace(current, state=State.CONFIRMING)

    def answered(self, verdict: Verdict) -> "QuoteFlow":
        """The outcome of the confirmation is known, or known to be unknown."""
        return replace(self, state=_OUTCOMES[verdict]) if self.state is State.CONFIRMING else self

    def followed(self, state: State) -> "QuoteFlow":
        """What became of an accepted, or at first unknown, confirmation later."""
        return replace(self, state=state) if self.state in RESULTS else self

    def offline(self) -> "QuoteFlow":
        """The connection is gone: no price on screen is firm any more."""
        return self if self.state in _COMMITTED | {State.LOCKED} else replace(self._cleared(), state=State.OFFLINE)

    def online(self) -> "QuoteFlow":
        """The connection is back."""
        return replace(self, state=State.EDITING) if self.state is State.OFFLINE else self

    def locked(self) -> "QuoteFlow":
        """The desk is locked: the form stays, the quote goes, what is under way goes on."""
        return self if self.state in _COMMITTED else replace(self._cleared(), state=State.LOCKED)

    def unlocked(self) -> "QuoteFlow":
        """The desk is open again."""
        return replace(self, state=State.EDITING) if self.state is State.LOCKED else self

    def _cleared(self) -> "QuoteFlow":
        # The number goes on: what is still under way must never be taken for an answer to the next request.
        return QuoteFlow(self.preferences, number=self.number + 1)
