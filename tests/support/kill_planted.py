"""Defects planted into the protocol of sending, in a child process only: what the kill harness must be able to see."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from lumedesk.api.transport import Answer, Transport
from lumedesk.domain.errors import DeskError, TimedOut, Unreachable
from lumedesk.domain.intents import Ground, Intent, State, Step, WithdrawalTerms
from lumedesk.domain.movements import Outcome, Verdict, verdict_on
from lumedesk.store import chain
from lumedesk.store.journal import Journal
from lumedesk.work import sending
from lumedesk.work.sending import Parcel, Sender


def no_durable_sending() -> None:
    """SENDING is written together with the outcome, once the answer is there."""

    async def carry(self: Any, parcel: Parcel) -> Outcome:
        intent = self._arm(parcel)
        outcome = await _posted(parcel)
        intent = self._move(intent, Step(State.SENDING, Ground.PROTOCOL))
        recorded: Outcome = self._record(intent, outcome)
        return recorded

    Sender.carry = carry  # type: ignore[method-assign]


def armed_after_the_post() -> None:
    """Nothing is on record before the answer is there."""

    async def carry(self: Any, parcel: Parcel) -> Outcome:
        outcome = await _posted(parcel)
        intent = self._move(self._arm(parcel), Step(State.SENDING, Ground.PROTOCOL))
        recorded: Outcome = self._record(intent, outcome)
        return recorded

    Sender.carry = carry  # type: ignore[method-assign]


def one_retry() -> None:
    """A transport that tries once more when the connection breaks."""
    post = Transport.post

    async def retrying(self: Transport, *parts: str, body: bytes) -> Answer:
        try:
            return await post(self, *parts, body=body)
        except DeskError:
            return await post(self, *parts, body=body)

    Transport.post = retrying  # type: ignore[method-assign]


def judged_by_exception_type() -> None:
    """A broken connection is taken for an order that didn't leave."""

    def by_type(error: DeskError) -> Verdict:
        return Verdict.NOT_SENT if isinstance(error, Unreachable | TimedOut) else verdict_on(error)

    sending.verdict_on = by_type


def sending_taken_for_not_sent() -> None:
    """Recovery that hopes for the best."""

    def recover(self: Journal) -> tuple[Intent, ...]:
        step = Step(State.NOT_SENT, Ground.RECOVERY)
        return tuple(
            self.move(intent.uuid, intent.state, step)
            for intent in self.intents
            if intent.state in (State.ARMED, State.SENDING)
        )

    Journal.recover = recover  # type: ignore[method-assign]


def marker_before_the_commit() -> None:
    """The marker of the head is written first, so that it may lead the log."""
    append = chain.ChainedLog.append

    def leading(self: Any, at: str, subject: str, kind: str, body: bytes, *check: Any) -> Any:
        seq = self._head + 1
        digest = chain._hash(self._head_hash, seq, at, subject, kind, body)
        chain._write_marker(self._marker, seq, digest)
        return append(self, at, subject, kind, body, *check)

    chain.ChainedLog.append = leading  # type: ignore[method-assign]


def no_baseline() -> None:
    """Rows that were there before aren't noted, so that an old one is taken for the order."""
    arm = Journal.arm

    def forgetful(self: Journal, arming: Any) -> Intent:
        return arm(self, msgspec.structs.replace(arming, baseline=()))

    Journal.arm = forgetful  # type: ignore[method-assign]


def resent_at_recovery() -> None:
    """What it does is in `at_recovery`."""


PLANTED: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        no_durable_sending,
        armed_after_the_post,
        one_retry,
        judged_by_exception_type,
        sending_taken_for_not_sent,
        marker_before_the_commit,
        no_baseline,
        resent_at_recovery,
    )
}


def plant(name: str) -> None:
    """Put the defect into this process. Errors: KeyError."""
    PLANTED[name]()


async def at_recovery(name: str, start: Any) -> None:
    """What a planted defect does once the books are open again."""
    if name != "resent_at_recovery":
        return
    for intent in start.books.intents:
        if intent.state is State.UNKNOWN and isinstance(intent.terms, WithdrawalTerms):
            await start.client.create_withdrawal(intent.terms.beneficiary_id, Decimal(intent.terms.amount))


async def _posted(parcel: Parcel) -> Outcome:
    try:
        transaction_id, status, _ = await parcel.post()
    except DeskError as error:
        return Outcome(verdict_on(error), error=error)
    return Outcome(Verdict.ACCEPTED, transaction_id, status)
