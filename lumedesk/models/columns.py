"""The columns that many tables share: amounts, times, statuses and ids."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lumedesk.domain.statuses import Status, status_of
from lumedesk.models.table import Column
from lumedesk.models.texts import amount, digits, exact_time, local, words

Order = Callable[[Any], Any] | str | None


def amount_column(
    name: str,
    title: str,
    value: Callable[[Any], Decimal | None],
    order: Order,
    width: int = 150,
    tooltip: Callable[[Any], str | None] | None = None,
    *,
    spare: bool = False,
) -> Column[Any]:
    """A figure with thousands separated, aligned on its decimal sign; copied as plain digits."""
    return Column(
        name,
        title,
        text=lambda record: amount(value(record)),
        copy=lambda record: digits(value(record)),
        amount=value,
        order=order,
        tooltip=tooltip,
        width=width,
        spare=spare,
    )


def time_column(
    name: str,
    title: str,
    value: Callable[[Any], str | None],
    order: Order,
    width: int = 142,
    *,
    spare: bool = False,
) -> Column[Any]:
    """A short local time, exact in the tooltip; copied as the server sent it."""
    return Column(
        name,
        title,
        text=lambda record: local(value(record)),
        copy=lambda record: value(record) or "",
        tooltip=lambda record: exact_time(value(record)),
        order=order,
        width=width,
        spare=spare,
    )


def text_column(
    name: str,
    title: str,
    value: Callable[[Any], str | None],
    order: Order,
    width: int = 110,
    *,
    grows: bool = False,
    spare: bool = False,
) -> Column[Any]:
    """Text from the server, made safe to look at."""
    return Column(
        name, title, text=lambda record: words(value(record)), order=order, width=width, grows=grows, spare=spare
    )


def status_column(
    order: Order, width: int = 160, value: Callable[[Any], Status] = lambda record: status_of(record.status)
) -> Column[Any]:
    """A status as a word in a pill."""
    return Column("status", "Status", text=lambda record: value(record).label, status=value, order=order, width=width)
