"""Searching and filtering: whatever way SQLite goes, it must find what looking at each record in Python finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import fixed, sort_key
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.statuses import status_of
from lumedesk.domain.times import instant
from lumedesk.store import counting, search
from lumedesk.store.finding import MAX_WORDS, begins_amount, clauses_of, narrows
from lumedesk.store.histories import SHAPES
from lumedesk.store.mirror_file import open_mirror
from lumedesk.store.reader import MirrorReader
from lumedesk.store.sums import BadKey, amount_of
from tests.support.builders import a_deposit, a_fill, a_trade, a_withdrawal
from tests.support.mirror_tables import fill
from tests.support.mirrors import SEEN

# What folding and three-letter runs trip over: letters that fold to two, marks that combine, letters of two, three and
# four bytes, the code points around the surrogates, quotes, SQL's and FTS5's own signs, a zero in the middle.
LETTERS = "aAbB1./\"'%_*()-\\ \t\n\0ßẞİıſKσςÅa\u030aé\u0301е€ꙮ\ud7ff\ue000\ufffd\uffff😀👩🏽‍💻𝔘Ꭰꭰﬃ"
texts = st.text(st.sampled_from(LETTERS), max_size=9) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ids = st.builds(lambda prefix, text: prefix + text, st.sampled_from(["", "trd_", "TRD_00"]), texts)
amounts = st.sampled_from(
    [
        None,
        *map(
            Decimal, ("0", "0.00", "0.05", "1", "12", "12.00", "1234.56", "1234567.8", "-12.5", "-0.05", "1E+3", "99")
        ),
    ]
) | st.decimals(-2000, 2000, places=2)
statuses = st.sampled_from([None, "", "COMPLETED", "PENDING", "AWAITING_CONFIRMATION", "STRAẞE", "New 1234"])
currencies = st.sampled_from([None, "USDT", "ZAR", "usdt", "ßX", "BTC"])
times = st.sampled_from([None, "soon", "2026-05-11T10:15:30Z", "2026-05-12T00:00:00Z", "1969-07-20T20:17:40Z"])
details = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | amounts | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)

withdrawals = st.fixed_dictionaries(
    {
        "transaction_id": ids,
        "currency": currencies,
        "amount": amounts,
        "fee": amounts,
        "status": statuses,
        "withdraw_details": details,
        "created_at": times,
        "completed_at": st.none(),
    }
).map(lambda fields: a_withdrawal(**fields))
trades = st.fixed_dictionaries(
    {
        "transaction_id": ids,
        "from_currency": currencies,
        "to_currency": currencies,
        "from_amount": amounts,
        "to_amount": amounts,
        "rate": amounts,
        "status": statuses,
        "created_at": times,
        "completed_at": st.none(),
        "fills": st.none() | st.lists(texts.map(lambda key: a_fill(transaction_id=key)), max_size=2).map(tuple),
    }
).map(lambda fields: a_trade(**fields))
deposits = st.fixed_dictionaries(
    {
        "transaction_id": ids,
        "currency": currencies,
        "amount": amounts,
        "fee": amounts,
        "status": statuses,
        "completed_at": times,
    }
).map(lambda fields: a_deposit(**fields))
RECORDS = {Kind.TRADES: trades, Kind.WITHDRAWALS: withdrawals, Kind.DEPOSITS: deposits}

numbers = st.sampled_from(
    [
        "0",
        "0.",
        "0.0",
        "0.05",
        "1",
        "12",
        "12.",
        "12.5",
        "-12",
        "1,234",
        "1234.5",
        "1,234.56",
        "01",
        ".5",
        "1000",
        "99",
        "-0",
    ]
)
words = (
    texts
    | numbers
    | st.sampled_from(
        ["completed", "awaiting conf", "usdt", "usdt/zar", "zar", "trd", "trd_", "TRD_0", "ss", "new", "none"]
    )
)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, Decimal):
        yield fixed(value)
    elif value is not None:
        yield str(value)


def begins(word: str, amount: Decimal | None) -> bool:
    """By the digits as written, the sign of the amount only where the word has one."""
    sign, plain = word.startswith("-"), word.removeprefix("-")
    whole, _, fraction = plain.partition(".")
    if amount is None or not whole[:1].isdecimal() or not plain.isascii():
        return False
    # A zero stands alone before the point, without a comma behind it.
    if whole[0] == "0" and whole != "0":
        return False
    whole = whole.replace(",", "")
    if not (whole + fraction).isdecimal() or (sign and amount > 0):
        return False
    told_whole, _, told_fraction = fixed(amount.copy_abs()).partition(".")
    return told_whole == whole and (told_fraction + "0" * 40).startswith(fraction)


def naive_match(kind: Kind, record: Any, word: str) -> bool:
    """Whether a folded word finds a record, by looking at it."""
    few, told, figures = [], [record.transaction_id], []
    if record.status is not None:
        few += [record.status, status_of(record.status).label]
    if kind is Kind.TRADES:
        few.append(f"{record.from_currency}/{record.to_currency}")
        told += [fill.transaction_id for fill in record.fills or ()]
        figures = [record.from_amount, record.to_amount, record.rate]
    else:
        few.append(record.currency or "")
        figures = [record.amount, record.fee]
    if kind is Kind.WITHDRAWALS:
        told += texts_in(record.withdraw_details)
    # A zero character parts texts, so no word with one is found.
    parts = [part for text in told for part in text.casefold().split("\0")]
    found = any(word in part for part in parts) or any(word in text.casefold() for text in few)
    return "\0" not in word and (found or any(begins(word, figure) for figure in figures))


def naive(query: HistoryQuery, records: list[Any]) -> set[int]:
    """Places of the records found."""
    found = set()
    for place, record in enumerate(records):
        values = {column: getattr(record, column, None) for column, _ in query.any_of}
        if "pair" in values:
            values["pair"] = f"{record.from_currency}/{record.to_currency}"
        moment = instant(record.completed_at if query.kind is Kind.DEPOSITS else record.created_at)
        at = SEEN if moment is None else moment.at
        figure = getattr(record, query.amount) if query.amount else None
        if (
            all(naive_match(query.kind, record, word) for word in query.text.casefold().split())
            and all(values[column] in wanted for column, wanted in query.any_of)
            and (query.since is None or at >= query.since)
            and (query.until is None or at < query.until)
            and (query.least is None or (figure is not None and figure >= query.least))
            and (query.most is None or (figure is not None and figure <= query.most))
        ):
            found.add(place)
    return found


@contextmanager
def a_reader(kind: Kind, records: list[Any]) -> Iterator[MirrorReader]:
    """Over a mirror with just these."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.sqlite"
        connection = open_mirror(path)
        fill(connection, kind, records)
        reader = MirrorReader(path)
        yield reader
        reader.close()
        connection.close()


