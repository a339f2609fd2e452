"""Alerts of each kind, and writing them into a mirror by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Alert
from lumedesk.store.cipher import connect
from tests.support.keys import STORE_KEY

AT = datetime(2026, 5, 11, 12, tzinfo=UTC)
BEFORE = (
    b'{"transactionId":"wdl_1","currency":"ZAR","amount":250.00,"fee":7.50,"status":"COMPLETED",'
    b'"withdrawDetails":{"bankName":"Nedbank","accountNumber":"1147720093"}}'
)
AFTER = (
    b'{"transactionId":"wdl_1","currency":"ZAR","amount":2500.00,"status":"REVERSED",'
    b'"withdrawDetails":{"bankName":"Nedbank","accountNumber":"666"},"note":"late"}'
)
ALTERED = Alert(1, Kind.WITHDRAWALS, "wdl_1", "altered", AT, BEFORE, AFTER, None)
GONE = Alert(2, Kind.TRADES, "trd_9", "gone", AT - timedelta(hours=1), b'{"transactionId":"trd_9"}', None, None)
EMPTIED = Alert(3, Kind.DEPOSITS, "", "emptied", AT - timedelta(hours=2), None, None, None)
OLD = Alert(4, Kind.TRADES, "trd_8", "gone", AT + timedelta(hours=1), b'{"transactionId":"trd_8"}', None, AT)


def keep_alerts(mirror: Path, alerts: Iterable[Alert]) -> None:
    """Write them into a mirror that nobody has open."""
    connection = connect(mirror, STORE_KEY)
    insert = "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    for each in alerts:
        acknowledged = None if each.acknowledged_at is None else _micros(each.acknowledged_at)
        told = (each.number, each.kind.table, each.key, each.what, _micros(each.seen_at), each.before, each.after)
        connection.execute(insert, (*told, acknowledged))
    connection.close()


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
