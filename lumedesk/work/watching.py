"""Looks for orders of unknown outcome in the server's lists, and takes the operator's decisions. Runs on the worker."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from lumedesk.domain.intents import (
    UNDECIDED,
    ConfirmationTerms,
    ForbiddenStep,
    Ground,
    Intent,
    State,
    Step,
    Terms,
    WithdrawalTerms,
)
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import sort_key
from lumedesk.domain.reconcile import find, looks_alike, next_step
from lumedesk.store.chain import ChainBroken, ChainUnwritable
from lumedesk.store.journal import Blocked, LostRace
from lumedesk.work.books import Books, audit_name, step_facts

log = logging.getLogger(__name__)

# A refusal is believed once this many later lists show no match.
LISTS_AFTER_REFUSAL = 3

Alike = Callable[[Terms], Iterable[Any]]


class DecisionRefused(ValueError):
    """A decision that can't be taken; the text says why."""


class Watcher:
    """Compares open intents with what the mirror holds. `alike` reads the rows that may be an order of these terms."""

    def __init__(self, books: Books, alike: Alike, changed: Callable[[], None]) -> None:
        self._books = books
        self._alike = alike
        self._changed = changed
        self._clean_lists: dict[str, int] = {}

    def baseline(self, terms: Terms) -> tuple[str, ...]:
        """The ids of rows that look like an order of these terms already, before it is sent."""
        return tuple(
            sorted(row.transaction_id for row in self._alike(terms) if row.transaction_id and looks_alike(terms, row))
        )

    def look(
        self,
        kind: Kind,
        *,
        is_whole: bool = True,
        asked_at: datetime | None = None,
        key_fingerprint: str | None = None,
    ) -> None:
        """Called after each list of `kind` that was read.

        `is_whole`: every row came and could be read; a list that isn't can show that an order is there, never that it is
        not. `asked_at` is when the list was asked for; None is now. `key_fingerprint` tells with which key it was read:
        with another one than the order was given with, its absence proves nothing either; None is the same key.
        """
        journal = self._books.journal
        if journal is None:
            return
        for intent in journal.intents:
            if kind_of(intent.terms) is kind and self._is_watched(intent):
                is_later = asked_at is None or asked_at >= datetime.fromisoformat(intent.times[-1])
                is_same_key = key_fingerprint in (None, intent.arming.key_fingerprint)
                proves = is_whole and is_later and is_same_key
                self._look_for(intent, proves_absence=proves, is_same_key=is_same_key)

    def is_settled(self, intent: Intent) -> bool:
        """Whether no list will be compared with this intent any more."""
        return intent.state not in UNDECIDED and not self._is_watched(intent)

    def accept(self, uuid: str, transaction_id: str, note: str) -> None:
        """The operator says that this row is the order. Errors: DecisionRefused."""
        intent = self._undecided(uuid)
        if transaction_id not in intent.steps[-1].candidates:
            raise DecisionRefused("That row doesn't look like this movement.")
        self._decide(intent, Step(State.ACCEPTED, Ground.OPERATOR, note, transaction_id))

    def give_up(self, uuid: str, note: str) -> None:
        """The operator says that the order was never executed, and why. Errors: DecisionRefused."""
        intent = self._undecided(uuid)
        if not note.strip():
            raise DecisionRefused("Say how you know that it was never executed.")
        self._decide(intent, Step(State.NOT_RECEIVED, Ground.OPERATOR, note.strip()))

    def _is_watched(self, intent: Intent) -> bool:
        if intent.state is State.REFUSED:
            return self._clean_lists.get(intent.uuid, 0) < LISTS_AFTER_REFUSAL
        return intent.state in UNDECIDED

    def _look_for(self, intent: Intent, *, proves_absence: bool, is_same_key: bool) -> None:
        journal = self._books.journal
        if journal is None:
            return
        findings = find(intent, self._alike(intent.terms), journal.bound_ids(but=intent.uuid))
        step = next_step(intent, findings)
        if step is None:
            if intent.state is State.REFUSED and proves_absence:
                self._clean_lists[intent.uuid] = self._clean_lists.get(intent.uuid, 0) + 1
            return
        if step.state is State.UNKNOWN and not is_same_key:
            # What looked like it looks otherwise to this key; the order's own key may still see it.
            return
        try:
            self._move(intent, step)
        except (LostRace, Blocked, ForbiddenStep) as error:
            log.warning("an intent moved meanwhile: %s", error)
        except (ChainBroken, ChainUnwritable) as error:
            self._books.refuse(str(error))
            self._changed()

    def _undecided(self, uuid: str) -> Intent:
        journal = self._books.journal
        if journal is None:
            raise DecisionRefused(self._books.refusal or "The record of movements isn't open.")
        intent = journal.get(uuid)
        if intent.state not in UNDECIDED:
            raise DecisionRefused("Its outcome isn't in doubt.")
        return intent

    def _decide(self, intent: Intent, step: Step) -> None:
        try:
            self._move(intent, step)
        except (LostRace, Blocked, ForbiddenStep, ChainBroken, ChainUnwritable) as error:
            raise DecisionRefused(str(error)) from error

    def _move(self, intent: Intent, step: Step) -> None:
        journal = self._books.journal
        if journal is None:
            raise Blocked("The record of movements isn't open.")
        journal.move(intent.uuid, intent.state, step)
        self._books.note(audit_name(step), intent.uuid, step_facts(step))
        self._changed()


def kind_of(terms: Terms) -> Kind:
    """The history in which an order of these terms appears."""
    return Kind.TRADES if isinstance(terms, ConfirmationTerms) else Kind.WITHDRAWALS


def alike_query(terms: Terms) -> tuple[Kind, dict[str, Any]]:
    """Where rows like an order of these terms stand, and the columns by which the mirror finds them."""
    if isinstance(terms, WithdrawalTerms):
        return Kind.WITHDRAWALS, {"currency": terms.currency, "amount": sort_key(terms.amount)}
    side, amount = ("from_amount", terms.from_amount) if terms.by_from else ("to_amount", terms.to_amount)
    pair = {"from_currency": terms.from_currency, "to_currency": terms.to_currency}
    return Kind.TRADES, {**pair, side: sort_key(amount)}
