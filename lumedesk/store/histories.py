"""What the mirror keeps of each history beside the record itself: the columns it orders, filters and searches by."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import fixed, sort_key
from lumedesk.domain.records import Deposit, Trade, Withdrawal
from lumedesk.domain.times import micros


@dataclass(frozen=True, slots=True)
class HistoryShape:
    """`columns` beyond row, id, doc and first_seen, with a function that reads their values off a record."""

    columns: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]

    @property
    def orders(self) -> dict[str, str]:
        """SQL to order by, for each name a table may ask for. A history's time falls back on when it was first seen."""
        return {name: name for name in self.columns if name != "words"} | {"at": "coalesce(at, first_seen)", "id": "id"}


def _key(amount: Decimal | None) -> bytes | None:
    return None if amount is None else sort_key(amount)


def _words(*parts: Any) -> str:
    """Everything a search may find, folded for comparing; a line break keeps one field's end from another's start."""
    return "\n".join(_flat(part) for part in parts if part is not None).casefold()


def _flat(whole: Any) -> str:
    """Not by recursion: details may be nested deeper than Python calls."""
    told: list[str] = []
    left = [whole]
    while left:
        match part := left.pop():
            case dict():
                left += reversed(part.values())
            case list() | tuple():
                left += reversed(part)
            case Decimal():
                told.append(fixed(part))
            case None:
                pass
            case _:
                told.append(str(part))
    return "\n".join(told)


def _trade(trade: Trade) -> tuple[Any, ...]:
    pair = f"{trade.from_currency}/{trade.to_currency}"
    fills = [fill.transaction_id for fill in trade.fills or ()]
    return (
        micros(trade.created_at),
        micros(trade.completed_at),
        trade.status,
        pair,
        trade.from_currency,
        trade.to_currency,
        _key(trade.from_amount),
        _key(trade.to_amount),
        _key(trade.rate),
        _words(trade.transaction_id, pair, trade.status, trade.from_amount, trade.to_amount, trade.rate, fills),
    )


def _withdrawal(withdrawal: Withdrawal) -> tuple[Any, ...]:
    return (
        micros(withdrawal.created_at),
        micros(withdrawal.completed_at),
        withdrawal.status,
        withdrawal.currency,
        _key(withdrawal.amount),
        _key(withdrawal.fee),
        _words(
            withdrawal.transaction_id,
            withdrawal.currency,
            withdrawal.status,
            withdrawal.amount,
            withdrawal.fee,
            withdrawal.withdraw_details,
        ),
    )


def _deposit(deposit: Deposit) -> tuple[Any, ...]:
    return (
        micros(deposit.completed_at),
        deposit.status,
        deposit.currency,
        _key(deposit.amount),
        _key(deposit.fee),
        _words(deposit.transaction_id, deposit.currency, deposit.status, deposit.amount, deposit.fee),
    )


SHAPES = {
    Kind.TRADES: HistoryShape(
        (
            "at",
            "completed_at",
            "status",
            "pair",
            "from_currency",
            "to_currency",
            "from_amount",
            "to_amount",
            "rate",
            "words",
        ),
        _trade,
    ),
    Kind.WITHDRAWALS: HistoryShape(
        ("at", "completed_at", "status", "currency", "amount", "fee", "words"),
        _withdrawal,
    ),
    Kind.DEPOSITS: HistoryShape(("at", "status", "currency", "amount", "fee", "words"), _deposit),
}
