"""The audit log: quotes, orders, overrides and decisions as they happened, append-only and chained. Never a secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from lumedesk.domain.audit import AuditRow
from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Secret
from lumedesk.store.chain import ChainedLog, Entry


class AuditLog:
    """Writes and reads one profile's audit log. Used by one thread."""

    def __init__(self, path: Path, marker: Path, clock: Clock, key: Secret | None = None) -> None:
        """Open and check everything. Errors: ChainBroken, ChainUnwritable."""
        self._clock = clock
        self._log = ChainedLog(path, marker, key)

    def close(self) -> None:
        """Close the file; later calls are an error."""
        self._log.close()

    def write(self, what: str, about: str, facts: Mapping[str, Any]) -> None:
        """Add a row, durable on return. Amounts become text with all their digits. Errors: ChainUnwritable."""
        body = msgspec.json.encode(facts, enc_hook=str)
        self._log.append(self._clock.now().isoformat(), about, what, body)

    def rows(self, after: int = 0) -> list[AuditRow]:
        """All rows with a higher number, oldest first."""
        self._log.catch_up()
        return [_row(entry) for entry in self._log.entries if entry.seq > after]


def _row(entry: Entry) -> AuditRow:
    facts = msgspec.json.decode(entry.body)
    return AuditRow(entry.seq, entry.at, entry.kind, entry.subject, facts, entry.hash.hex())


def verify(path: Path, marker: Path, key: Secret | None = None) -> list[AuditRow]:
    """Check a whole log without touching it. Shape: its rows, oldest first. Errors: ChainBroken, ChainUnwritable."""
    log = ChainedLog(path, marker, key, read_only=True)
    try:
        return [_row(entry) for entry in log.entries]
    finally:
        log.close()
