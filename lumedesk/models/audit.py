"""The audit log as a table: one row per thing that was written down."""

from PySide6.QtCore import QObject

from lumedesk.domain.audit import AuditRow
from lumedesk.models.columns import text_column, time_column
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns


def facts_of(row: AuditRow) -> str:
    """The facts on one line."""
    return " · ".join(f"{field.label}: {field.value}" for field in row.fields if field.value is not None)


class AuditTable(RecordTable[AuditRow]):
    """All rows of the log."""

    columns: Columns = (
        Column("seq", "No.", text=lambda r: str(r.seq), order=lambda r: r.seq, width=70),
        time_column("at", "Time", lambda r: r.at, lambda r: r.seq),
        Column("what", "What", text=lambda r: r.what.capitalize(), order=lambda r: r.what, width=150),
        text_column("about", "About", lambda r: r.about, lambda r: r.about, 150, spare=True),
        Column("facts", "Facts", text=facts_of, width=320, grows=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda row: str(row.seq), parent)
