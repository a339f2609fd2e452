"""What the server's lists did that they must not: one row per alert, and field by field what is different."""

from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import QObject

from lumedesk.domain.alerts import Oddity
from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.details import Field, fields_of, veiled
from lumedesk.domain.queries import Alert
from lumedesk.domain.statuses import Status, Tone
from lumedesk.domain.text import shown
from lumedesk.models.columns import time_column
from lumedesk.models.nouns import NOUNS
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns
from lumedesk.models.texts import NOTHING, exact_time

NEW = Status("NEW", "New", Tone.WAITING, is_final=False)
ACKNOWLEDGED = Status("ACKNOWLEDGED", "Acknowledged", Tone.UNKNOWN, is_final=True)

_CODEC: Codec[Any] = Codec(Any)
_ADVICE = {
    Oddity.GONE: "A record that was listed before is missing from the server's list. It is kept here, marked. Ask the vendor.",
    Oddity.ALTERED: "The record had a final status, and the server lists it differently now. Ask the vendor why.",
    Oddity.EMPTIED: "The server sent an empty list where there were records before. They are kept here. Ask the vendor.",
    Oddity.SHRUNK: "Many records are missing from the server's list at once. They are kept here, unmarked. Ask the vendor.",
    Oddity.BACKWARDS: "The record's status went back to an earlier one. Ask the vendor why.",
}
_UNKNOWN_ADVICE = "The server's list did something that it shouldn't. Ask the vendor."
# In the order that a notice tells them.
_TELLINGS = (Oddity.EMPTIED, Oddity.SHRUNK, Oddity.GONE, Oddity.ALTERED, Oddity.BACKWARDS)


def what_of(alert: Alert) -> str:
    """What happened, in a few words."""
    one, many = NOUNS[alert.kind]
    match _oddity(alert):
        case Oddity.GONE:
            return f"A {one} vanished from the server's list"
        case Oddity.ALTERED:
            return f"A {one} changed after it was final"
        case Oddity.EMPTIED:
            return f"The server's list of {many} came empty"
        case Oddity.SHRUNK:
            return f"The server's list of {many} lacks many that it had"
        case Oddity.BACKWARDS:
            return f"The status of a {one} went backwards"
        case _:
            return f"{shown(alert.what, 60).capitalize()}: {one}"


def _oddity(alert: Alert) -> Oddity | None:
    """None for what a later version may have written."""
    return next((each for each in Oddity if each.value == alert.what), None)


def advice_of(alert: Alert) -> str:
    """What it means and what to do about it."""
    oddity = _oddity(alert)
    return _UNKNOWN_ADVICE if oddity is None else _ADVICE[oddity]


def state_of(alert: Alert) -> Status:
    """Whether somebody has seen it, as a pill."""
    return NEW if alert.acknowledged_at is None else ACKNOWLEDGED


def summary_of(alerts: Sequence[Alert]) -> str:
    """The new ones in a sentence without amounts, as `2 alerts: a trade … (2).`; empty where all are acknowledged."""
    new = [alert for alert in alerts if alert.acknowledged_at is None]
    if not new:
        return ""
    new.sort(key=lambda alert: _TELLINGS.index(oddity) if (oddity := _oddity(alert)) else len(_TELLINGS))
    counts: dict[str, int] = {}
    for alert in new:
        words = what_of(alert)
        told = words[:1].lower() + words[1:]
        counts[told] = counts.get(told, 0) + 1
    parts = [f"{told} ({count:,})" if count > 1 else told for told, count in counts.items()]
    return f"{len(new):,} alert{'' if len(new) == 1 else 's'}: {'; '.join(parts)}."


def fields_of_alert(alert: Alert) -> list[Field]:
    """When it was seen, and what was before beside what is now, each field under its name. Never raises."""
    fields = [Field("Seen", exact_time(alert.seen_at.isoformat()) or NOTHING)]
    if alert.key:
        fields.append(Field("Id", shown(alert.key)))
    if alert.acknowledged_at is not None:
        fields.append(Field("Acknowledged", exact_time(alert.acknowledged_at.isoformat()) or NOTHING))
    before, after = _told(alert.before), _told(alert.after)
    if before and after:
        return fields + _differences(before, after)
    if before:
        return [*fields, Field("As it was last listed", None), *_one_deeper(before)]
    return [*fields, Field("As it is listed now", None), *_one_deeper(after)] if after else fields


def _told(document: bytes | None) -> dict[str, Field]:
    """The fields of a document by their path, as `Withdraw details · Bank name`."""
    if document is None:
        return {}
    try:
        fields = fields_of(_CODEC.decode(document), "Record")
    except UnreadableJson as error:
        why = shown(str(error), 200)
        fields = [Field("Can't be read", why, hidden=veiled(why))]
    return dict(_by_path(fields))


def _by_path(fields: list[Field]) -> Iterator[tuple[str, Field]]:
    trail: list[str] = []
    seen: dict[str, int] = {}
    for field in fields:
        trail = trail[: field.depth]
        if field.value is None:
            trail.append(field.label)
            continue
        # The first heading is the record itself.
        path = " · ".join((*trail[1:], field.label))
        seen[path] = seen.get(path, 0) + 1
        yield (f"{path} ({seen[path]})" if seen[path] > 1 else path), field


def _differences(before: dict[str, Field], after: dict[str, Field]) -> list[Field]:
    changed = [path for path in before | after if _value(before, path) != _value(after, path)]
    if not changed:
        return [Field("Changes", "Only in how it is written: nothing that is shown is different")]
    fields: list[Field] = []
    for path in changed:
        fields.append(Field(path, None))
        fields.append(_renamed(before.get(path), "Was"))
        fields.append(_renamed(after.get(path), "Is now"))
    return fields


def _value(fields: dict[str, Field], path: str) -> str | None:
    field = fields.get(path)
    return None if field is None else field.value


def _renamed(field: Field | None, label: str) -> Field:
    return Field(label, "Not sent", 1) if field is None else Field(label, field.value, 1, field.hidden)


def _one_deeper(fields: dict[str, Field]) -> list[Field]:
    return [Field(path, field.value, 1, field.hidden) for path, field in fields.items()]


class AlertsTable(RecordTable[Alert]):
    """All alerts: those nobody has acknowledged first, the newest of each first."""

    columns: Columns = (
        Column("state", "", text=lambda a: state_of(a).label, status=state_of, width=150),
        time_column("seen", "Seen", lambda a: a.seen_at.isoformat(), None),
        Column("what", "What happened", text=what_of, width=260, grows=True),
        Column("id", "Record", text=lambda a: shown(a.key) if a.key else NOTHING, width=170),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda alert: str(alert.number), parent)

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Show exactly these; they come newest first."""
        self.set_records(sorted(alerts, key=lambda alert: alert.acknowledged_at is not None))
