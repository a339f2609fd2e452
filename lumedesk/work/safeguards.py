"""What the desk itself remembers to keep withdrawals safe: local limits, how beneficiaries looked, an unfinished draft."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.limits import Limits
from lumedesk.domain.records import Beneficiary
from lumedesk.domain.sightings import Change, Sighting, changes, seen_details
from lumedesk.store.limits import LimitsFile
from lumedesk.store.private_file import NotWritable
from lumedesk.store.seen import SeenFile
from lumedesk.work.engine import Engine

if TYPE_CHECKING:
    from lumedesk.domain.withdrawals import Draft

log = logging.getLogger(__name__)


class NotKept(DeskError):
    """Limits that could not be written."""

    title = "The limits were not saved"
    advice = "The limits from before stay in force."

    def __init__(self, detail: str) -> None:
        super().__init__(detail, wire=Wire.NOT_SENT)


class Safeguards(QObject):
    """One profile's guards. Lives on the UI thread; what it writes is written on the worker."""

    # Other limits are in force, or the beneficiaries were looked at anew. UI thread.
    changed = Signal()

    def __init__(
        self,
        limits: Path,
        seen: Path,
        clock: Clock,
        engine: Engine,
        *,
        key: Secret | None = None,
        view_only: bool = False,
        parent: QObject | None = None,
    ) -> None:
        """`key` seals the files. `view_only`: another process writes them; here they are only read."""
        super().__init__(parent)
        self._engine = engine
        self._clock = clock
        self._view_only = view_only
        self._limits = LimitsFile(limits, clock.now(), key)
        self._seen = SeenFile(seen, clock.now(), key)
        # A withdrawal that was closed before it was sent, to be offered again while the desk runs.
        self.draft: Draft | None = None
        self._unwritten = ""

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._limits.limits

    @property
    def limits_trouble(self) -> str:
        """Why fewer limits may be in force than were set; empty when all is well."""
        return self._limits.trouble

    @property
    def sightings_trouble(self) -> str:
        """Why changes of beneficiaries may go unnoticed; empty when all is well."""
        return self._seen.trouble or self._unwritten

    def save_limits(self, limits: Limits, done: Callable[[], None], failed: Callable[[DeskError], None]) -> None:
        """Put these in force, once they are written; `failed` gets NotKept, and then the old ones stay."""

        async def save() -> None:
            if self._view_only:
                raise NotKept("Another LumeDesk has this profile open.")
            try:
                self._limits.save(limits)
            except NotWritable as error:
                raise NotKept(str(error)) from error

        def tell(_nothing: None) -> None:
            self.changed.emit()
            done()

        self._engine.submit(save(), self, tell, failed)

    def sighting(self, beneficiary: Beneficiary) -> Sighting | None:
        """How a beneficiary looked when it was last seen; None for one never seen."""
        return self._seen.of(beneficiary.id or "")

    def changes(self, beneficiary: Beneficiary) -> tuple[Change, ...]:
        """How it differs from when it was last seen."""
        sighting = self.sighting(beneficiary)
        return () if sighting is None else changes(sighting.details, seen_details(beneficiary))

    def notice(self, beneficiaries: Iterable[Beneficiary]) -> None:
        """Take in how they are now: what is new is seen, what differs is noted with the time."""
        seen, now = tuple(beneficiaries), self._clock.now()
        self._write(lambda: self._seen.notice(seen, now))

    def accept(self, beneficiary: Beneficiary, *, used: bool) -> None:
        """The operator stands by these details; `used` when money was sent there."""
        now = self._clock.now()
        self._write(lambda: self._seen.accept(beneficiary, now, used=used))

    def _write(self, write: Callable[[], object]) -> None:
        if self._view_only:
            return

        async def run() -> None:
            try:
                write()
                self._unwritten = ""
            except NotWritable as error:
                log.warning("%s", error)
                self._unwritten = f"What the beneficiaries look like can't be recorded: {error}"

        def tell(_nothing: None) -> None:
            self.changed.emit()

        self._engine.submit(run(), self, tell)
