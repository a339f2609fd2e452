"""The audit log as a table: one row per thing that was written down."""

from collections.abc import Iterable

from msgspec.structs import replace
from PySide6.QtCore import QObject

from lumedesk.domain.audit import AuditRow
from lumedesk.domain.details import Field, fields_of, label_of, veiled
from lumedesk.models.columns import text_column, time_column
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns

# Facts made of ids, states and counts, or with names of their own: they tell which of their figures are amounts. Any
# other fact, also one that is thought of later, may tell an amount wherever it has a figure.
_KNOWN = frozenset(
    {
        "terms",
        "state",
        "ground",
        "transaction_id",
        "candidates",
        "http_status",
        "request_id",
        "intent",
        "days",
        "set aside",
    }
)


def fact_fields(row: AuditRow) -> list[Field]:
    """The facts as fields, which know what of them to hide with the amounts."""
    fields: list[Field] = []
    for name, value in row.facts.items():
        found = fields_of(value, label_of(name))
        fields += found if name in _KNOWN else _veiled(found)
    return fields


def facts_of(row: AuditRow, *, hides: bool = False) -> str:
    """The facts on one line; with `hides` without what may be an amount."""
    told = ((field.label, field.told(hides=hides)) for field in fact_fields(row))
    return " · ".join(f"{label}: {text}" for label, text in told if text is not None)


def _veiled(fields: Iterable[Field]) -> list[Field]:
    return [
        replace(field, hidden=veiled(field.value)) if field.value is not None and field.hidden is None else field
        for field in fields
    ]


class AuditTable(RecordTable[AuditRow]):
    """All rows of the log."""

    columns: Columns = (
        Column("seq", "No.", text=lambda r: str(r.seq), order=lambda r: r.seq, width=70),
        time_column("at", "Time", lambda r: r.at, lambda r: r.seq),
        Column("what", "What", text=lambda r: r.what.capitalize(), order=lambda r: r.what, width=150),
        text_column("about", "About", lambda r: r.about, lambda r: r.about, 150, spare=True),
        Column("facts", "Facts", text=facts_of, hidden=lambda r: facts_of(r, hides=True), width=320, grows=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda row: str(row.seq), parent)
