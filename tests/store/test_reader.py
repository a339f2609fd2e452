"""Reading the mirror: records with their marks, sums, alerts, sizes; damage is told, and what is broken off ends."""

import threading
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.money import sort_key
from lumedesk.domain.queries import Alert, HistoryQuery, Seen, StoreSize, Total
from lumedesk.domain.statuses import FINAL_CODES
from lumedesk.store import sums
from lumedesk.store.datasets import Dataset, micros_of, write_dataset
from lumedesk.store.mirror_file import MirrorError, mirror_size, open_mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import Interrupted, MirrorReader, Stored
from lumedesk.store.sums import Adding
from tests.support.builders import a_deposit, a_trade, a_wallet, a_withdrawal, an_account, json_of
from tests.support.keys import STORE_KEY
from tests.support.mirror_tables import fill, fill_small
from tests.support.mirrors import SEEN

AT = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)


@pytest.fixture
def tables(profile: ProfilePaths) -> Iterator[apsw.Connection]:
    """The writer's connection."""
    connection = open_mirror(profile.mirror)
    yield connection
    connection.close()


@pytest.fixture
def reader(tables: apsw.Connection, profile: ProfilePaths) -> Iterator[MirrorReader]:
    reader = MirrorReader(profile.mirror)
    yield reader
    reader.close()


def ids(reader: MirrorReader, kind: Kind, rows: "array[int]") -> list[str]:
    return [key for key, _, _ in reader.dated(kind, rows)]


# Records


def test_records_come_with_their_marks(tables: apsw.Connection, reader: MirrorReader) -> None:
    plain, gone, altered = (a_trade(transaction_id=key) for key in "pga")
    fill(tables, Kind.TRADES, [plain, gone, altered], marks={"g": (SEEN, None), "a": (None, AT)})
    assert reader.documents(Kind.TRADES, [3, 1, 2, 9]) == {
        1: Stored(json_of(plain), None, None),
        2: Stored(json_of(gone), micros_of(SEEN), None),
        3: Stored(json_of(altered), None, micros_of(AT)),
    }
    assert reader.documents(Kind.TRADES, []) == {}
    assert reader.document(Kind.TRADES, "g") == json_of(gone)
    assert reader.document(Kind.TRADES, "nowhere") is None


def test_records_come_with_id_and_time_in_the_order_asked_for(tables: apsw.Connection, reader: MirrorReader) -> None:
    first, second = a_trade(transaction_id="one"), a_trade(transaction_id="two", created_at=None)
    fill(tables, Kind.TRADES, [first, second])
    assert reader.dated(Kind.TRADES, [2, 7, 1]) == [("two", SEEN, json_of(second)), ("one", AT, json_of(first))]


def test_a_time_that_nobody_knows_is_none(tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.DEPOSITS, [a_deposit(completed_at=None)], seen_at=datetime(1970, 1, 1, tzinfo=UTC))
    [(_, at, _)] = reader.dated(Kind.DEPOSITS, [1])
    assert at is None


def test_rows_that_are_not_found_yet_are_shown_by_time_and_by_id_and_wait_otherwise(
    tables: apsw.Connection, reader: MirrorReader
) -> None:
    def made(key: str, minute: int) -> object:
        return a_trade(transaction_id=key, created_at=f"2026-05-11T10:{minute:02}:00Z")

    fill(tables, Kind.TRADES, [made("b", 10), made("d", 30)])
    fill(tables, Kind.TRADES, [made("c", 20), made("a", 40)], are_found=False)

    def order(**asked: object) -> str:
        query = HistoryQuery(Kind.TRADES, **asked)  # type: ignore[arg-type]
        whole, first = reader.order(query), reader.first(query, 10)
        assert first.rows == whole
        assert (first.is_whole, first.count) == (True, len(whole))
        assert reader.count(query) == len(whole)
        return "".join(ids(reader, Kind.TRADES, whole))

    assert order() == "adcb"
    assert order(descending=False) == "bcda"
    assert order(order="id", descending=False) == "abcd"
    assert sorted(order(order="rate")) == ["b", "d"]
    assert order(text="usdt") == "db"
    assert reader.size().rows[Kind.TRADES] == 4
    assert [doc.split(b'"transactionId":"')[1][:1] for _, doc in reader.recent(3)] == [b"a", b"d", b"c"]


