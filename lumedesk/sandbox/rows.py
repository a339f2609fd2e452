"""Movements as the API shows them, already written as JSON. No rules here: ledger.py says what happens."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lumedesk.domain.codec import encode
from lumedesk.sandbox.clock import zoned, zoneless
from lumedesk.sandbox.world import Asset, JsonObject

# List answers are put together from rows written beforehand: a history of 100,000 costs one join.
Rows = dict[str, bytes]


def listed(rows: Rows) -> bytes:
    """The whole history, newest first."""
    return b"[" + b",".join(reversed(rows.values())) + b"]"


@dataclass(slots=True)
class Withdrawal:
    """Money on its way out."""

    id: str
    asset: Asset
    amount: Decimal
    details: JsonObject
    created_at: datetime
    status: str = "PENDING"
    completed_at: datetime | None = None

    @property
    def debit(self) -> Decimal:
        """The amount and the fee."""
        return self.amount + self.asset.withdrawal_fee

    def row(self) -> bytes:
        """As the API lists it."""
        return encode(
            {
                "transactionId": self.id,
                "currency": self.asset.code,
                "amount": self.amount,
                "fee": self.asset.withdrawal_fee,
                "status": self.status,
                "withdrawDetails": self.details,
                "createdAt": zoned(self.created_at),
                "completedAt": self.completed_at and zoneless(self.completed_at),
            }
        )


@dataclass(slots=True)
class Deposit:
    """Money coming in."""

    id: str
    asset: Asset
    amount: Decimal
    status: str = "SUBMITTED"
    completed_at: datetime | None = None

    @property
    def credit(self) -> Decimal:
        """The amount less the fee."""
        return self.amount - self.asset.deposit_fee

    def row(self) -> bytes:
        """As the API lists it."""
        return encode(
            {
                "currency": self.asset.code,
                "transactionId": self.id,
                "amount": self.amount,
                "fee": self.asset.deposit_fee,
                "status": self.status,
                "completedAt": self.completed_at and zoneless(self.completed_at),
            }
        )


@dataclass(slots=True)
class Fill:
    """One execution within a trade."""

    id: str
    sold: Decimal
    bought: Decimal
    created_at: datetime
    modified_at: datetime
    status: str = "COMPLETED"


@dataclass(slots=True)
class Trade:
    """`sold` of one currency against `bought` of another; `asked` is the one of the two that the client named."""

    id: str
    sell: Asset
    buy: Asset
    sold: Decimal
    bought: Decimal
    rate: Decimal
    inverted: bool
    asked: Decimal
    created_at: datetime
    status: str = "PENDING"
    completed_at: datetime | None = None
    fills: list[Fill] = field(default_factory=list)

    def row(self) -> bytes:
        """As the API lists it."""
        return encode(self._fields() | {"fills": [self._fill(fill) for fill in self.fills]})

    def confirmation(self) -> bytes:
        """As the API answers a confirmed quote: without fills."""
        return encode(self._fields())

    def _fields(self) -> JsonObject:
        return {
            "fromCurrency": self.sell.code,
            "toCurrency": self.buy.code,
            "fromAmount": self.sold,
            "toAmount": self.bought,
            "rate": self.rate,
            "isRateInverted": self.inverted,
            "isRfq": True,
            "status": self.status,
            "transactionId": self.id,
            "createdAt": zoned(self.created_at),
            "completedAt": self.completed_at and zoneless(self.completed_at),
        }

    def _fill(self, fill: Fill) -> JsonObject:
        return {
            "fromCurrency": self.sell.code,
            "fromCurrencyAmount": fill.sold,
            "toCurrency": self.buy.code,
            "toCurrencyAmount": fill.bought,
            "status": fill.status,
            "transactionId": fill.id,
            "modifiedAt": zoned(fill.modified_at),
            "createdAt": zoned(fill.created_at),
        }
