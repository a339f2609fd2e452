"""Lists on their way into the mirror: whole or not at all, and whatever a list must not do is kept, marked and told."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from lumedesk.api import splitting
from lumedesk.api.rows import RowReader
from lumedesk.api.splitting import Same, Splitter
from lumedesk.domain.alerts import Oddity
from lumedesk.domain.kinds import Kind
from lumedesk.store import arriving as arriving_module
from lumedesk.store import catching_up, runs
from lumedesk.store.arriving import Arriving, TakenIn
from lumedesk.store.cipher import connect
from lumedesk.store.datasets import Dataset, micros_of
from lumedesk.store.mirror import Mirror
from tests.support.keys import STORE_KEY

START = datetime(2026, 5, 11, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a short list has many."""
    monkeypatch.setattr(splitting, "_PIECE", 600)
    monkeypatch.setattr(splitting, "_TAIL", 400)
    monkeypatch.setattr(runs, "LEAST_RUN", 150)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    opened = Mirror(tmp_path / "mirror.sqlite", STORE_KEY)
    yield opened
    opened.close()


class Polls:
    """One history, polled again and again, a minute apart."""

    def __init__(self, mirror: Mirror, kind: Kind = Kind.WITHDRAWALS) -> None:
        self.mirror = mirror
        self.kind = kind
        self.now = START
        self.db: apsw.Connection = mirror._db

    def begin(self, keep_since: datetime | None = None) -> Arriving:
        self.now += timedelta(minutes=1)
        return self.mirror.arriving(self.kind, self.now, keep_since)

    def feed(self, arriving: Arriving, body: bytes, *, ends: bool = True) -> Splitter:
        splitter, reader = Splitter(arriving.known, self.kind.table), RowReader(self.kind)
        self.read = 0
        for told in [*splitter.feed(body), *(splitter.end() if ends else ())]:
            if isinstance(told, Same):
                arriving.same(told.first, told.end)
            else:
                rows, self.unread = reader.read(told.body, told.rows)
                self.read += len(rows)
                arriving.take(told.body, rows, self.unread)
                self.set_aside += self.unread
        return splitter

    set_aside = 0

    def poll(self, rows: list[dict[str, Any]] | bytes, keep_since: datetime | None = None) -> TakenIn:
        arriving = self.begin(keep_since)
        self.set_aside = 0
        splitter = self.feed(arriving, rows if isinstance(rows, bytes) else json.dumps(rows).encode())
        dataset = Dataset(b"", self.now, self.set_aside + arriving.doubles)
        taken = arriving.finish(dataset, is_partial=splitter.is_partial)
        while self.mirror.catch_up(self.kind):
            pass
        return taken

    def shown(self) -> dict[str, dict[str, Any]]:
        return {key: json.loads(doc) for key, doc in self.db.execute(f"SELECT id, doc FROM {self.kind.table}")}

    def column(self, name: str) -> dict[str, Any]:
        return dict(self.db.execute(f"SELECT id, {name} FROM {self.kind.table}"))

    def gone(self) -> set[str]:
        return {key for key, at in self.column("gone_at").items() if at is not None}

    def alerts(self) -> list[tuple[str, str]]:
        return list(self.db.execute("SELECT what, id FROM alerts ORDER BY number"))

    def check_facts(self) -> None:
        """What rows are found by is what they hold now."""
        kind = self.kind.table
        rows = dict(self.db.execute(f"SELECT row, id FROM {kind}"))
        words = dict(self.db.execute(f"SELECT row, words FROM {kind}_facts"))
        assert {row: text.split("\n")[0] for row, text in words.items()} == rows
        statuses = self.db.execute(f"SELECT id, status FROM {kind}_facts JOIN {kind} USING (row)")
        assert dict(statuses) == {key: record.get("status") for key, record in self.shown().items()}
        for row, key in rows.items():
            # Of three letters, which is what the search looks for.
            asked = " AND ".join(f'"{key[at : at + 3]}"' for at in range(len(key) - 2))
            found = self.db.execute(f"SELECT rowid FROM {kind}_words WHERE {kind}_words MATCH ?", (asked,))
            assert row in {number for (number,) in found}


@pytest.fixture
def polls(mirror: Mirror) -> Polls:
    return Polls(mirror)