def test_what_is_like_an_order_is_found_though_it_came_just_now(tables: apsw.Connection, reader: MirrorReader) -> None:
    old, other, new = (
        a_withdrawal(amount=Decimal(value), currency=currency)
        for value, currency in (("250.00", "ZAR"), ("250", "KES"), ("250.0", "ZAR"))
    )
    fill(tables, Kind.WITHDRAWALS, [old, other])
    fill(tables, Kind.WITHDRAWALS, [new, other.__class__(transaction_id="n", currency="ZAR")], are_found=False)
    equal = {"currency": "ZAR", "amount": sort_key(Decimal(250))}
    assert reader.matching(Kind.WITHDRAWALS, equal) == [json_of(old), json_of(new)]
    with pytest.raises(ValueError, match="no column"):
        reader.matching(Kind.WITHDRAWALS, {"doc": b""})


def test_the_latest_of_all_histories_come_newest_first(tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.TRADES, [a_trade(created_at=f"2026-05-11T10:0{n}:00Z") for n in (1, 5)])
    fill(tables, Kind.WITHDRAWALS, [a_withdrawal(created_at="2026-05-11T10:03:00Z")])
    fill(tables, Kind.DEPOSITS, [a_deposit(completed_at="2026-05-11T10:09:00Z")])
    assert [kind for kind, _ in reader.recent(3)] == [Kind.DEPOSITS, Kind.TRADES, Kind.WITHDRAWALS]
    assert len(reader.recent(10)) == 4


def test_what_is_not_finished_is_counted(tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.TRADES, [a_trade(status=status) for status in ("COMPLETED", "PENDING", None, "NEW", "FAILED")])
    assert reader.unfinished(Kind.TRADES, FINAL_CODES) == 3
    assert reader.unfinished(Kind.DEPOSITS, FINAL_CODES) == 0


@pytest.mark.parametrize("has_index", [True, False])
def test_different_values_are_found_with_an_index_and_without(
    has_index: bool, tables: apsw.Connection, reader: MirrorReader
) -> None:
    fill(tables, Kind.TRADES, [a_trade(status=status) for status in ("b", "a", None, "b", "", "é")])
    if not has_index:
        tables.execute("DROP INDEX trades_facts_status")
    assert reader.distinct(Kind.TRADES, "status") == ["", "a", "b", "é"]
    assert reader.distinct(Kind.TRADES, "from_currency") == ["USDT"]
    assert reader.count(HistoryQuery(Kind.TRADES, any_of=(("status", ("b",)),))) == 2
    fill(tables, Kind.TRADES, [a_trade(status="c")])
    assert reader.distinct(Kind.TRADES, "status") == ["", "a", "b", "c", "é"]
    with pytest.raises(ValueError, match="no column"):
        reader.distinct(Kind.TRADES, "doc")


# Sums

