"""The audit log over real files: what is written is there, in order and unchanged, or the log doesn't open."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from lumedesk.domain.money import Amount
from lumedesk.store.audit import AuditLog
from lumedesk.store.chain import ChainBroken, ChainUnwritable
from tests.store.full_disk import needs_limits, no_room
from tests.support.clock import FakeClock


@pytest.fixture
def audit(place: tuple[Path, Path], clock: FakeClock) -> Iterator[AuditLog]:
    audit = AuditLog(*place, clock)
    yield audit
    audit.close()


def test_rows_come_back_in_order(audit: AuditLog, place: tuple[Path, Path], clock: FakeClock) -> None:
    audit.write("armed", "u1", {"terms": {"amount": Decimal("250.00")}})
    clock.advance(1.5)
    audit.write("accepted", "u1", {"transaction_id": "w1"})
    again = AuditLog(*place, clock)
    rows = again.rows()
    again.close()
    assert rows == audit.rows()
    assert [(row.what, row.about) for row in rows] == [("armed", "u1"), ("accepted", "u1")]
    assert [row.at for row in rows] == ["2026-05-11T10:15:30+00:00", "2026-05-11T10:15:31.500000+00:00"]
    assert rows[0].facts == {"terms": {"amount": "250.00"}}, "an amount keeps its digits"


def test_only_the_later_rows_are_given(audit: AuditLog) -> None:
    for number in range(5):
        audit.write("note", str(number), {})
    third = audit.rows()[2]
    assert [row.about for row in audit.rows(third.seq)] == ["3", "4"]
    assert audit.rows(audit.rows()[-1].seq) == []


def test_each_row_has_a_hash_of_its_own(audit: AuditLog) -> None:
    for _ in range(4):
        audit.write("note", "same", {})
    assert len({row.hash for row in audit.rows()}) == 4


def test_amounts_from_the_server_become_text(audit: AuditLog) -> None:
    audit.write("armed", "u1", {"details": {"fee": Amount("1.50"), "many": [Amount("2.0"), 3]}})
    assert audit.rows()[0].facts == {"details": {"fee": "1.50", "many": ["2.0", 3]}}


def test_what_another_process_wrote_is_seen(audit: AuditLog, place: tuple[Path, Path], clock: FakeClock) -> None:
    other = AuditLog(*place, clock)
    other.write("note", "theirs", {})
    audit.write("note", "ours", {})
    other.close()
    assert [row.about for row in audit.rows()] == ["theirs", "ours"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET body = '{}' WHERE seq = 2",
        "UPDATE log SET at = '2020-01-01' WHERE seq = 2",
        "UPDATE log SET subject = 'u2' WHERE seq = 3",
        "UPDATE log SET kind = 'refused' WHERE seq = 3",
        "DELETE FROM log WHERE seq = 2",
        "DELETE FROM log WHERE seq > 1",
        "UPDATE log SET hash = x'00' WHERE seq = 1",
    ],
)
def test_history_cannot_be_rewritten_unnoticed(place: tuple[Path, Path], clock: FakeClock, statement: str) -> None:
    audit = AuditLog(*place, clock)
    audit.write("armed", "u1", {"amount": "1"})
    audit.write("accepted", "u1", {})
    audit.close()
    connection = apsw.Connection(str(place[0]))
    connection.execute(statement)
    connection.close()
    with pytest.raises(ChainBroken):
        AuditLog(*place, clock)


@needs_limits
def test_a_full_disk_is_told(audit: AuditLog) -> None:
    audit.write("note", "before", {})
    with no_room(), pytest.raises(ChainUnwritable):
        audit.write("note", "lost", {"text": "x" * 10_000})
    audit.write("note", "after", {})
    assert [row.about for row in audit.rows()] == ["before", "after"]