def withdrawal(number: int, **changes: Any) -> dict[str, Any]:
    usual = {
        "transactionId": f"wdr_{number:04}",
        "currency": "ZAR",
        "amount": number + 0.5,
        "status": "COMPLETED",
        "createdAt": "2026-05-11T10:15:30Z",
    }
    return usual | changes


def many(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [withdrawal(number, **changes) for number in range(count)]


def test_a_list_is_there_once_it_is_whole(polls: Polls) -> None:
    taken = polls.poll(many(40))
    assert len(taken.touched or ()) == 40
    assert list(polls.shown().values()) == many(40)
    polls.check_facts()
    assert not polls.alerts()


def test_the_same_list_writes_nothing(polls: Polls) -> None:
    polls.poll(many(40))
    before = polls.db.total_changes()
    assert polls.poll(many(40)).touched == ()
    assert polls.db.total_changes() == before


def test_the_list_before_is_read_anew_once_anything_was_written(polls: Polls, tmp_path: Path) -> None:
    polls.poll(many(40))
    before = polls.begin().known
    assert before
    assert polls.begin().known is before
    polls.mirror.wipe()
    assert polls.begin().known == []
    polls.poll(many(40))
    assert polls.begin().known == before
    other = connect(str(tmp_path / "mirror.sqlite"), STORE_KEY, apsw.SQLITE_OPEN_READWRITE)
    other.execute("DELETE FROM segments")
    other.close()
    assert polls.begin().known == []


def test_what_was_read_of_the_list_before_ends_with_its_transaction(polls: Polls) -> None:
    polls.poll(many(40))
    before = polls.begin().known
    polls.mirror.begin()
    polls.db.execute("DELETE FROM segments")
    assert polls.begin().known == []
    polls.mirror.rollback()
    assert polls.begin().known == before


def test_of_a_list_with_two_changes_two_rows_are_written(polls: Polls) -> None:
    rows = many(200, status="PENDING")
    polls.poll(rows)
    written: list[tuple[str, int]] = []
    polls.db.set_update_hook(lambda _op, _db, table, row: written.append((table, row)))
    rows[20] = withdrawal(20, status="PROCESSING")
    rows[150] = withdrawal(150, status="COMPLETED")
    taken = polls.poll(rows)
    polls.db.set_update_hook(None)
    assert taken.touched == (21, 151)
    assert {row for table, row in written if table == "withdrawals"} == {21, 151}
    assert polls.read < 40, "the other runs weren't looked into"
    assert list(polls.shown().values()) == rows
    polls.check_facts()


def test_new_rows_are_seen_before_the_list_is_whole_and_gone_if_it_breaks_off(polls: Polls) -> None:
    polls.poll(many(10))
    arriving = polls.begin()
    polls.feed(arriving, json.dumps(many(10) + [withdrawal(n) for n in range(10, 60)]).encode()[:-1], ends=False)
    assert arriving.shown
    assert len(polls.shown()) > 10
    assert arriving.abandon()
    assert list(polls.shown().values()) == many(10)


def test_rows_of_a_list_that_never_came_whole_are_taken_out_at_the_next_start(polls: Polls, tmp_path: Path) -> None:
    polls.poll(many(10))
    arriving = polls.begin()
    polls.feed(arriving, json.dumps([withdrawal(0, status="REVERSED"), *many(60)[10:]]).encode()[:-1], ends=False)
    polls.mirror.close()
    again = Mirror(tmp_path / "mirror.sqlite", STORE_KEY)
    try:
        assert list(Polls(again).shown().values()) == many(10)
    finally:
        again.close()


def test_a_row_that_vanishes_is_kept_marked_and_told_and_may_come_back(polls: Polls) -> None:
    polls.poll(many(40))
    taken = polls.poll(many(40)[:20] + many(40)[21:])
    assert [(each.what, each.key) for each in taken.noticed] == [(Oddity.GONE, "wdr_0020")]
    assert polls.gone() == {"wdr_0020"}
    assert taken.touched == (21,)
    assert polls.column("gone_at")["wdr_0020"] == micros_of(polls.now)
    assert polls.poll(many(40)[:20] + many(40)[21:]).noticed == ()
    assert polls.poll(many(40)).touched == (21,)
    assert not polls.gone()
    assert polls.alerts() == [("gone", "wdr_0020")]


@pytest.mark.parametrize("rows", [[], many(40)[:1]])
def test_a_list_without_nearly_all_rows_takes_none_away(polls: Polls, rows: list[dict[str, Any]]) -> None:
    polls.poll(many(40))
    noticed = polls.poll(rows).noticed
    assert [each.what for each in noticed] == [Oddity.SHRUNK if rows else Oddity.EMPTIED]
    assert not polls.poll(rows).noticed, "told once"
    assert not polls.gone()
    assert len(polls.shown()) == 40
    # What wasn't there is still looked for.
    polls.poll(many(40)[1:])
    assert polls.gone() == {"wdr_0000"}


def test_what_is_missing_from_a_page_is_not_gone(polls: Polls) -> None:
    polls.poll(many(40))
    polls.poll(json.dumps({"content": many(39), "totalElements": 40}).encode())
    assert not polls.gone()
    polls.poll(many(39))
    assert polls.gone() == {"wdr_0039"}


def test_what_is_missing_from_a_list_with_an_unreadable_row_is_not_gone(polls: Polls) -> None:
    polls.poll(many(40))
    polls.poll([*many(39), {"transactionId": "wdr_0039", "amount": "a lot"}])
    assert polls.set_aside == 1
    assert not polls.gone()
    polls.poll([*many(39), {"transactionId": "wdr_0039", "amount": "a lot"}])
    assert polls.set_aside == 1, "counted each time"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": "COMPLETED"}, {"status": "COMPLETED", "amount": 7.25}),
        ({"status": "COMPLETED"}, {"status": "REVERSED"}),
        ({"status": "FAILED"}, {"status": "PENDING"}),
        ({"status": "PENDING"}, {"status": "PENDING", "amount": 7.25}),
        ({"status": "PENDING"}, {"status": "PENDING", "currency": "USDT"}),
    ],
)
def test_a_row_that_changes_as_it_must_not_is_marked_and_told(
    polls: Polls, before: dict[str, Any], after: dict[str, Any]
) -> None:
    rows = many(40)
    polls.poll([*rows[:5], withdrawal(5, **before), *rows[6:]])
    taken = polls.poll([*rows[:5], withdrawal(5, **after), *rows[6:]])
    [altered] = [each for each in taken.noticed if each.what is Oddity.ALTERED]
    assert json.loads(altered.before or b"") == withdrawal(5, **before)
    assert json.loads(altered.after or b"") == withdrawal(5, **after)
    assert polls.column("altered_at")["wdr_0005"] == micros_of(polls.now)
    assert polls.alerts() == [("altered", "wdr_0005")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": "PENDING"}, {"status": "COMPLETED", "completedAt": "2026-05-11T10:20:30Z"}),
        ({"status": "PENDING", "amount": None}, {"status": "PENDING", "amount": 7.25}),
        ({"status": "COMPLETED"}, {"status": "COMPLETED", "aNewMember": 1}),
    ],
)
def test_a_row_that_goes_on_as_it_may_is_only_written(
    polls: Polls, before: dict[str, Any], after: dict[str, Any]
) -> None:
    rows = many(40)
    polls.poll([*rows[:5], withdrawal(5, **before), *rows[6:]])
    taken = polls.poll([*rows[:5], withdrawal(5, **after), *rows[6:]])
    assert taken.touched == (6,)
    assert not taken.noticed
    assert polls.shown()["wdr_0005"] == withdrawal(5, **after)


