"""One order, from durable intent through its one POST to a recorded outcome. Runs on the worker; knows no windows."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from lumedesk.domain.clocks import Clock
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.intents import Arming, Ground, Intent, State, Step, Terms
from lumedesk.domain.movements import Outcome, Verdict, verdict_on
from lumedesk.logs import redacted
from lumedesk.store.chain import ChainBroken, ChainUnwritable
from lumedesk.store.journal import Blocked, LostRace
from lumedesk.work.books import Books, audit_name, step_facts, terms_facts

log = logging.getLogger(__name__)

_STATES = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.NOT_SENT: State.NOT_SENT,
    Verdict.UNKNOWN: State.UNKNOWN,
}


class NotArmed(DeskError):
    """The order was stopped before anything was sent."""

    title = "Nothing was sent"
    advice = "See the reason below."

    def __init__(self, detail: str) -> None:
        super().__init__(detail, wire=Wire.NOT_SENT)


class CutOff(DeskError):
    """The desk ended, or failed, between the request and its answer."""

    title = "The desk stopped while it was being sent"
    advice = "The lists are being watched."


class WrongEcho(DeskError):
    """The server said yes, but to something else than was asked."""

    title = "The server's answer contradicts the order"
    advice = "Call the vendor before you go on. The lists are being watched."


class Parcel(msgspec.Struct, frozen=True):
    """One order ready to be armed. `baseline` holds the ids of rows that look like it already.

    `post` sends it and gives the server's id, its status, and what is wrong with the answer (empty when all is well).
    `late` tells, at the last moment, why it must not be sent any more.
    """

    uuid: str
    terms: Terms
    host: str
    key_fingerprint: str
    baseline: tuple[str, ...]
    post: Callable[[], Awaitable[tuple[str | None, str | None, str]]]
    late: Callable[[], DeskError | None] = lambda: None
    notes: Mapping[str, Any] | None = None
    retry_of: str | None = None


class Sender:
    """Carries parcels. `changed` is called after each recorded step."""

    def __init__(self, books: Books, clock: Clock, changed: Callable[[], None]) -> None:
        self._books = books
        self._clock = clock
        self._changed = changed

    async def carry(self, parcel: Parcel) -> Outcome:
        """Arm, send once, record. Never raises but for cancelling; whatever happens is in the outcome and the journal."""
        try:
            intent = self._arm(parcel)
            if self._books.refusal:  # the audit log could not be written
                return self._stop(intent, NotArmed(self._books.refusal))
            if (late := parcel.late()) is not None:
                return self._stop(intent, late)
            intent = self._move(intent, Step(State.SENDING, Ground.PROTOCOL))
        except Exception as error:
            # Whatever it was, no POST was made.
            log.exception("an order was stopped before it was sent")
            return self._not_armed(parcel, error)
        # The commit took its time: a deadline may have passed meanwhile.
        if (late := parcel.late()) is not None:
            return self._stop(intent, late)
        return await self._send(intent, parcel)

    def _arm(self, parcel: Parcel) -> Intent:
        if self._books.journal is None or self._books.refusal:
            raise Blocked(self._books.refusal or "The record of movements isn't open.")
        arming = Arming(
            parcel.uuid,
            parcel.terms,
            parcel.host,
            parcel.key_fingerprint,
            parcel.baseline,
            self._clock.now().isoformat(),
            self._clock.ticks(),
            parcel.retry_of,
        )
        intent = self._books.journal.arm(arming)
        facts = {"terms": terms_facts(parcel.terms), **(parcel.notes or {})}
        self._books.note("armed", parcel.uuid, facts)
        self._changed()
        return intent

    async def _send(self, intent: Intent, parcel: Parcel) -> Outcome:
        try:
            transaction_id, status, problem = await parcel.post()
        except DeskError as error:
            return self._record(intent, Outcome(verdict_on(error), error=error))
        except BaseException:
            # Cancelled, or a defect of ours: the request may have left.
            self._record(intent, Outcome(Verdict.UNKNOWN, error=CutOff()))
            raise
        journal = self._books.journal
        if not problem and transaction_id and journal is not None:
            if transaction_id in parcel.baseline:
                problem = f"It names {transaction_id}, which was there before."
            elif transaction_id in journal.bound_ids(but=intent.uuid):
                problem = f"It names {transaction_id}, which belongs to another movement."
        if problem or not transaction_id:
            echo = WrongEcho(problem or "It names no id.")
            return self._record(intent, Outcome(Verdict.UNKNOWN, error=echo))
        return self._record(intent, Outcome(Verdict.ACCEPTED, transaction_id, status))

    def _stop(self, intent: Intent, why: DeskError) -> Outcome:
        return self._record(intent, Outcome(Verdict.NOT_SENT, error=why))

    def _record(self, intent: Intent, outcome: Outcome) -> Outcome:
        try:
            self._move(intent, _step_of(outcome))
        except (Blocked, LostRace, ChainBroken, ChainUnwritable) as failure:
            if isinstance(failure, Blocked) and outcome.verdict is Verdict.ACCEPTED:
                # The id was bound to another movement meanwhile: the answer isn't about this one.
                return self._record(intent, Outcome(Verdict.UNKNOWN, error=WrongEcho(str(failure))))
            # The outcome is told all the same; at the next start this intent is found SENDING and becomes UNKNOWN.
            self._books.refuse(f"An outcome could not be recorded. {failure}")
            self._changed()
        return outcome

    def _move(self, intent: Intent, step: Step) -> Intent:
        if self._books.journal is None:
            raise Blocked("The record of movements isn't open.")
        moved = self._books.journal.move(intent.uuid, intent.state, step)
        if step.state is not State.SENDING:
            self._books.note(audit_name(step), intent.uuid, step_facts(step))
        self._changed()
        return moved

    def _not_armed(self, parcel: Parcel, error: Exception) -> Outcome:
        if isinstance(error, ChainBroken | ChainUnwritable):
            self._books.refuse(str(error))
        # The text of a defect could quote anything, and the audit log is exported.
        why = redacted(str(error))
        self._books.note("stopped", parcel.uuid, {"why": why})
        self._changed()
        return Outcome(Verdict.NOT_SENT, error=NotArmed(why))


def _step_of(outcome: Outcome) -> Step:
    error = outcome.error
    return Step(
        _STATES[outcome.verdict],
        Ground.PROTOCOL if outcome.verdict is Verdict.NOT_SENT else Ground.ANSWER,
        f"{error.title}. {error.detail}".strip() if error else "",
        outcome.transaction_id,
        (),
        error.http_status if error else None,
        error.request_id if error else None,
    )
