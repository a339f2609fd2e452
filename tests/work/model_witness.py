"""Reads the journal and the audit log past the program, row by row as committed, and holds the invariants against them."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from lumedesk.store.cipher import connect
from tests.support.keys import STORE_KEY

TERMINAL = {"accepted", "refused", "not sent", "not received"}
OPEN = {"armed", "sending", "unknown", "likely", "ambiguous"}


@dataclass
class Seen:
    """One intent as the file has it."""

    arming: dict[str, Any]
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def state(self) -> str:
        return str(self.steps[-1]["state"])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def was_refused(self) -> bool:
        return any(step["state"] == "refused" for step in self.steps)


class Witness:
    def __init__(self, journal: Path, audit: Path) -> None:
        self._paths = journal, audit
        self._db: list[apsw.Connection] = []
        self._read = [0, 0]
        self._rows: list[list[tuple[Any, ...]]] = [[], []]
        self.intents: dict[str, Seen] = {}
        self.owed: dict[str, Counter[str]] = defaultdict(Counter)
        self.written: dict[str, Counter[str]] = defaultdict(Counter)
        self.bound: dict[str, str] = {}
        # What moved since the invariants were held against it.
        self.unchecked: set[str] = set()

    def close(self) -> None:
        for connection in self._db:
            connection.close()

    def look(self) -> set[str]:
        """Read what is new; the ids of the intents that moved."""
        if not self._db:
            self._db = [connect(path, STORE_KEY, apsw.SQLITE_OPEN_READONLY) for path in self._paths]
        moved = set()
        for subject, kind, body in self._fresh(0):
            if kind == "arm":
                assert subject not in self.intents, "I11: one intent for each order"
                self.intents[subject] = Seen(_exact(body), [{"state": "armed", "ground": "protocol"}])
                self.owed[subject]["armed"] += 1
            elif kind == "step":
                self._step(subject, _exact(body))
            moved.add(subject)
        for subject, kind, _ in self._fresh(1):
            self.written[subject][kind] += 1
        moved.discard("")
        self.unchecked |= moved
        return moved

    def look_whole(self) -> None:
        """I3: what was committed once is there still, unchanged."""
        self.look()
        for at, connection in enumerate(self._db):
            assert list(connection.execute("SELECT * FROM log ORDER BY seq")) == self._rows[at], "I3: nothing is lost"

    def is_audited(self, uuid: str) -> bool:
        """I8: the audit log says all that the journal does."""
        owed, written = self.owed[uuid], self.written[uuid]
        return all(written[what] == times for what, times in owed.items())

    def _fresh(self, at: int) -> list[tuple[str, str, bytes]]:
        rows = list(self._db[at].execute("SELECT * FROM log WHERE seq > ? ORDER BY seq", (self._read[at],)))
        self._rows[at] += rows
        if rows:
            assert [row[0] for row in rows] == list(range(self._read[at] + 1, rows[-1][0] + 1)), "no row is missing"
            self._read[at] = rows[-1][0]
        return [(subject, kind, body) for _, _, subject, kind, body, _ in rows if kind != "genesis"]

    def _step(self, uuid: str, step: dict[str, Any]) -> None:
        seen = self.intents[uuid]
        if seen.state in TERMINAL:
            assert (seen.state, step["ground"]) == ("refused", "lists"), "I8: what is closed stays closed"
            assert step["state"] in ("likely", "ambiguous"), "I8: a refusal only reopens"
        if step["state"] == "accepted":
            transaction_id = step["transaction_id"]
            assert transaction_id, "I6: accepted has an id"
            assert transaction_id not in self.bound, "I5: an id is bound once"
            self.bound[transaction_id] = uuid
        seen.steps.append(step)
        if step["ground"] == "recovery":
            self.owed[uuid]["recovered"] += 1
        elif step["state"] != "sending":
            self.owed[uuid][step["state"]] += 1


def _exact(body: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(body, parse_float=str)
    return read