exact = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda d: len(d.as_tuple().digits) <= 60 and -40 <= int(d.as_tuple().exponent) <= 40
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    drawn=st.lists(
        st.tuples(
            st.none() | exact, st.sampled_from(["ZAR", "USDT", None]), st.sampled_from(["COMPLETED", "PENDING", None])
        ),
        max_size=12,
    ),
    step=st.integers(1, 5),
)
def test_sums_are_exact(
    drawn: list[tuple[Decimal | None, str | None, str | None]],
    step: int,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path_factory.mktemp("sums") / "mirror.sqlite"
    connection = open_mirror(path)
    fill(
        connection,
        Kind.WITHDRAWALS,
        [a_withdrawal(amount=amount, fee=None, currency=currency, status=status) for amount, currency, status in drawn],
    )
    monkeypatch.setattr("lumedesk.store.reader.SLICE", step)
    reader = MirrorReader(path)
    told = reader.sums(HistoryQuery(Kind.WITHDRAWALS))
    reader.close()
    connection.close()
    assert told["fee"] == ()
    expected = {}
    for amount, currency, status in drawn:
        if amount is not None and currency is not None:
            both = expected.setdefault(currency, [Decimal(0), Decimal(0)])
            both[0] = sums._EXACT.add(both[0], amount)
            if status == "COMPLETED":
                both[1] = sums._EXACT.add(both[1], amount)
    assert told["amount"] == tuple(Total(currency, *both) for currency, both in sorted(expected.items()))


def test_sums_are_of_the_rows_found_and_of_those_completed(tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(
        tables,
        Kind.TRADES,
        [
            a_trade(from_amount=Decimal("0.1"), to_amount=Decimal(3)),
            a_trade(from_amount=Decimal("0.2"), to_amount=Decimal("12345678901234567890.12345678"), status="PENDING"),
            a_trade(from_amount=Decimal(5), to_amount=Decimal(7), from_currency="BTC"),
        ],
    )
    assert reader.sums(HistoryQuery(Kind.TRADES, text="usdt")) == {
        "from_amount": (Total("USDT", Decimal("0.3"), Decimal("0.1")),),
        "to_amount": (Total("ZAR", Decimal("12345678901234567893.12345678"), Decimal(3)),),
    }
    assert reader.sums(HistoryQuery(Kind.TRADES, text="nothing")) == {"from_amount": (), "to_amount": ()}


def test_a_sum_of_many_large_amounts_is_exact(tables: apsw.Connection, reader: MirrorReader) -> None:
    most = Decimal("9" * 60).scaleb(-40)
    fill(tables, Kind.DEPOSITS, [a_deposit(amount=most, fee=-most) for _ in range(300)])
    [amount], [fee] = reader.sums(HistoryQuery(Kind.DEPOSITS)).values()
    assert amount.amount == sums._EXACT.multiply(most, Decimal(300))
    assert fee.completed == sums._EXACT.multiply(most, Decimal(-300))


def test_sums_begin_anew_when_something_is_written_in_between(
    tables: apsw.Connection, reader: MirrorReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.store.reader.SLICE", 2)
    fill(tables, Kind.DEPOSITS, [a_deposit(amount=Decimal(1)) for _ in range(5)])
    adding = Adding(HistoryQuery(Kind.DEPOSITS))
    reader.add(adding)
    reader.add(adding)
    assert not adding.is_done
    tables.execute("UPDATE deposits_facts SET amount = ? WHERE row = 1", (sort_key(Decimal(10)),))
    steps = 0
    while not adding.is_done:
        reader.add(adding)
        steps += 1
    assert steps == 3
    assert adding.totals["amount"] == (Total("ZAR", Decimal(14), Decimal(14)),)


# What else is kept


def test_statuses_in_which_a_record_was_seen_come_oldest_first(tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.TRADES, [a_trade(transaction_id="t")])
    fill(tables, Kind.WITHDRAWALS, [a_withdrawal(transaction_id="t")])
    tables.executemany(
        "INSERT INTO transitions VALUES (?, 1, ?, ?)",
        [("trades", micros_of(SEEN), "COMPLETED"), ("trades", micros_of(AT), None), ("withdrawals", 1, "PENDING")],
    )
    assert reader.transitions(Kind.TRADES, "t") == (Seen(None, AT), Seen("COMPLETED", SEEN))
    assert reader.transitions(Kind.TRADES, "unknown") == ()


def test_alerts_come_newest_first(tables: apsw.Connection, reader: MirrorReader) -> None:
    tables.executemany(
        "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (1, "trades", "t", "altered", micros_of(AT), b"{}", b"[]", micros_of(SEEN)),
            (2, "wallets", "", "emptied", micros_of(SEEN), None, None, None),
            (3, "newer kind", "", "gone", micros_of(SEEN), None, None, None),
        ],
    )
    assert reader.alerts() == (
        Alert(2, Kind.WALLETS, "", "emptied", SEEN),
        Alert(1, Kind.TRADES, "t", "altered", AT, b"{}", b"[]", SEEN),
    )


def test_small_kinds_come_in_the_server_s_order_and_what_is_gone_apart(
    tables: apsw.Connection, reader: MirrorReader
) -> None:
    here, gone, also = an_account(), an_account(), an_account()
    fill_small(tables, Kind.ACCOUNTS, [here])
    fill_small(tables, Kind.ACCOUNTS, [gone], SEEN)
    fill_small(tables, Kind.ACCOUNTS, [also])
    assert reader.small(Kind.ACCOUNTS) == [json_of(here), json_of(also)]
    assert reader.small_gone(Kind.ACCOUNTS) == [json_of(gone)]
    assert reader.small(Kind.WALLETS) == []


def test_what_is_known_of_the_last_answer(tables: apsw.Connection, reader: MirrorReader) -> None:
    assert reader.dataset(Kind.TRADES) is None
    dataset = Dataset(b"\x01\x02", SEEN, 3)
    write_dataset(tables, Kind.TRADES, dataset)
    assert reader.dataset(Kind.TRADES) == dataset


def test_the_size_of_all(tables: apsw.Connection, reader: MirrorReader, profile: ProfilePaths) -> None:
    assert reader.size() == StoreSize(mirror_size(profile.mirror), dict.fromkeys(Kind, 0), None)
    fill(tables, Kind.TRADES, [a_trade(), a_trade(created_at="2020-01-01T00:00:00Z")])
    fill(tables, Kind.DEPOSITS, [a_deposit(completed_at=None)], seen_at=datetime(1970, 1, 1, tzinfo=UTC))
    fill_small(tables, Kind.WALLETS, [a_wallet()])
    size = reader.size()
    assert size.rows == {**dict.fromkeys(Kind, 0), Kind.TRADES: 2, Kind.DEPOSITS: 1, Kind.WALLETS: 1}
    assert size.oldest == datetime(2020, 1, 1, tzinfo=UTC)
    assert size.bytes_on_disk == mirror_size(profile.mirror)


# Snapshots, damage, breaking off


def test_a_version_is_another_one_once_somebody_wrote(tables: apsw.Connection, reader: MirrorReader) -> None:
    before = reader.version()
    assert reader.version() == before
    fill(tables, Kind.TRADES, [a_trade()])
    assert reader.version() != before


def test_a_reader_writes_nothing(reader: MirrorReader) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        reader._db.execute("DELETE FROM trades")


def test_a_file_that_is_not_there_or_has_another_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(MirrorError):
        MirrorReader(tmp_path / "nowhere" / "mirror.sqlite")
    path = tmp_path / "mirror.sqlite"
    open_mirror(path, STORE_KEY).close()
    reader = MirrorReader(path)
    with pytest.raises(MirrorError, match="can't be read"):
        reader.order(HistoryQuery(Kind.TRADES))
    reader.close()


def test_damage_is_told_and_never_read_as_a_row(tmp_path: Path) -> None:
    path = tmp_path / "mirror.sqlite"
    connection = open_mirror(path, STORE_KEY)
    fill(connection, Kind.TRADES, [a_trade() for _ in range(300)])
    connection.close()
    whole = bytearray(path.read_bytes())
    for at in range(9_000, len(whole), 4_096):
        whole[at] ^= 1
    path.write_bytes(whole)
    reader = MirrorReader(path, STORE_KEY)
    asked = HistoryQuery(Kind.TRADES)
    calls = {
        "order": lambda: reader.order(asked),
        "first": lambda: reader.first(asked, 5),
        "documents": lambda: reader.documents(Kind.TRADES, [1, 2]),
        "search": lambda: reader.count(HistoryQuery(Kind.TRADES, text="nothing like it")),
        "sums": lambda: reader.sums(asked),
    }
    for name, call in calls.items():
        with pytest.raises(MirrorError, match="can't be read"):
            raise AssertionError(f"{name} gave {call()}")
    reader.close()


@pytest.mark.parametrize("doc", ["text", 7])
def test_a_record_of_another_type_is_damage(doc: object, tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.TRADES, [a_trade(transaction_id="t")])
    tables.execute("UPDATE trades SET doc = ?", (doc,))
    with pytest.raises(MirrorError, match="damaged"):
        reader.documents(Kind.TRADES, [1])
    with pytest.raises(MirrorError, match="damaged"):
        reader.document(Kind.TRADES, "t")


@pytest.mark.parametrize("key", [b"\x02\x80", b"\x07", b"\x02\x80\x02" + b"1" * 61])
def test_a_key_that_is_none_is_damage_not_a_sum(key: bytes, tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.DEPOSITS, [a_deposit()])
    tables.execute("UPDATE deposits_facts SET amount = ?", (key,))
    with pytest.raises(MirrorError):
        reader.sums(HistoryQuery(Kind.DEPOSITS))


def test_a_row_number_beyond_all_is_damage(tables: apsw.Connection, reader: MirrorReader) -> None:
    tables.execute("INSERT INTO deposits_facts (row, at) VALUES (?, 1)", (1 << 32,))
    with pytest.raises(MirrorError, match="damaged"):
        reader.order(HistoryQuery(Kind.DEPOSITS))
    with pytest.raises(MirrorError, match="damaged"):
        reader.first(HistoryQuery(Kind.DEPOSITS), 1)


def test_after_an_error_the_next_question_is_answered(tables: apsw.Connection, reader: MirrorReader) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    with pytest.raises(ValueError, match="no order"):
        reader.order(HistoryQuery(Kind.TRADES, order="nothing"))
    assert len(reader.order(HistoryQuery(Kind.TRADES))) == 1


def test_what_runs_is_broken_off_and_the_next_question_is_answered(
    tables: apsw.Connection, reader: MirrorReader
) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    running, ended = threading.Event(), threading.Event()
    came_to: list[object] = []
    # Never ends by itself, and says that it runs.
    reader._db.create_scalar_function("tell", lambda: running.set(), 0)
    endless = (
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n WHERE x = 3 AND tell()"
    )

    def run() -> None:
        try:
            came_to.append(reader._rows(endless))
        except Interrupted as error:
            came_to.append(error)
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert running.wait(10)
    reader.interrupt()
    assert ended.wait(10)
    thread.join()
    assert isinstance(came_to[0], Interrupted)
    reader.interrupt()
    assert len(reader.order(HistoryQuery(Kind.TRADES))) == 1


def test_interrupting_a_closed_reader_is_no_mistake(profile: ProfilePaths, tables: apsw.Connection) -> None:
    reader = MirrorReader(profile.mirror)
    reader.close()
    reader.interrupt()


def test_histories_without_rows_answer_everything(reader: MirrorReader) -> None:
    for kind in HISTORIES:
        query = HistoryQuery(kind, text="a b", since=SEEN, until=SEEN + timedelta(days=1))
        assert reader.order(query).tolist() == []
        assert reader.first(HistoryQuery(kind), 5).is_whole
        assert reader.count(query) == 0
    assert reader.recent(5) == []


def test_the_same_question_is_answered_anew_once_somebody_wrote(tables: apsw.Connection, reader: MirrorReader) -> None:
    query = HistoryQuery(Kind.TRADES, text="odd")
    for number in range(1, 4):
        fill(tables, Kind.TRADES, [a_trade(status=f"ODD {number}"), a_trade()])
        assert reader.count(query) == number
        assert len(reader.order(query)) == number
