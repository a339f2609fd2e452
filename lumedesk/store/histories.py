"""What the mirror keeps of each history beside the records themselves: the columns it orders, filters and searches by."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import fixed, sort_key
from lumedesk.domain.records import Deposit, Trade, Withdrawal
from lumedesk.domain.times import micros


class HistoryShape(msgspec.Struct, frozen=True):
    """A history's columns, and a function that reads their values off a record.

    `few`: the columns of texts of which there are only a few different ones; `amounts`: those of sort keys; `sums`: those
    of amounts that add up, each with the column of its currency.
    """

    columns: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    few: tuple[str, ...]
    amounts: tuple[str, ...]
    sums: tuple[tuple[str, str], ...]

    @property
    def orders(self) -> tuple[str, ...]:
        """The names a table may ask to be ordered by."""
        return (*(name for name in self.columns if name != "words"), "id")


def words_in(*parts: Any) -> str:
    """The texts a search may find, folded for comparing; a line break keeps one text's end from another's start.

    SQLite's search reads a text up to its first zero character, so that one parts two texts as well.
    """
    return "\n".join(flat(part) for part in parts if part is not None).casefold().replace("\0", "\n")


def flat(whole: Any) -> str:
    """All texts and figures within, a line each. Not by recursion: details may be nested deeper than Python calls."""
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


def _key(amount: Decimal | None) -> bytes | None:
    return None if amount is None else sort_key(amount)


def _trade(trade: Trade) -> tuple[Any, ...]:
    return (
        micros(trade.created_at),
        micros(trade.completed_at),
        trade.status,
        f"{trade.from_currency}/{trade.to_currency}",
        trade.from_currency,
        trade.to_currency,
        _key(trade.from_amount),
        _key(trade.to_amount),
        _key(trade.rate),
        words_in(trade.transaction_id, *[fill.transaction_id for fill in trade.fills or ()]),
    )


def _withdrawal(withdrawal: Withdrawal) -> tuple[Any, ...]:
    return (
        micros(withdrawal.created_at),
        micros(withdrawal.completed_at),
        withdrawal.status,
        withdrawal.currency,
        _key(withdrawal.amount),
        _key(withdrawal.fee),
        words_in(withdrawal.transaction_id, withdrawal.withdraw_details),
    )


def _deposit(deposit: Deposit) -> tuple[Any, ...]:
    return (
        micros(deposit.completed_at),
        deposit.status,
        deposit.currency,
        _key(deposit.amount),
        _key(deposit.fee),
        words_in(deposit.transaction_id),
    )


_TRANSFER_SUMS = (("amount", "currency"), ("fee", "currency"))

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
        few=("status", "pair"),
        amounts=("from_amount", "to_amount", "rate"),
        sums=(("from_amount", "from_currency"), ("to_amount", "to_currency")),
    ),
    Kind.WITHDRAWALS: HistoryShape(
        ("at", "completed_at", "status", "currency", "amount", "fee", "words"),
        _withdrawal,
        few=("status", "currency"),
        amounts=("amount", "fee"),
        sums=_TRANSFER_SUMS,
    ),
    Kind.DEPOSITS: HistoryShape(
        ("at", "status", "currency", "amount", "fee", "words"),
        _deposit,
        few=("status", "currency"),
        amounts=("amount", "fee"),
        sums=_TRANSFER_SUMS,
    ),
}
