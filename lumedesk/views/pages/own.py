"""The pages on what the desk itself wrote down: its movements, and the audit log."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog

from lumedesk.domain.audit import AuditRow
from lumedesk.domain.details import Field, fields_of
from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import OPEN, UNDECIDED, Intent, WithdrawalTerms
from lumedesk.domain.kinds import Kind
from lumedesk.domain.statuses import Status, status_of
from lumedesk.domain.text import shown
from lumedesk.models.audit import AuditTable, fact_fields
from lumedesk.models.movements import MovementsTable, amount_of, state_status, step_text, waits_for, what_of
from lumedesk.models.record_table import RecordTable
from lumedesk.models.texts import exact_time, sum_field, words
from lumedesk.views.pages.record_page import MemoryPage
from lumedesk.views.parts.widgets import button, explain
from lumedesk.views.theme import Look
from lumedesk.work.session import Session
from lumedesk.work.watching import kind_of


class OwnPage(MemoryPage):
    """A page on the desk's own records: nothing here is fetched, so nothing here grows stale."""

    def __init__(self, name: str, title: str, table: RecordTable[Any], session: Session, look: Look) -> None:
        super().__init__(name, title, Kind.WITHDRAWALS, table, session, look)
        session.movements.changed.connect(self.load)

    def load(self) -> None:
        """Show what there is now."""
        raise NotImplementedError

    def tell_state(self) -> None:
        """Say how many there are."""
        self.tell_facts(self.summary())

    def _tell_no_rows(self) -> None:
        if self.is_filtered and self.table.total:
            self.tell_no_match()
        else:
            self.states.say("inbox", self.empty_title, self.empty_advice)


class MovementsPage(OwnPage):
    """Every order that this desk gave, how far it got, and what it waits for."""

    # (intent's uuid): the operator wants to decide. UI thread.
    decision_wanted = Signal(str)

    noun = ("movement", "movements")
    empty_title = "No movements yet"
    empty_advice = "Each trade and withdrawal you send from here is listed with its outcome."
    fixed_fields = frozenset({"Id", "Own id", "Account number", "Address", "Address tag", "IBAN", "Branch code"})

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("movements", "Movements", MovementsTable(), session, look)
        self.state = self.add_filter("movements-progress", "State")
        self.state.offer([("All", ""), ("Not settled", "open"), ("Outcome in doubt", "undecided")])
        self.decide_button = button("movements-decide", "Decide what became of it…", "primary")
        self.decide_button.clicked.connect(self._want_decision)
        self.detail.more.addWidget(self.decide_button)
        self.detail.finish()
        self.view.let_sort("armed", Qt.SortOrder.DescendingOrder)
        session.history_changed.connect(self._take_history)
        self.load()

    def load(self) -> None:
        """Show the intents as they are now."""
        self.table.set_records(self.session.movements.intents)
        self._tell()

    def apply_filters(self) -> None:
        """Show what search field and drop-down say."""
        wanted = {"open": OPEN, "undecided": UNDECIDED}.get(self.state.value())

        def accepts(intent: Intent) -> bool:
            return wanted is None or intent.state in wanted

        self.table.accept(accepts)
        super().apply_filters()

    def heading_of(self, record: Intent) -> str:
        """What was ordered."""
        return what_of(record)

    def status_of(self, record: Intent) -> Status | None:
        """How far it got."""
        return state_status(record.state)

    def fields_of(self, record: Intent) -> list[Field]:
        """The terms, what it waits for, the server's own status, and each step."""
        waiting = waits_for(record, self.session.clock.now())
        fields = [sum_field("Amount", *amount_of(record))]
        if waiting:
            fields.append(Field("Waits for", waiting))
        if record.transaction_id:
            row = self.session.find(kind_of(record.terms), record.transaction_id)
            fields.append(Field("Id", shown(record.transaction_id)))
            fields.append(Field("Server's status", status_of(row.status).label if row else "Not listed yet"))
        fields.append(Field("Own id", record.uuid))
        if isinstance(record.terms, WithdrawalTerms):
            fields += fields_of(record.terms.details, "Destination")
        fields.append(Field("Steps", None))
        for step, at in zip(record.steps, record.times, strict=True):
            fields.append(Field(_clock_time(at), step_text(step), 1, hidden=step_text(step, hides=True)))
        return fields

    def show_more(self, record: Intent) -> None:
        """A way to decide, where there is something to decide."""
        self.decide_button.setVisible(record.state in UNDECIDED)
        self.decide_button.setEnabled(not self.session.is_offline)

    def summary(self) -> str:
        """How many are in doubt."""
        count = len(self.session.movements.undecided)
        if not count:
            return "None is in doubt" if self.table.total else ""
        return f"{count} of unknown outcome"

    def _take_history(self, _kind: Kind, _rows: tuple[int, ...]) -> None:
        self._refresh_detail()

    def _want_decision(self) -> None:
        intent = self.current_record()
        if intent is not None:
            self.decision_wanted.emit(intent.uuid)


class AuditPage(OwnPage):
    """What was quoted, ordered, overridden and decided, in the order it was written down."""

    noun = ("entry", "entries")
    empty_title = "Nothing on record yet"
    empty_advice = "Quotes, orders and decisions are written down here as they happen."
    fixed_fields = frozenset({"About", "Hash"})

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("audit", "Audit log", AuditTable(), session, look)
        self.export_button = button("audit-export", "Export…")
        self.export_button.clicked.connect(self._export)
        self.action_row.addWidget(self.export_button)
        self._rows: list[AuditRow] = []
        self._is_reading = False
        self.detail.finish()
        self.view.let_sort("seq", Qt.SortOrder.DescendingOrder)
        self.load()

    def load(self) -> None:
        """Read what was written since."""
        if not self._is_reading:
            self._is_reading = True
            self.session.movements.audit_rows(self._rows[-1].seq if self._rows else 0, self, self._take_rows)

    def focus_body(self) -> None:
        """Read what was written since, and put the keyboard into the table."""
        self.load()
        super().focus_body()

    def heading_of(self, record: AuditRow) -> str:
        """What happened."""
        return record.what.capitalize()

    def fields_of(self, record: AuditRow) -> list[Field]:
        """The facts, and the hash that chains them."""
        return [
            Field("Time", exact_time(record.at) or record.at),
            Field("About", words(record.about)),
            *fact_fields(record),
            Field("Hash", record.hash),
        ]

    def summary(self) -> str:
        """How many entries there are."""
        return "Each entry is chained to the one before; `lumedesk audit verify` checks the whole" if self._rows else ""

    def _export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export the audit log", "audit.csv", "CSV (*.csv);;JSON (*.json)")
        if name:
            self.export_button.setEnabled(False)
            self.session.movements.export_audit(Path(name), self, self._tell_exported, self._tell_not_exported)

    def _tell_exported(self, count: int) -> None:
        self.export_button.setEnabled(True)
        self._say_beside(f"{count} entries written.", "done")

    def _tell_not_exported(self, error: DeskError) -> None:
        self.export_button.setEnabled(True)
        self._say_beside(explain(error), "failed")

    def _say_beside(self, text: str, tone: str) -> None:
        self.trouble.button.hide()
        self.trouble.say(text, tone)

    def _take_rows(self, rows: list[AuditRow]) -> None:
        self._is_reading = False
        if rows:
            self._rows += rows
            self.table.set_records(self._rows)
        self._tell()


def _clock_time(at: str) -> str:
    return (exact_time(at) or at).split(" ")[1] if exact_time(at) else at
