"""The journal and the audit log of a profile, or the reason why nothing may be sent."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from lumedesk.domain.audit import AuditRow
from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.intents import Ground, Intent, State, Step, Terms
from lumedesk.store.audit import AuditLog
from lumedesk.store.chain import ChainBroken, ChainUnwritable, set_aside
from lumedesk.store.journal import Journal

T = TypeVar("T")
log = logging.getLogger(__name__)


class Books:
    """What must be written down before and after money moves. Used by one thread at a time.

    `refusal` is empty while orders may be sent. Once set it stays, until the operator has dealt with it.
    """

    def __init__(
        self,
        journal: Path,
        audit: Path,
        heads: tuple[Path, Path],
        clock: Clock,
        refusal: str = "",
        key: Secret | None = None,
    ) -> None:
        """Open both and recover what a crash left. With a `refusal` nothing is opened; nothing is raised either."""
        self._places = ((journal, heads[0]), (audit, heads[1]))
        self._clock = clock
        self._key = key
        self.refusal = refusal
        self.can_start_anew = False
        self._broken: list[tuple[Path, Path]] = []
        self.journal: Journal | None = None
        self.audit: AuditLog | None = None
        if not refusal:
            self._open()

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All intents, oldest first."""
        return self.journal.intents if self.journal else ()

    def note(self, what: str, about: str, facts: Mapping[str, Any]) -> None:
        """Write an audit row. If that fails, nothing may be sent from then on."""
        if self.audit is None:
            return
        try:
            self.audit.write(what, about, facts)
        except (ChainBroken, ChainUnwritable) as error:
            self.refuse(f"The audit log can't be written. {error}")

    def audit_rows(self, after: int = 0) -> list[AuditRow]:
        """The audit log's rows with a higher number, oldest first."""
        return self.audit.rows(after) if self.audit else []

    def refuse(self, why: str) -> None:
        """Send nothing from now on. The first reason stays."""
        log.error("sending is off: %s", why)
        self.refusal = self.refusal or why

    def start_anew(self, reason: str) -> None:
        """Move what is damaged out of the way, delete nothing, and begin anew what was; a whole journal stays.

        Errors: OSError, also where the books aren't damaged: new ones would forget what is still open.
        """
        if not self.can_start_anew:
            raise PermissionError("These books are whole, or not ours to replace.")
        self.close()
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%SZ")
        aside = [str(set_aside(path, head, stamp)) for path, head in self._broken if path.exists() or head.exists()]
        self.refusal = ""
        self._open()
        self.note("books begun anew", "", {"reason": reason, "set aside": aside})

    def close(self) -> None:
        """Close both files."""
        for book in (self.journal, self.audit):
            if book is not None:
                book.close()
        self.journal = self.audit = None

    def _open(self) -> None:
        # Each for itself, the journal first: what is in doubt is shown and watched whatever became of the audit log.
        journal, audit = self._places
        self._broken = []
        self.journal = self._opened(journal, lambda: Journal(*journal, self._clock, self._key))
        self.audit = self._opened(audit, lambda: AuditLog(*audit, self._clock, self._key))
        self.can_start_anew = bool(self._broken)
        try:
            if self.journal is not None:
                self.journal.recover()
            if self.journal is not None and self.audit is not None:
                self._note_what_is_missing()
        except (ChainBroken, ChainUnwritable) as error:
            self.refuse(f"The record of movements can't be kept. {error}")

    def _opened(self, place: tuple[Path, Path], open_it: Callable[[], T]) -> T | None:
        try:
            return open_it()
        except ChainBroken as error:
            self._broken.append(place)
            self.refuse(f"The record of movements can't be trusted. {error}")
        except ChainUnwritable as error:
            self.refuse(f"The record of movements can't be kept. {error}")
        return None

    def _note_what_is_missing(self) -> None:
        """Write the audit rows of steps that the journal has and a crash kept from the log; recovery's own are among them."""
        known = Counter((row.about, row.what) for row in self.audit_rows())
        for intent in self.intents:
            for step in intent.steps:
                what = audit_name(step)
                if what and not known[intent.uuid, what]:
                    facts = {"terms": terms_facts(intent.terms)} if step is intent.steps[0] else step_facts(step)
                    self.note(what, intent.uuid, facts)
                known[intent.uuid, what] -= 1


def audit_name(step: Step) -> str:
    """Under which name the audit log has a step; empty for the one that is not logged, because an outcome follows."""
    if step.ground is Ground.RECOVERY:
        return "recovered"
    return "" if step.state is State.SENDING else step.state.value


def terms_facts(terms: Terms) -> Any:
    """What the audit log says of an order, amounts as text."""
    return msgspec.to_builtins(terms, enc_hook=str)


def step_facts(step: Step) -> dict[str, Any]:
    """What the audit log says of a step."""
    return {name: value for name, value in msgspec.to_builtins(step).items() if value}
