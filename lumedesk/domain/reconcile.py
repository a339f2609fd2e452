"""Which rows of the server's lists may be an order whose outcome is unknown. Time proves nothing here; it only ranks."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from lumedesk.domain.intents import ConfirmationTerms, Ground, Intent, State, Step, Terms, WithdrawalTerms
from lumedesk.domain.records import Trade, Withdrawal


class Findings(msgspec.Struct, frozen=True):
    """Ids of the rows that fit in everything, and of those that fit but for details that may be written differently."""

    exact: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


def find(intent: Intent, rows: Iterable[Any], bound: Collection[str]) -> Findings:
    """Look for `intent` among `rows`. `bound` holds ids that other intents are bound to; the baseline is left out too."""
    exact: list[str] = []
    partial: list[str] = []
    seen_before = {*intent.arming.baseline, *bound}
    for row in rows:
        if row.transaction_id and row.transaction_id not in seen_before:
            fits = _fits(intent.terms, row)
            if fits is not None:
                (exact if fits else partial).append(row.transaction_id)
    return Findings(tuple(sorted(exact)), tuple(sorted(partial)))


def looks_alike(terms: Terms, row: Any) -> bool:
    """True for a row that a list could show for an order of these terms: what belongs into its baseline."""
    return _fits(terms, row) is not None


def next_step(intent: Intent, findings: Findings) -> Step | None:
    """The step that the lists call for: None where they show what is known already. Never a decision."""
    candidates = (*findings.exact, *findings.partial)
    if not candidates:
        if intent.state in (State.UNKNOWN, State.REFUSED):
            return None
        return Step(State.UNKNOWN, Ground.LISTS, "What looked like it is gone from the list.")
    if len(candidates) == 1 and findings.exact:
        step = Step(State.LIKELY, Ground.LISTS, "One new row looks exactly like it.", candidates=candidates)
    else:
        why = f"{len(candidates)} new rows look like it." if len(candidates) > 1 else "A new row looks like it in part."
        step = Step(State.AMBIGUOUS, Ground.LISTS, why, candidates=candidates)
    last = intent.steps[-1]
    return None if (last.state, last.candidates) == (step.state, step.candidates) else step


def _fits(terms: Terms, row: Any) -> bool | None:
    """True: in everything. False: but for details that may be written differently. None: not this order."""
    match terms, row:
        case WithdrawalTerms(), Withdrawal():
            if row.currency != terms.currency or row.amount != terms.amount:
                return None
            return _same_destination(terms.details, row.withdraw_details)
        case ConfirmationTerms(), Trade():
            if (row.from_currency, row.to_currency) != (terms.from_currency, terms.to_currency):
                return None
            named, asked = (row.from_amount, terms.from_amount) if terms.by_from else (row.to_amount, terms.to_amount)
            if named != asked:
                return None
            return (row.from_amount, row.to_amount) == (terms.from_amount, terms.to_amount)
    return None


def _same_destination(reviewed: Any, listed: Any) -> bool:
    """Whether all that both sides name is equal. A masked account number differs: such a row fits in part only."""
    if not isinstance(reviewed, dict) or not isinstance(listed, dict):
        return False
    shared = reviewed.keys() & listed.keys()
    return bool(shared) and all(reviewed[name] == listed[name] for name in shared)