def test_each_status_is_kept_with_its_time(polls: Polls) -> None:
    rows = many(10)
    times = []
    for status in ("PENDING", "PROCESSING", "PENDING", "COMPLETED"):
        noticed = polls.poll([withdrawal(0, status=status), *rows[1:]]).noticed
        times.append((micros_of(polls.now), status))
        assert [each.what for each in noticed] == ([Oddity.BACKWARDS] if len(times) == 3 else [])
    found = polls.db.execute(
        "SELECT seen_at, status FROM transitions WHERE kind = 'withdrawals' AND row = 1 ORDER BY 1"
    )
    assert list(found) == times


def test_a_row_that_comes_twice_counts_once_and_is_told(polls: Polls) -> None:
    twice = [*many(40), withdrawal(3), withdrawal(7, amount=1)]
    for _ in range(2):
        arriving = polls.begin()
        polls.feed(arriving, json.dumps(twice).encode())
        assert arriving.doubles == 2
        arriving.finish(Dataset(b"", polls.now, arriving.doubles), is_partial=False)
    assert list(polls.shown().values()) == many(40)
    assert not polls.alerts()


def test_what_was_over_before_the_kept_time_is_not_taken_in(polls: Polls) -> None:
    old = {"createdAt": "2020-01-01T00:00:00Z"}
    rows = [withdrawal(0, **old), withdrawal(1, status="PENDING", **old), withdrawal(2)]
    polls.poll(rows, keep_since=START - timedelta(days=90))
    assert set(polls.shown()) == {"wdr_0001", "wdr_0002"}
    polls.poll([*rows, withdrawal(3)], keep_since=START - timedelta(days=90))
    assert set(polls.shown()) == {"wdr_0001", "wdr_0002", "wdr_0003"}
    assert not polls.alerts()


