"""Order, filters and search of the histories: SQLite must give what Python's own sorting and searching would."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.times import micros
from lumedesk.store.histories import SHAPES
from lumedesk.store.mirror import Mirror
from lumedesk.store.reader import MirrorReader
from tests.support.builders import a_deposit, a_trade, a_withdrawal
from tests.support.mirrors import SEEN, write

amounts = st.none() | st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda d: len(d.as_tuple().digits) <= 60 and -40 <= int(d.as_tuple().exponent) <= 40
)
near = st.none() | st.integers(-300, 300).map(lambda cents: Decimal(cents).scaleb(-2))
stamps = (
    st.none()
    | st.just("soon")
    | st.datetimes(
        datetime(1969, 1, 1),  # noqa: DTZ001 - written with a zone, or without one, below
        datetime(2100, 1, 1),  # noqa: DTZ001
    ).flatmap(
        lambda at: st.sampled_from(
            [f"{at:%Y-%m-%dT%H:%M:%S}", f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", f"{at:%Y-%m-%dT%H:%M:%S}+02:00"]
        )
    )
)
texts = (
    st.none()
    | st.sampled_from(["ZAR", "zar", "USDT", "É", "\U0001f600", "", "ÿ"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
)

MAKERS: dict[Kind, tuple[Callable[..., Any], dict[str, st.SearchStrategy[Any]]]] = {
    Kind.TRADES: (
        a_trade,
        {
            "from_currency": texts,
            "to_currency": texts,
            "from_amount": amounts,
            "to_amount": near,
            "rate": amounts,
            "status": texts,
            "created_at": stamps,
            "completed_at": stamps,
        },
    ),
    Kind.WITHDRAWALS: (
        a_withdrawal,
        {
            "currency": texts,
            "amount": amounts,
            "fee": near,
            "status": texts,
            "created_at": stamps,
            "completed_at": stamps,
        },
    ),
    Kind.DEPOSITS: (
        a_deposit,
        {"currency": texts, "amount": amounts, "fee": near, "status": texts, "completed_at": stamps},
    ),
}


def value_of(kind: Kind, order: str, record: Any) -> Any:
    """What Python itself orders by."""
    if order == "at":
        time = record.completed_at if kind is Kind.DEPOSITS else record.created_at
        return micros(time) if micros(time) is not None else micros(SEEN.isoformat())
    if order == "completed_at":
        return micros(record.completed_at)
    if order == "pair":
        return f"{record.from_currency}/{record.to_currency}".encode()
    value = record.transaction_id if order == "id" else getattr(record, order)
    return value.encode() if isinstance(value, str) else value


def expected(kind: Kind, query: HistoryQuery, records: list[Any]) -> list[int]:
    """Positions by Python's stable sort, what has no value last either way."""
    numbered = list(enumerate(records))
    filled = [(n, value) for n, record in numbered if (value := value_of(kind, query.order, record)) is not None]
    filled.sort(key=lambda pair: (pair[1], pair[0]), reverse=query.descending)
    empty = [n for n, record in numbered if value_of(kind, query.order, record) is None]
    return [n for n, _ in filled] + (empty[::-1] if query.descending else empty)


@pytest.mark.parametrize(
    ("kind", "order"), [(kind, order) for kind in MAKERS for order in sorted(SHAPES[kind].orders)], ids=str
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_every_order_is_python_s_own(kind: Kind, order: str, data: st.DataObject) -> None:
    make, fields = MAKERS[kind]
    drawn = data.draw(st.lists(st.fixed_dictionaries(fields), max_size=8))
    records = [make(**changes) for changes in drawn]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.sqlite"
        mirror = Mirror(path)
        rows = write(mirror, kind, records)
        reader = MirrorReader(path)
        for descending in (True, False):
            query = HistoryQuery(kind, order, descending)
            found = reader.order(query)
            assert [rows.index(row) for row in found] == expected(kind, query, records)
        reader.close()
        mirror.close()
