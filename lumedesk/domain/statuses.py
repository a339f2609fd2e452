"""What a status means to an operator. A status nobody has told us of is shown as it came and is not final."""

from enum import Enum

import msgspec

from lumedesk.domain.text import shown


class Tone(Enum):
    """How a status is coloured; the word always stands beside the colour."""

    DONE = "done"
    MOVING = "moving"
    WAITING = "waiting"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Status(msgspec.Struct, frozen=True):
    """`is_final`: no further change is expected (COMPLETED may still turn REVERSED, so lists are always re-read)."""

    code: str
    label: str
    tone: Tone
    is_final: bool


_KNOWN = {
    status.code: status
    for status in (
        Status("SUBMITTED", "Submitted", Tone.MOVING, is_final=False),
        Status("PENDING", "Pending", Tone.MOVING, is_final=False),
        Status("ACCEPTED", "Accepted", Tone.MOVING, is_final=False),
        Status("AWAITING_CONFIRMATION", "Awaiting confirmation", Tone.WAITING, is_final=False),
        Status("PROCESSING", "Processing", Tone.MOVING, is_final=False),
        Status("COMPLIANCE_PENDING", "Compliance check", Tone.WAITING, is_final=False),
        Status("COMPLETED", "Completed", Tone.DONE, is_final=True),
        Status("FAILED", "Failed", Tone.FAILED, is_final=True),
        Status("CANCELLED", "Cancelled", Tone.FAILED, is_final=True),
        Status("REVERSED", "Reversed", Tone.FAILED, is_final=True),
    )
}
_MAX_LABEL = 60
# How far along each is. Some go side by side, and COMPLETED may turn REVERSED.
_ORDER = {
    "SUBMITTED": 0,
    "PENDING": 1,
    "ACCEPTED": 2,
    "AWAITING_CONFIRMATION": 2,
    "PROCESSING": 3,
    "COMPLIANCE_PENDING": 3,
    "COMPLETED": 4,
    "FAILED": 4,
    "CANCELLED": 4,
    "REVERSED": 5,
}
FINAL_CODES = frozenset(code for code, status in _KNOWN.items() if status.is_final)


def status_of(code: str | None) -> Status:
    """Never raises: an unknown code comes back under its own name, made safe to look at, and not final."""
    if not code:
        return Status("", "Not reported", Tone.UNKNOWN, is_final=False)
    return _KNOWN.get(code) or Status(code, shown(code, _MAX_LABEL), Tone.UNKNOWN, is_final=False)


def is_backwards(before: str | None, after: str | None) -> bool:
    """Whether a record went from one status to an earlier one; unknown statuses stand nowhere."""
    if before not in _ORDER or after not in _ORDER:
        return False
    return _ORDER[after] < _ORDER[before]
