"""What a confirmed quote came to: its fills added up, and their average held against the quoted price."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from lumedesk.domain.money import added
from lumedesk.domain.quote_flow import State
from lumedesk.domain.quotes import Change, Quote, change_of
from lumedesk.domain.records import Trade

_FILLED = "COMPLETED"
_FAILED = frozenset({"CANCELLED", "REVERSED"})


@dataclass(frozen=True, slots=True)
class TradeResult:
    """`paid` and `received` are the completed fills' sums, None while no fill tells both."""

    state: State
    fills: int
    paid: Decimal | None
    received: Decimal | None
    average: Decimal | None
    against_quote: Change | None


def result_of(trade: Trade, quote: Quote) -> TradeResult:
    """Read a trade against the quote that it came from."""
    done = [
        (fill.from_currency_amount, fill.to_currency_amount)
        for fill in trade.fills or ()
        if fill.status in (_FILLED, None)
    ]
    paid: Decimal | None = None
    received: Decimal | None = None
    whole = [(sold, bought) for sold, bought in done if sold is not None and bought is not None]
    # A sum that leaves out what isn't told would be no sum.
    if whole and len(whole) == len(done):
        paid, received = Decimal(0), Decimal(0)
        for sold, bought in whole:
            paid, received = added(paid, sold), added(received, bought)
    average = against = None
    if paid and received:
        context = Context(prec=10, rounding=ROUND_HALF_EVEN)
        average = context.divide(received, paid).normalize(context)
        if quote.price is not None:
            against = change_of(quote.price, Fraction(received) / Fraction(paid))
    return TradeResult(_state(trade, quote, paid), len(done), paid, received, average, against)


def _state(trade: Trade, quote: Quote, paid: Decimal | None) -> State:
    if paid is not None and quote.from_amount is not None and 0 < paid < quote.from_amount:
        return State.PARTIAL
    if trade.status in _FAILED:
        return State.REJECTED
    return State.FILLED if trade.status == _FILLED else State.ACCEPTED
