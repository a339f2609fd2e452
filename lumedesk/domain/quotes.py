"""Asking for a price and holding it to its deadline."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any


class Intent(Enum):
    """What a quote is for: a look at the price, or a price that may be confirmed."""

    INDICATIVE = "indicative"
    CLIENT_LINKED = "client_linked"


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What the operator asks a price for: exactly one side's amount is given."""

    from_currency: str
    to_currency: str
    from_amount: Decimal | None = None
    to_amount: Decimal | None = None
    intent: Intent = Intent.CLIENT_LINKED


@dataclass(frozen=True, slots=True)
class RawQuote:
    """The answer to a quote request, as it came: the vendor documents none of its fields."""

    fields: dict[str, Any]
    server_date: datetime | None
    round_trip_s: float


@dataclass(frozen=True, slots=True)
class QuoteOrder:
    """What confirming a quote sends: the reference and one side's amount, both taken from the quote itself."""

    quote_str: str
    from_currency: str
    to_currency: str
    from_amount: Decimal | None = None
    to_amount: Decimal | None = None