def test_what_is_forgotten_here_is_not_gone_there(polls: Polls) -> None:
    old = {"createdAt": "2020-01-01T00:00:00Z"}
    rows = [withdrawal(0, **old), withdrawal(1, status="PENDING", **old), withdrawal(2)]
    polls.poll(rows)
    assert polls.mirror.forget_before(Kind.WITHDRAWALS, START - timedelta(days=90)) == 1
    assert set(polls.shown()) == {"wdr_0001", "wdr_0002"}
    polls.check_facts()
    polls.poll(rows, keep_since=START - timedelta(days=90))
    assert not polls.gone()
    assert not polls.alerts()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_lists_come_the_mirror_holds_the_last_and_what_it_lost(polls: Polls, seed: int) -> None:
    chance = random.Random(seed)
    server: list[dict[str, Any]] = many(60, status="PENDING")
    ever: dict[str, dict[str, Any]] = {}
    lost: set[str] = set()
    number = 60
    for _ in range(40):
        for _ in range(chance.randrange(4)):
            match chance.choice(["add", "add first", "change", "remove", "move"]):
                case "add":
                    server.append(withdrawal(number := number + 1, status="PENDING"))
                case "add first":
                    server.insert(0, withdrawal(number := number + 1, status="PENDING"))
                case "change":
                    at = chance.randrange(len(server))
                    server[at] = server[at] | {"status": chance.choice(["PROCESSING", "ACCEPTED", "COMPLETED"])}
                case "remove":
                    del server[chance.randrange(len(server))]
                case "move":
                    server.insert(chance.randrange(len(server)), server.pop(chance.randrange(len(server))))
        if chance.random() < 0.2:
            arriving = polls.begin()
            polls.feed(arriving, json.dumps(server).encode()[: chance.randrange(2, 9_000)], ends=False)
            arriving.abandon()
            assert polls.shown() == ever
            continue
        polls.poll(server)
        listed = {row["transactionId"]: row for row in server}
        lost = (lost | set(ever)) - set(listed)
        ever |= listed
        assert polls.shown() == ever
        assert polls.gone() == lost
    polls.check_facts()


def test_it_may_pause_among_new_rows(polls: Polls) -> None:
    pauses: list[None] = []
    arriving = polls.mirror.arriving(polls.kind, START, pause=lambda: pauses.append(None))
    polls.feed(arriving, json.dumps(many(40)).encode())
    assert len(pauses) >= 40 // catching_up._BETWEEN_PAUSES
    arriving.abandon()


def test_a_step_behind_the_rows_may_pause_and_end_early(polls: Polls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving_module, "_AT_ONCE", 10)
    arriving = polls.begin()
    polls.feed(arriving, json.dumps(many(100)).encode())
    assert arriving.finish(Dataset(b"", polls.now, 0), is_partial=False).is_behind
    pauses: list[None] = []
    left = polls.mirror.catch_up(polls.kind, lambda: False, lambda: pauses.append(None))
    assert 0 < left < 100
    assert len(pauses) >= (100 - left) // catching_up._BETWEEN_PAUSES
    assert polls.mirror.catch_up(polls.kind) == 0
    polls.check_facts()
