"""What the desk itself ordered: one row per intent, with what it waits for; and the rows that an intent may be."""

from datetime import datetime, timedelta
from decimal import Decimal

from PySide6.QtCore import QObject

from lumedesk.domain.details import veiled
from lumedesk.domain.intents import ConfirmationTerms, Intent, State, Step, WithdrawalTerms
from lumedesk.domain.records import Trade, Withdrawal
from lumedesk.domain.statuses import Status, Tone, status_of
from lumedesk.domain.text import shown
from lumedesk.domain.times import instant
from lumedesk.models.columns import amount_column, status_column, text_column, time_column
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns
from lumedesk.models.texts import destination_of, sum_text, words

# An outcome that the lists don't show after this long is for a person to find out.
ASK_AFTER = timedelta(minutes=15)

_LABELS = {
    State.ARMED: ("Ready", Tone.MOVING),
    State.SENDING: ("Sending", Tone.MOVING),
    State.ACCEPTED: ("Accepted", Tone.DONE),
    State.REFUSED: ("Refused", Tone.FAILED),
    State.NOT_SENT: ("Not sent", Tone.UNKNOWN),
    State.UNKNOWN: ("Outcome unknown", Tone.WAITING),
    State.LIKELY: ("Likely executed", Tone.WAITING),
    State.AMBIGUOUS: ("Several candidates", Tone.WAITING),
    State.NOT_RECEIVED: ("Never executed", Tone.UNKNOWN),
}


def state_status(state: State) -> Status:
    """An intent's state as a pill."""
    label, tone = _LABELS[state]
    return Status(state.name, label, tone, is_final=False)


def what_of(intent: Intent) -> str:
    """What was ordered, in a few words."""
    terms = intent.terms
    if isinstance(terms, WithdrawalTerms):
        return f"Withdrawal to {words(terms.beneficiary_name or terms.beneficiary_id)}"
    return f"Trade {words(terms.from_currency)} → {words(terms.to_currency)}"


def amount_of(intent: Intent) -> tuple[Decimal, str]:
    """The amount that the POST names, and its currency."""
    terms = intent.terms
    if isinstance(terms, WithdrawalTerms):
        return terms.amount, terms.currency
    if terms.by_from:
        return terms.from_amount, terms.from_currency
    return terms.to_amount, terms.to_currency


def waits_for(intent: Intent, now: datetime) -> str:
    """What has to happen next, in words; empty when nothing has."""
    match intent.state:
        case State.ARMED | State.SENDING:
            return "The server's answer"
        case State.LIKELY:
            return f"Your decision: is {intent.steps[-1].candidates[0]} this movement?"
        case State.AMBIGUOUS:
            return f"Your decision: which of {len(intent.steps[-1].candidates)} rows is it?"
        case State.UNKNOWN:
            armed = instant(intent.arming.armed_at)
            kind = "trades" if isinstance(intent.terms, ConfirmationTerms) else "withdrawals"
            if armed is not None and now - armed.at > ASK_AFTER:
                return f"Not seen in the list of {kind}. Ask the vendor, then decide."
            return f"A matching row in the list of {kind}, which is watched"
        case _:
            return ""


def step_text(step: Step, *, hides: bool = False) -> str:
    """How far it got and why, with the rows it may be; with `hides` without figures in what the server or a person wrote."""
    why = shown(step.why)
    told = state_status(step.state).label + (f": {veiled(why) if hides else why}" if why else "")
    return told + (f" ({shown(', '.join(step.candidates))})" if step.candidates else "")


class MovementsTable(RecordTable[Intent]):
    """All intents, newest first."""

    columns: Columns = (
        time_column("armed", "Ordered", lambda i: i.arming.armed_at, lambda i: i.arming.armed_at),
        Column("what", "Movement", text=what_of, order=what_of, width=230, grows=True),
        amount_column("amount", "Amount", lambda i: amount_of(i)[0], lambda i: amount_of(i)[0], 160),
        text_column("currency", "Currency", lambda i: amount_of(i)[1], lambda i: amount_of(i)[1], 90),
        status_column(lambda i: i.state.name, width=170, value=lambda i: state_status(i.state)),
        text_column("id", "Id", lambda i: i.transaction_id, lambda i: i.transaction_id or "", 130, spare=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda intent: intent.uuid, parent)


Candidate = Trade | Withdrawal


def _candidate_amount(row: Candidate) -> Decimal | None:
    return row.amount if isinstance(row, Withdrawal) else row.from_amount


def _candidate_currency(row: Candidate) -> str | None:
    return row.currency if isinstance(row, Withdrawal) else row.from_currency


def _goes_to(row: Candidate, *, hides: bool = False) -> str:
    """What tells rows of one amount apart: the destination, or what was bought."""
    if isinstance(row, Withdrawal):
        return destination_of(row, hides=hides)
    return sum_text(row.to_amount, row.to_currency, hides=hides)


class CandidatesTable(RecordTable[Candidate]):
    """The server's rows that an intent may be."""

    columns: Columns = (
        text_column("id", "Id", lambda r: r.transaction_id, None, 150),
        time_column("created", "Created", lambda r: r.created_at, None),
        amount_column("amount", "Amount", _candidate_amount, None, 150),
        text_column("currency", "Currency", _candidate_currency, None, 90),
        Column("about", "Goes to", text=_goes_to, hidden=lambda r: _goes_to(r, hides=True), width=220, grows=True),
        status_column(None, width=160, value=lambda r: status_of(r.status)),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda row: row.transaction_id, parent)
