"""Whom money can be sent to: beneficiaries with what was paid to them before, and the past payments that tell it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.details import DOTS, summary_of
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Found, HistoryQuery
from lumedesk.domain.records import Beneficiary, Withdrawal
from lumedesk.domain.sightings import pays_to
from lumedesk.domain.statuses import Status, Tone
from lumedesk.domain.times import micros
from lumedesk.models.columns import text_column
from lumedesk.models.history_table import HistorySource, Pending
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns
from lumedesk.models.texts import NOTHING, amount, exact_time, local
from lumedesk.store.mirror_file import MirrorError

# The latest payments tell what is usual; all of a long history would only cost time.
MOST_PAST = 2_000
_NOT_PAID = frozenset({"FAILED", "CANCELLED", "REVERSED"})

USED = Status("USED", "Paid before", Tone.DONE, is_final=True)
NEVER_USED = Status("NEVER_USED", "Never paid", Tone.WAITING, is_final=True)
CHANGED = Status("CHANGED", "Details changed", Tone.FAILED, is_final=True)


class PastPayments(QObject):
    """The latest withdrawals, newest first; read again whenever the history changes."""

    # Other payments are known now. UI thread.
    changed = Signal()

    def __init__(self, source: HistorySource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._codec: Codec[Withdrawal] = Codec(Withdrawal)
        self._pending: Pending | None = None
        self.withdrawals: tuple[Withdrawal, ...] = ()
        self.is_known = False

    def look(self) -> None:
        """Read them as they are now; `changed` follows."""
        if self._pending is not None:
            self._pending.cancel()
        self._pending = self._source.lookups.find(HistoryQuery(Kind.WITHDRAWALS), _latest, self, self._take, self._fail)

    def of(self, currency: str | None) -> tuple[Withdrawal, ...]:
        """Those in one currency."""
        return tuple(each for each in self.withdrawals if each.currency == currency)

    def _take(self, rows: list[int]) -> None:
        self._pending = None
        try:
            documents = self._source.documents(Kind.WITHDRAWALS, rows)
            self.withdrawals = tuple(self._codec.decode(documents[row].doc) for row in rows if row in documents)
        except (DeskError, MirrorError, UnreadableJson):
            # Some of the past would pass for all of it.
            self.withdrawals, self.is_known = (), False
        else:
            self.is_known = True
        self.changed.emit()

    def _fail(self, _error: DeskError) -> None:
        self._pending = None


def _latest(found: Found) -> list[int]:
    return list(found.rows[:MOST_PAST])


@dataclass(frozen=True, slots=True)
class Payee:
    """A beneficiary, the last payment to it that is known, and whether it reads differently than when last seen."""

    beneficiary: Beneficiary
    last: Withdrawal | None = None
    is_used: bool = False
    is_changed: bool = False

    @property
    def badge(self) -> Status:
        """In a word; a change matters more than use."""
        if self.is_changed:
            return CHANGED
        return USED if self.is_used else NEVER_USED


def payees(
    beneficiaries: Iterable[Beneficiary],
    past: Iterable[Withdrawal],
    used: frozenset[str] = frozenset(),
    changed: frozenset[str] = frozenset(),
) -> list[Payee]:
    """Join them; `past` is newest first, `used` and `changed` hold ids."""
    by_currency: defaultdict[str | None, list[Withdrawal]] = defaultdict(list)
    for each in past:
        if each.status not in _NOT_PAID:
            by_currency[each.currency].append(each)
    found = []
    for beneficiary in beneficiaries:
        last = next((each for each in by_currency[beneficiary.currency] if pays_to(beneficiary, each)), None)
        is_used = last is not None or beneficiary.id in used
        found.append(Payee(beneficiary, last, is_used, beneficiary.id in changed))
    return found


def last_payment(payee: Payee, *, hides: bool = False) -> str:
    """Amount and time of the last payment, short; with `hides` the time alone is told."""
    if payee.last is None:
        return NOTHING
    return f"{DOTS if hides else amount(payee.last.amount)} · {local(payee.last.created_at)}"


def _pays_to(payee: Payee, *, hides: bool = False) -> str:
    return summary_of(payee.beneficiary.withdraw_form_details, hides=hides)


class PayeesTable(RecordTable[Payee]):
    """One row per confirmed destination, with its past."""

    columns: Columns = (
        text_column("nickname", "Name", lambda p: p.beneficiary.nickname, lambda p: p.beneficiary.nickname, width=166),
        text_column(
            "currency", "Currency", lambda p: p.beneficiary.currency, lambda p: p.beneficiary.currency, width=80
        ),
        Column(
            "badge",
            "So far",
            text=lambda p: p.badge.label,
            status=lambda p: p.badge,
            order=lambda p: p.badge.label,
            width=150,
        ),
        Column(
            "last",
            "Last payment",
            text=last_payment,
            hidden=lambda p: last_payment(p, hides=True),
            order=lambda p: micros(p.last.created_at) if p.last else None,
            tooltip=lambda p: exact_time(p.last.created_at) if p.last else "No payment is known",
            width=216,
        ),
        Column(
            "details",
            "Pays to",
            text=_pays_to,
            hidden=lambda p: _pays_to(p, hides=True),
            order=_pays_to,
            width=150,
            grows=True,
        ),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda payee: payee.beneficiary.id, parent)

    def set_payees(self, found: Sequence[Payee]) -> None:
        """Take them as they are now."""
        self.set_records(found)
