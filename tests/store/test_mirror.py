"""The mirror's file: how it is made, what a poll writes, what is left of one that failed."""

import os
import stat
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from lumedesk.domain.alerts import Oddity
from lumedesk.domain.codec import Codec
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.records import Deposit
from lumedesk.domain.statuses import FINAL_CODES
from lumedesk.store.datasets import Dataset
from lumedesk.store.histories import words_in
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader, Stored
from tests.support.builders import a_deposit, a_trade, a_withdrawal, json_of
from tests.support.mirrors import SEEN, write

ALL = HistoryQuery(Kind.TRADES, order="id", descending=False)


def test_it_runs_on_the_build_that_can_encrypt() -> None:
    assert apsw.mc_version


def test_plain_apsw_is_refused(profile: ProfilePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(apsw, "mc_version")
    with pytest.raises(MirrorError, match="apsw-sqlite3mc"):
        Mirror(profile.mirror)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no mode bits")
def test_its_files_are_closed_to_others(mirror: Mirror, profile: ProfilePaths) -> None:
    write(mirror, Kind.TRADES, [a_trade()])
    files = sorted(profile.folder.iterdir())
    assert {file.name for file in files} == {"mirror.sqlite", "mirror.sqlite-wal", "mirror.sqlite-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(profile.folder.stat().st_mode) == 0o700


def test_what_was_written_is_there_after_reopening(profile: ProfilePaths) -> None:
    first = Mirror(profile.mirror)
    write(first, Kind.TRADES, [a_trade(transaction_id="t1")])
    first.close()
    second, reader = Mirror(profile.mirror), MirrorReader(profile.mirror)
    assert len(reader.order(ALL)) == 1
    reader.close()
    second.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="can't be opened"):
        Mirror(tmp_path / "nowhere" / "mirror.sqlite")
    with pytest.raises(MirrorError, match="can't be opened"):
        MirrorReader(tmp_path / "nowhere" / "mirror.sqlite")


def test_a_reader_can_not_write(mirror: Mirror, reader: MirrorReader) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        reader._db.execute("DELETE FROM trades")


def test_documents_come_by_row_and_those_that_are_gone_are_missing(mirror: Mirror, reader: MirrorReader) -> None:
    trade = a_trade(transaction_id="t1")
    (row,) = write(mirror, Kind.TRADES, [trade])
    assert reader.documents(Kind.TRADES, [row, 999]) == {row: Stored(json_of(trade))}
    assert reader.documents(Kind.TRADES, []) == {}
    assert reader.document(Kind.TRADES, "t1") == json_of(trade)
    assert reader.document(Kind.TRADES, "' OR 1=1 --") is None


def test_small_kinds_are_taken_whole_in_the_server_s_order(mirror: Mirror, reader: MirrorReader) -> None:
    def take(*docs: bytes, is_whole: bool = True) -> tuple[bool, list[Oddity]]:
        mirror.begin()
        rows = [(f"a{doc!r}", doc) for doc in docs]
        is_taken, noticed = mirror.write_small(Kind.ACCOUNTS, rows, SEEN, is_whole=is_whole)
        mirror.commit()
        return is_taken, [each.what for each in noticed]

    assert take(b"3", b"1", b"2") == (True, [])
    assert reader.small(Kind.ACCOUNTS) == [b"3", b"1", b"2"]
    # One that a whole list doesn't hold is put away; one that a part doesn't hold may still be there.
    assert take(b"2", b"3", is_whole=False) == (True, [])
    assert reader.small(Kind.ACCOUNTS) == [b"2", b"3", b"1"]
    assert take(b"2") == (True, [Oddity.GONE, Oddity.GONE])
    assert reader.small(Kind.ACCOUNTS) == [b"2"]
    assert sorted(reader.small_gone(Kind.ACCOUNTS)) == [b"1", b"3"]
    # Nobody loses all at once.
    assert take() == (False, [Oddity.EMPTIED])
    assert take() == (False, [])
    assert reader.small(Kind.ACCOUNTS) == [b"2"]
    assert take(b"1", b"2") == (True, [])
    assert reader.small(Kind.ACCOUNTS) == [b"1", b"2"]
    assert reader.small_gone(Kind.ACCOUNTS) == [b"3"]
    assert reader.small(Kind.WALLETS) == []


def test_what_is_known_of_the_last_answer_comes_back(mirror: Mirror, reader: MirrorReader) -> None:
    assert reader.dataset(Kind.TRADES) is None
    for digest in (b"one", b"two"):
        dataset = Dataset(digest, datetime(2026, 5, 11, 10, 15, 30, 123456, tzinfo=UTC), 3)
        mirror.begin()
        mirror.write_dataset(Kind.TRADES, dataset)
        mirror.commit()
        assert reader.dataset(Kind.TRADES) == dataset
    assert reader.dataset(Kind.DEPOSITS) is None


def test_the_latest_of_all_histories_come_newest_first(mirror: Mirror, reader: MirrorReader) -> None:
    write(mirror, Kind.TRADES, [a_trade(created_at=f"2026-05-11T10:00:0{n}Z") for n in (1, 4, 7)])
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal(created_at=f"2026-05-11T10:00:0{n}") for n in (2, 5)])
    write(
        mirror,
        Kind.DEPOSITS,
        [a_deposit(completed_at="2026-05-11T12:00:03+02:00"), a_deposit(status="PENDING", completed_at=None)],
    )
    kinds = [kind for kind, _ in reader.recent(5)]
    # The pending deposit without a time stands where it was first seen, which is later than all of them.
    assert kinds == [Kind.DEPOSITS, Kind.TRADES, Kind.WITHDRAWALS, Kind.TRADES, Kind.DEPOSITS]
    assert len(reader.recent(99)) == 7