def agree(reader: MirrorReader, query: HistoryQuery, expected: set[int]) -> None:
    """All ways to the rows lead to the same ones: rows are numbered from 1, by place."""
    whole = reader.order(query)
    assert {row - 1 for row in whole} == expected
    assert len(whole) == len(expected)
    everything = reader.order(HistoryQuery(query.kind, query.order, query.descending))
    assert list(whole) == [row for row in everything if row - 1 in expected]
    assert reader.count(query) == len(expected)
    assert reader.quick_count(query) in (None, len(expected))
    first = reader.first(query, 2)
    assert list(first.rows) == list(whole[: len(first.rows)])
    if first.is_whole:
        assert first.rows == whole
        assert first.count == len(whole)
    else:
        assert len(first.rows) <= first.count <= len(whole)


@pytest.fixture(params=["few", "more", "many", "within", "by others", "not counted"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the ways to the first rows and to their count, however few rows there are."""
    few, many, counted, within, others = {
        "few": (1_000, 2_000, 1_000, 0, 4),
        "more": (0, 2_000, 1_000, 0, 4),
        "many": (0, 0, 1_000, 0, 1_000),
        "within": (0, 0, 1_000, 1_000, 4),
        "by others": (0, 0, 3, 1_000, 1),
        "not counted": (0, 0, 0, 0, 4),
    }[request.param]
    monkeypatch.setattr(search, "_FEW", few)
    monkeypatch.setattr(search, "_MANY", many)
    monkeypatch.setattr(search, "_MOST_COUNTED", counted)
    monkeypatch.setattr(search, "_MOST_WITHIN", within)
    monkeypatch.setattr(counting, "_OTHERS", others)
    return str(request.param)


@st.composite
def asked(draw: st.DrawFn, kind: Kind) -> HistoryQuery:
    shape = SHAPES[kind]
    query = HistoryQuery(kind, draw(st.sampled_from([*shape.orders])), draw(st.booleans()))
    query = replace(query, text=" ".join(draw(st.lists(words, max_size=2))))
    if draw(st.integers(0, 3)) == 0:
        column = draw(st.sampled_from(["status", *shape.few]))
        chosen = draw(st.lists(st.sampled_from(["COMPLETED", "PENDING", "USDT/ZAR", "ZAR", "USDT"]), max_size=3))
        query = replace(query, any_of=((column, tuple(chosen)),))
    if draw(st.integers(0, 3)) == 0:
        ends = [
            draw(
                st.none()
                | st.sampled_from(
                    [SEEN, SEEN + timedelta(hours=12), datetime(2026, 5, 11, 10, 15, 30, tzinfo=SEEN.tzinfo)]
                )
            )
            for _ in "ab"
        ]
        query = replace(query, since=ends[0], until=ends[1])
    if draw(st.integers(0, 3)) == 0:
        ends = [
            draw(st.none() | st.sampled_from([Decimal(0), Decimal(12), Decimal("1234.56"), Decimal(-1)])) for _ in "ab"
        ]
        query = replace(query, amount=draw(st.sampled_from(shape.amounts)), least=ends[0], most=ends[1])
    return query


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.table)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_every_search_finds_what_looking_at_each_record_finds(kind: Kind, ways: str, data: st.DataObject) -> None:
    records = data.draw(st.lists(RECORDS[kind], max_size=8, unique_by=lambda record: record.transaction_id))
    with a_reader(kind, records) as reader:
        for query in data.draw(st.lists(asked(kind), min_size=2, max_size=6)):
            agree(reader, query, naive(query, records))
        for record in records:
            # A piece of a text that is there is found, wherever it is cut.
            piece = data.draw(
                st.sampled_from([record.transaction_id, *texts_in(getattr(record, "withdraw_details", None))])
            )
            start = data.draw(st.integers(0, max(0, len(piece) - 1)))
            query = HistoryQuery(kind, text=piece[start : start + data.draw(st.integers(1, 8))])
            agree(reader, query, naive(query, records))


@given(
    st.decimals(allow_nan=False, allow_infinity=False).filter(
        lambda d: len(d.as_tuple().digits) <= 60 and -40 <= int(d.as_tuple().exponent) <= 40
    )
)
def test_a_sort_key_tells_its_amount(amount: Decimal) -> None:
    assert amount_of(sort_key(amount)) == amount


@pytest.mark.parametrize(
    "key", [b"", b"\x00", b"\x03\x80\x001", b"\x02\x80\x00", b"\x02\x80\x00x", b"\x02\x80", b"\x00\x01\xff"]
)
def test_what_is_no_sort_key_is_not_taken_for_one(key: bytes) -> None:
    with pytest.raises(BadKey):
        amount_of(key)


@given(
    st.sampled_from(["", "-"]),
    st.integers(0, 10**22),
    st.none() | st.text("0123456789", max_size=20),
    st.decimals(-(10**22), 10**22, places=18),
)
def test_a_number_finds_the_amounts_that_begin_with_it(
    sign: str, whole: int, fraction: str | None, amount: Decimal
) -> None:
    word = f"{sign}{whole}" + ("" if fraction is None else f".{fraction}")
    assert begins_amount(word, amount) == begins(word, amount)
    # Nearly the amount's own digits, so that hits are met, and their neighbours.
    digits = fixed(amount.copy_abs())
    for end in range(1, len(digits) + 1):
        assert begins_amount(digits[:end], amount) == begins(digits[:end], amount)


@pytest.mark.parametrize(
    "word", ["9" * 61, "1." + "0" * 41, "1.2.3", "1e5", "--1", "1_000", "١٢", ",1", "", "nan", "infinity"]
)
def test_what_is_no_number_begins_no_amount(word: str) -> None:
    assert not begins_amount(word, Decimal(1))
    assert not begins_amount(word, Decimal(12))


@pytest.mark.parametrize(
    "word",
    [
        "straße",
        "STRASSE",
        "ı",
        "i̇stanbul",
        "İstanbul",
        "😀",
        "👩🏽‍💻",
        "cafe\u0301",
        "ﬃ",
        "€uro",
        'a"b"c',
        "50%",
        "x_y",
        "it's",
        "a*b",
        "NEAR(a",
        "-abc",
        "^abc",
        "a:b",
    ],
)
def test_a_text_is_found_to_the_letter_and_no_other(word: str, ways: str) -> None:
    told = [f"x{word}y", f"{word[:-1]} {word[-1:]}", "cafe", "strase istanbul", "ab c 50 xy its"]
    records = [
        a_withdrawal(transaction_id=f"w{at}", status="X", currency="Y", withdraw_details={"note": text})
        for at, text in enumerate(told)
    ]
    query = HistoryQuery(Kind.WITHDRAWALS, text=word)
    assert 0 in naive(query, records)
    with a_reader(Kind.WITHDRAWALS, records) as reader:
        agree(reader, query, naive(query, records))


@pytest.mark.parametrize("text", ["\ud800", "trd\udfff", "a\0b", "\0"])
def test_what_no_text_can_hold_is_looked_for_and_not_found(text: str) -> None:
    with a_reader(Kind.TRADES, [a_trade()]) as reader:
        assert reader.count(HistoryQuery(Kind.TRADES, text=text)) == 0
        assert reader.first(HistoryQuery(Kind.TRADES, text=text), 5).rows.tolist() == []


def test_what_all_ids_begin_with_leaves_nothing_out_and_costs_nothing() -> None:
    records = [a_trade(transaction_id=f"trd_{number:05}", status="PENDING") for number in range(20)]
    with a_reader(Kind.TRADES, records) as reader:
        for text in ("trd", "RD_0", "trd_000"):
            assert reader.quick_count(HistoryQuery(Kind.TRADES, text=text)) == 20
        agree(reader, HistoryQuery(Kind.TRADES, text="trd_0001"), set(range(10, 20)))


@pytest.mark.parametrize(
    ("word", "prefix", "piece"),
    [
        ("abcd", "", "abcd"),
        ("0001xyz", "", "0001xyz"),
        # Of a long word its end.
        ("trd_0001x", "", "rd_0001x"),
        # What every id begins with tells nothing; but three letters tell too little.
        ("trd_0001x", "trd_00", "0001x"),
        ("trd_000", "trd_00", "_000"),
        ("xtrd", "trd_00", "xtr"),
        ("xytrd_00", "trd_00", "xytr"),
    ],
)
def test_a_word_is_looked_up_by_what_not_every_id_has(word: str, prefix: str, piece: str) -> None:
    [clause] = clauses_of(HistoryQuery(Kind.DEPOSITS, text=word), lambda _column: [], prefix)
    assert clause.rows().bindings[0] == f'"{piece}"'
    assert clause.is_exact == (piece == word)


def test_what_stands_in_every_id_is_not_looked_up() -> None:
    assert not clauses_of(HistoryQuery(Kind.TRADES, text="rd_0"), lambda _column: [], "trd_00")


@pytest.mark.parametrize(
    ("text", "earlier", "expected"),
    [
        ("0000", "000", True),
        ("trd_0", "trd", True),
        ("pending usdt", "usd pend", True),
        ("usdt", "usd usd", True),
        ("0000 x", "000", True),
        ("123", "123", True),
        ("x", "", True),
        ("000", "0000", False),
        ("pending", "pending usdt", False),
        # As text it is narrower; as a number it finds other amounts.
        ("123", "12", False),
        ("12.5", "12", False),
        ("0.05", "0.0", False),
        ("12x", "12", True),
        ("x12 123", "12", True),
    ],
)
def test_a_word_typed_on_narrows_what_was_found(text: str, earlier: str, expected: bool) -> None:
    assert narrows(text, earlier) is expected


@given(first=words, second=words, more=st.text(st.sampled_from("ab01. ,-"), max_size=3), record=trades)
def test_what_is_narrower_finds_nothing_else(first: str, second: str, more: str, record: Any) -> None:
    earlier, text = f"{first} {second}", f"{second} {first}{more}"
    if narrows(text, earlier):
        query = HistoryQuery(Kind.TRADES, text=text)
        assert not naive(query, [record]) or naive(replace(query, text=earlier), [record])


def test_letters_that_stand_for_none_are_told_apart() -> None:
    marks = "\ufffd\ufffe\uffff"
    with a_reader(Kind.WITHDRAWALS, [a_withdrawal(transaction_id=f"a{mark}bc") for mark in marks]) as reader:
        for place, mark in enumerate(marks):
            for word in (f"a{mark}b", f"a{mark}bc"):
                agree(reader, HistoryQuery(Kind.WITHDRAWALS, text=word), {place})


@pytest.mark.parametrize(("most", "count"), [(11, 11), (10, None)])
def test_a_word_that_many_rows_may_hold_is_counted_by_looking_at_them(
    monkeypatch: pytest.MonkeyPatch, most: int, count: int | None
) -> None:
    """Or not before all of them are found."""
    monkeypatch.setattr(search, "_FEW", 1)
    monkeypatch.setattr(search, "_MANY", 2)
    monkeypatch.setattr(search, "_MOST_COUNTED", most)
    names = [f"a{number:02}-rstuvwxyz" for number in range(11)] + [f"b{number:02}-none" for number in range(10)]
    with a_reader(Kind.TRADES, [a_trade(transaction_id=name) for name in names]) as reader:
        assert reader.quick_count(HistoryQuery(Kind.TRADES, text="rstuvwxyz")) == count
        assert reader.count(HistoryQuery(Kind.TRADES, text="rstuvwxyz")) == 11
        # A word that its index finds to the letter is counted there.
        assert reader.quick_count(HistoryQuery(Kind.TRADES, text="rstuv")) == 11


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("between", ["trade_0001_more", "another", "TRADE_0001_more", "with trade_0001"])
def test_ids_that_came_one_after_another_are_counted_without_looking_at_their_rows(
    monkeypatch: pytest.MonkeyPatch, between: str, backwards: bool
) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_MANY", 2)
    monkeypatch.setattr(search, "_MOST_COUNTED", 3)
    run = [f"trade_0001{number}" for number in range(30)]
    # Before and behind the run there are two that have the word elsewhere, and one that has only a part of it.
    names = ["trade", "from trade_0001", *run[:10], between, *run[10:], "TRADE_00012", "xade_00019", "trade_00020"]
    records = [a_trade(transaction_id=name, fills=()) for name in (reversed(names) if backwards else names)]
    query = HistoryQuery(Kind.TRADES, text="trade_0001")
    with a_reader(Kind.TRADES, records) as reader:
        agree(reader, query, naive(query, records))
        # One with another id among them, and all of them have to be looked at: too many here.
        assert reader.quick_count(query) == (33 if between == "trade_0001_more" else None)


def test_ids_that_cannot_be_found_yet_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_MANY", 2)
    names = ["another", *(f"trade_0001{number}" for number in range(9))]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.sqlite"
        connection = open_mirror(path)
        fill(connection, Kind.TRADES, [a_trade(transaction_id=name, fills=()) for name in names])
        reader = MirrorReader(path)
        fill(connection, Kind.TRADES, [a_trade(transaction_id="trade_00019", fills=())], are_found=False)
        assert reader.quick_count(HistoryQuery(Kind.TRADES, text="trade_0001")) == 9
        reader.close()
        connection.close()


def test_what_most_rows_have_is_counted_by_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_MANY", 1)
    told = [*["COMPLETED"] * 20, "PENDING", "CANCELLED", None, ""]
    records = [a_trade(transaction_id=f"trd_{at}", status=status) for at, status in enumerate(told)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.sqlite"
        connection = open_mirror(path)
        fill(connection, Kind.TRADES, records)
        reader = MirrorReader(path)
        assert reader.quick_count(HistoryQuery(Kind.TRADES, text="complet")) == 20
        # What isn't found yet isn't counted.
        fill(connection, Kind.TRADES, [a_trade(transaction_id="trd_new", status="COMPLETED")], are_found=False)
        assert reader.quick_count(HistoryQuery(Kind.TRADES, text="complet")) == 20
        reader.close()
        connection.close()


def test_a_word_typed_on_is_looked_for_among_what_was_found_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_MANY", 0)
    monkeypatch.setattr(search, "_ROW_STEPS", 5)
    names = [*["abcd", "abce"] * 5, *["none"] * 50]
    records = [
        a_trade(transaction_id=f"{name}-{at:02}", created_at=f"2026-05-{1 + at // 24:02}T{at % 24:02}:00:00Z")
        for at, name in enumerate(names)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.sqlite"
        connection = open_mirror(path)
        fill(connection, Kind.TRADES, records)
        reader = MirrorReader(path)
        shorter, longer = HistoryQuery(Kind.TRADES, text="abc"), HistoryQuery(Kind.TRADES, text="abcd")
        # Too far behind to be met by looking at one row after the other.
        assert not reader.first(longer, 2).rows
        reader.order(shorter)
        assert reader.first(longer, 2).rows.tolist() == [9, 7]
        assert not reader.first(replace(longer, descending=False, order="id", text="none"), 2).rows
        # Not once anything was written.
        reader.order(shorter)
        newest = a_trade(transaction_id="abcd-new", created_at="2026-06-01T00:00:00Z")
        [row] = fill(connection, Kind.TRADES, [newest])
        assert reader.first(longer, 1).rows.tolist() == [row]
        reader.close()
        connection.close()


def test_more_values_than_sqlite_has_marks_for() -> None:
    records = [a_trade(status=f"STATUS {number}") for number in range(300)]
    with a_reader(Kind.TRADES, records) as reader:
        wanted = tuple(f"STATUS {number}" for number in range(1, 40_000))
        agree(reader, HistoryQuery(Kind.TRADES, any_of=(("status", wanted),)), set(range(1, 300)))
        agree(reader, HistoryQuery(Kind.TRADES, text="status"), set(range(300)))


def test_a_very_long_search_is_no_mistake() -> None:
    with a_reader(Kind.TRADES, [a_trade(transaction_id="xyz")]) as reader:
        many = " ".join(f"word{number}" for number in range(5_000))
        assert reader.count(HistoryQuery(Kind.TRADES, text=many)) == 0
        assert reader.count(HistoryQuery(Kind.TRADES, text="xyz " * (MAX_WORDS + 1))) == 1
        assert reader.count(HistoryQuery(Kind.TRADES, text="y" * 100_000)) == 0
        assert reader.count(HistoryQuery(Kind.TRADES, text=" ".join(str(number) for number in range(1, 200)))) == 0


@pytest.mark.parametrize("name", ["doc", "words", "id", "from_amount", "status; DROP TABLE trades", ""])
def test_names_that_are_no_columns_to_choose_by_are_refused(name: str) -> None:
    with a_reader(Kind.TRADES, []) as reader, pytest.raises(ValueError, match="no column"):
        reader.order(HistoryQuery(Kind.TRADES, any_of=((name, ("x",)),)))


@pytest.mark.parametrize("name", ["doc", "words", "row", "at DESC; --", ""])
def test_names_that_are_no_order_are_refused(name: str) -> None:
    with a_reader(Kind.TRADES, []) as reader, pytest.raises(ValueError, match="no order"):
        reader.first(HistoryQuery(Kind.TRADES, order=name), 1)


def test_an_amount_that_is_none_is_refused() -> None:
    with a_reader(Kind.TRADES, []) as reader, pytest.raises(ValueError, match="no amount"):
        reader.count(HistoryQuery(Kind.TRADES, amount="status", least=Decimal(1)))


def test_runs_of_letters_that_stand_apart_are_no_word(ways: str) -> None:
    records = [a_withdrawal(transaction_id=key) for key in ("abcxbcd", "bcd abc", "zabcdz")]
    with a_reader(Kind.WITHDRAWALS, records) as reader:
        agree(reader, HistoryQuery(Kind.WITHDRAWALS, text="abcd"), {2})
