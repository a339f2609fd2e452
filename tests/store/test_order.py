"""Order, filters and search of the histories: SQLite must give what Python's own sorting and searching would."""

from array import array
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumedesk.domain.kinds import Kind
from lumedesk.domain.times import micros
from lumedesk.store.histories import SHAPES
from lumedesk.store.mirror import HistoryQuery, Mirror, MirrorReader
from tests.support.builders import a_deposit, a_fill, a_trade, a_withdrawal
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


def found(reader: MirrorReader, text: str, *equal: tuple[str, str], kind: Kind = Kind.TRADES) -> set[str]:
    rows = reader.order(HistoryQuery(kind, text=text, equal=equal))
    ids = [doc.split(b'"transactionId":"')[1].split(b'"')[0].decode() for doc in reader.documents(kind, rows).values()]
    return set(ids)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", {"a", "b", "c"}),
        ("   ", {"a", "b", "c"}),
        ("usdt", {"a", "b"}),
        ("ZAR 1840", {"a"}),
        ("1840 zar", {"a"}),
        ("usdt/zar pending", {"b"}),
        ("0.00000001", {"c"}),
        ("fil_77", {"a"}),
        ("%", set()),
        ("_", {"a"}),
        ("'", set()),
        ('"', set()),
        ("\\", set()),
        ("*", set()),
        ("' OR 1=1 --", set()),
        ("\x00", set()),
        ("pending\nusdt", {"b"}),
    ],
)
def test_a_search_finds_the_rows_with_every_word(
    text: str, ids: set[str], mirror: Mirror, reader: MirrorReader
) -> None:
    write(
        mirror,
        Kind.TRADES,
        [
            a_trade(transaction_id="a", fills=(a_fill(transaction_id="fil_77"),)),
            a_trade(transaction_id="b", to_amount=Decimal(7), status="PENDING"),
            a_trade(transaction_id="c", from_currency="BTC", to_currency="KES", to_amount=Decimal("0.00000001")),
        ],
    )
    assert found(reader, text) == ids


@pytest.mark.parametrize("needle", ["50%", "a_b", "it's", 'say "x"', "back\\slash", "STRASSE", "straße", "Ünïcode"])
def test_special_characters_are_found_to_the_letter(needle: str, mirror: Mirror, reader: MirrorReader) -> None:
    write(
        mirror,
        Kind.WITHDRAWALS,
        [
            a_withdrawal(transaction_id="hit", withdraw_details={"deep": [{"note": f"x{needle}y"}]}),
            a_withdrawal(transaction_id="miss", withdraw_details={"note": "50 a-b its say x backslash"}),
        ],
    )
    assert found(reader, needle, kind=Kind.WITHDRAWALS) == {"hit"}


def test_a_search_does_not_run_over_from_one_field_into_the_next(mirror: Mirror, reader: MirrorReader) -> None:
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal(transaction_id="w", withdraw_details={"a": "12", "b": "34"})])
    assert found(reader, "1234", kind=Kind.WITHDRAWALS) == set()


def test_filters_and_search_work_together(mirror: Mirror, reader: MirrorReader) -> None:
    statuses = ["PENDING", "COMPLETED", "COMPLETED"]
    write(
        mirror,
        Kind.TRADES,
        [a_trade(transaction_id=f"t{n}", status=status, rate=Decimal(n)) for n, status in enumerate(statuses)],
    )
    assert found(reader, "", ("status", "COMPLETED")) == {"t1", "t2"}
    assert found(reader, "t2", ("status", "COMPLETED"), ("pair", "USDT/ZAR")) == {"t2"}
    assert found(reader, "", ("status", "COMPLETED' OR '1'='1")) == set()


def test_rows_come_as_a_compact_array(mirror: Mirror, reader: MirrorReader) -> None:
    write(mirror, Kind.TRADES, [a_trade()], SEEN + timedelta(seconds=1))
    rows = reader.order(HistoryQuery(Kind.TRADES))
    assert isinstance(rows, array)
    assert rows.typecode == "q"
