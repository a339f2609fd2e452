"""Prices on request: what a quote says, how long it holds, and what confirming it takes. Booking is the ledger's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from lumedesk.domain.quotes import Intent
from lumedesk.sandbox.clock import Clock, exact
from lumedesk.sandbox.ledger import Ledger, checked_amount
from lumedesk.sandbox.market import Market, Rate
from lumedesk.sandbox.refusals import Refusal, invalid
from lumedesk.sandbox.rows import Trade
from lumedesk.sandbox.world import ASSETS, Asset, JsonObject

_FEE_SHARE = Decimal("0.001")
# Quotes nobody confirmed are forgotten beyond this many.
_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What a client asks a price for, or confirms: exactly one side's amount is given."""

    sell: str
    buy: str
    sold: Decimal | None
    bought: Decimal | None


@dataclass(slots=True)
class Quote:
    """A price for an amount. `reference` is None for a price that can't be confirmed."""

    reference: str | None
    sell: Asset
    buy: Asset
    sold: Decimal
    bought: Decimal
    rate: Rate
    asked: Decimal
    created_at: datetime
    expires_at: datetime
    is_used: bool = False

    def fields(self) -> JsonObject:
        """As the sandbox answers; the vendor documents none of it. The fee is part of the rate."""
        intent = Intent.CLIENT_LINKED if self.reference else Intent.INDICATIVE
        return ({"quoteStr": self.reference} if self.reference else {}) | {
            "fromCurrency": self.sell.code,
            "toCurrency": self.buy.code,
            "fromAmount": self.sold,
            "toAmount": self.bought,
            "rate": self.rate.figure,
            "isRateInverted": self.rate.inverted,
            "fee": self.sell.exact(self.sold * _FEE_SHARE),
            "quoteIntent": intent.value,
            "createdAt": exact(self.created_at),
            "expiresAt": exact(self.expires_at),
        }


class QuoteDesk:
    """Gives quotes and turns them into trades."""

    def __init__(self, ledger: Ledger, market: Market, clock: Clock, life_s: float) -> None:
        self._ledger = ledger
        self._market = market
        self._clock = clock
        self._life = timedelta(seconds=life_s)
        self._quotes: dict[str, Quote] = {}

    def quote(self, terms: Terms, intent: str) -> Quote:
        """Errors: Refusal 400."""
        if intent.lower() not in {member.value for member in Intent}:
            raise invalid("quoteIntent", "must be indicative or client_linked")
        sell, buy = self._held("fromCurrency", terms.sell), self._held("toCurrency", terms.buy)
        if sell is buy:
            raise invalid("toCurrency", "must differ from fromCurrency")
        rate = self._market.rate(sell, buy, self._clock.world())
        sold, bought = _priced(terms, sell, buy, rate)
        is_firm = intent.lower() == Intent.CLIENT_LINKED.value
        reference = self._ledger.ids.new("QT") + self._ledger.ids.new("-") if is_firm else None
        now = self._clock.wall()
        asked = sold if terms.sold is not None else bought
        quote = Quote(reference, sell, buy, sold, bought, rate, asked, now, now + self._life)
        if reference:
            self._quotes[reference] = quote
            if len(self._quotes) > _KEPT:
                del self._quotes[next(iter(self._quotes))]
        return quote

    def confirm(self, reference: str, terms: Terms) -> Trade:
        """Errors: Refusal 400 whatever is wrong with the quote, 409 when funds are short (the quote stays usable)."""
        quote = self._quotes.get(reference)
        if quote is None:
            raise invalid("quoteStr", "is not a known quote")
        if (terms.sell, terms.buy) != (quote.sell.code, quote.buy.code):
            raise invalid("fromCurrency", "and toCurrency must be the quote's")
        if terms.sold is not None and terms.sold != quote.sold:
            raise invalid("fromAmount", "must be the quote's")
        if terms.bought is not None and terms.bought != quote.bought:
            raise invalid("toAmount", "must be the quote's")
        if quote.is_used:
            raise Refusal(400, 1135, "Quote already confirmed", (("quoteStr", "was used before"),))
        if self._clock.wall() >= quote.expires_at:
            raise Refusal(400, 1134, "Quote expired", (("quoteStr", "has expired"),))
        trade = Trade(
            self._ledger.ids.new("trd_"),
            quote.sell,
            quote.buy,
            quote.sold,
            quote.bought,
            quote.rate.figure,
            quote.rate.inverted,
            quote.asked,
            self._ledger.timeline.now,
        )
        self._ledger.trade(trade)
        quote.is_used = True
        return trade

    def _held(self, name: str, currency: str) -> Asset:
        if currency not in ASSETS or not ASSETS[currency].enabled:
            raise invalid(name, "is not a supported currency")
        if currency not in self._ledger.accounts:
            raise invalid(name, "has no account")
        return ASSETS[currency]


def _priced(terms: Terms, sell: Asset, buy: Asset, rate: Rate) -> tuple[Decimal, Decimal]:
    if terms.sold is not None:
        checked_amount("fromAmount", terms.sold, sell)
        sold, bought = sell.exact(terms.sold), rate.bought(terms.sold, buy)
        if not bought:
            raise invalid("fromAmount", "is too small to buy anything")
        return sold, bought
    # Whoever read the request has seen that one of the two is there.
    wanted = terms.bought or Decimal(0)
    checked_amount("toAmount", wanted, buy)
    return rate.sold(wanted, sell), buy.exact(wanted)
