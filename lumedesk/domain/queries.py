"""What an operator asks of a history: which rows, in which order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lumedesk.domain.kinds import Kind


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which rows of a history, in which order. All that is given must hold; nothing given finds all rows.

    `text`: each word typed must occur in one of the row's texts, or begin one of its amounts. `any_of`: a column, and
    the values of which it has one. `since` (inclusive) and `until` (exclusive) are about the row's time; `least` and
    `most` (both inclusive) about the column `amount`.
    """

    kind: Kind
    order: str = "at"
    descending: bool = True
    text: str = ""
    any_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    amount: str = ""
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether anything may be left out."""
        ends = (self.since, self.until, self.least, self.most)
        return bool(self.text or self.any_of) or any(end is not None for end in ends)