def test_different_values_are_found_for_filters(mirror: Mirror, reader: MirrorReader) -> None:
    write(mirror, Kind.TRADES, [a_trade(status=status) for status in ("PENDING", None, "COMPLETED", "PENDING")])
    assert reader.distinct(Kind.TRADES, "status") == ["COMPLETED", "PENDING"]
    assert reader.distinct(Kind.TRADES, "pair") == ["USDT/ZAR"]


@pytest.mark.parametrize("kind", sorted(HISTORIES, key=lambda kind: kind.name))
def test_what_is_not_finished_is_counted(kind: Kind, mirror: Mirror, reader: MirrorReader) -> None:
    make = {Kind.TRADES: a_trade, Kind.DEPOSITS: a_deposit, Kind.WITHDRAWALS: a_withdrawal}[kind]
    statuses = ["COMPLETED", "FAILED", "PENDING", "NEVER_HEARD_OF", None]
    write(mirror, kind, [make(status=status) for status in statuses])
    assert reader.unfinished(kind, FINAL_CODES) == 3
    assert reader.unfinished(kind, ()) == 5


@pytest.mark.parametrize("name", ["nothing", "row; DROP TABLE trades", "(SELECT 1)", "doc", "at DESC, id", ""])
def test_names_that_are_no_columns_are_refused(name: str, mirror: Mirror, reader: MirrorReader) -> None:
    write(mirror, Kind.TRADES, [a_trade()])
    with pytest.raises(ValueError, match="no column"):
        reader.distinct(Kind.TRADES, name)
    with pytest.raises(ValueError, match="no column"):
        reader.order(HistoryQuery(Kind.TRADES, any_of=((name, ("x",)),)))
    with pytest.raises(ValueError, match="no order"):
        reader.order(HistoryQuery(Kind.TRADES, order=name))
    assert len(reader.order(ALL)) == 1


def test_details_nested_deeper_than_python_calls_are_read() -> None:
    deep: object = Decimal("0.10")
    for _ in range(5_000):
        deep = {"a": [deep, None]}
    record = a_withdrawal(transaction_id="w1", withdraw_details=deep)
    assert words_in(record.transaction_id, record.withdraw_details) == "w1\n0.10"
    while isinstance(deep, dict):  # taken apart here: dropping it at once would recurse as deep
        deep = deep["a"][0]


def test_a_very_long_search_is_no_mistake(mirror: Mirror, reader: MirrorReader) -> None:
    write(mirror, Kind.TRADES, [a_trade(transaction_id="t1")])
    pasted = " ".join(f"word{number}" for number in range(5_000))
    assert len(reader.order(HistoryQuery(Kind.TRADES, text=pasted))) == 0
    assert len(reader.order(HistoryQuery(Kind.TRADES, text="t1 " * 5_000))) == 1


def test_what_was_over_before_the_first_list_is_no_news(profile: ProfilePaths) -> None:
    mirror = Mirror(profile.mirror)
    over, moving = (
        a_deposit(transaction_id="d1", status="FAILED", completed_at=None),
        a_deposit(transaction_id="d2", status="PENDING", completed_at=None),
    )
    dated = a_deposit(transaction_id="d3", status="COMPLETED", completed_at="2026-01-01T00:00:00Z")
    write(mirror, Kind.DEPOSITS, (over, moving, dated))
    later = a_deposit(transaction_id="d4", status="FAILED", completed_at=None)
    write(mirror, Kind.DEPOSITS, [later], SEEN + timedelta(hours=1))
    reader = MirrorReader(profile.mirror)
    order = reader.order(HistoryQuery(Kind.DEPOSITS))
    documents = reader.documents(Kind.DEPOSITS, list(order))
    ids = [Codec[Deposit](Deposit).decode(documents[row].doc).transaction_id for row in order]
    assert ids == ["d4", "d2", "d3", "d1"]
    reader.close()
    mirror.close()
