"""A followed trade against its quote: sums and averages of what was filled, nothing guessed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.quote_flow import State
from lumedesk.domain.quote_result import result_of
from lumedesk.domain.quotes import Change, Direction, Quote, read_quote
from tests.support.builders import a_fill, a_quote_request, a_raw_quote, a_trade


def a_quote() -> Quote:
    return read_quote(a_raw_quote(), a_quote_request(), datetime(2026, 5, 11, tzinfo=UTC), 1_000.0)


def fill(paid: str | None, received: str | None, **changes: Any) -> Any:
    amounts = {"from_currency_amount": paid, "to_currency_amount": received}
    exact = {name: None if text is None else Decimal(text) for name, text in amounts.items()}
    return a_fill(**exact, **changes)


def test_fills_are_added_up_and_averaged() -> None:
    trade = a_trade(fills=(fill("40", "736.00"), fill("60", "1104.92")))
    result = result_of(trade, a_quote())
    assert (result.state, result.fills) == (State.FILLED, 2)
    assert (result.paid, result.received) == (Decimal(100), Decimal("1840.92"))
    assert result.average == Decimal("18.4092")
    assert result.against_quote == Change(Decimal("5.0"), Direction.BETTER)


@pytest.mark.parametrize(
    ("fills", "status", "state"),
    [
        (None, "PENDING", State.ACCEPTED),
        ((), "COMPLETED", State.FILLED),
        ((fill("40", "736"),), "PENDING", State.PARTIAL),
        ((fill("40", "736"),), "CANCELLED", State.PARTIAL),
        ((fill("100", "1840"),), "PENDING", State.ACCEPTED),
        ((fill("60", "1104"), fill("40", "736", status="REVERSED")), "COMPLETED", State.PARTIAL),
        ((fill("100", "1840", status="REVERSED"),), "REVERSED", State.REJECTED),
        (None, "CANCELLED", State.REJECTED),
        (None, "SOMETHING_NEW", State.ACCEPTED),
    ],
)
def test_the_state_follows_status_and_fills(fills: Any, status: str, state: State) -> None:
    assert result_of(a_trade(fills=fills, status=status), a_quote()).state is state


def test_fills_that_do_not_tell_all_have_no_sum() -> None:
    result = result_of(a_trade(fills=(fill("40", "736"), fill("60", None))), a_quote())
    assert (result.paid, result.received, result.average, result.against_quote) == (None, None, None, None)
    assert result.fills == 2
