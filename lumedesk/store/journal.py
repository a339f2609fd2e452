"""The journal of intents: every order that moves money is durable here before its POST, and every step of it after."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lumedesk.domain.clocks import Clock
from lumedesk.domain.codec import encode
from lumedesk.domain.credentials import Secret
from lumedesk.domain.intents import OPEN, Arming, ConfirmationTerms, Ground, Intent, State, Step, WithdrawalTerms
from lumedesk.domain.money import Amount
from lumedesk.store.chain import ChainBroken, ChainedLog, Entry

_ARM = "arm"
_STEP = "step"

# Free-form details may hold amounts; they come back with the same digits and as the same type.
_ENCODER = msgspec.json.Encoder(enc_hook=lambda value: msgspec.Raw(encode(value)))
_ARMINGS = msgspec.json.Decoder(Arming, float_hook=Amount)
_STEPS = msgspec.json.Decoder(Step)


class Blocked(Exception):
    """An order that may not be armed; the text says why in the operator's words."""


class LostRace(Exception):
    """The intent isn't in the state that the step starts from: somebody else moved it."""


class Journal:
    """All intents of one profile. Used by one thread; another process may write too, and is noticed."""

    def __init__(self, path: Path, marker: Path, clock: Clock, key: Secret | None = None) -> None:
        """Open and check everything. Errors: ChainBroken, ChainUnwritable."""
        self._clock = clock
        self._intents: dict[str, Intent] = {}
        self._log = ChainedLog(path, marker, key)
        try:
            self._take(self._log.entries)
        except BaseException:
            self._log.close()
            raise

    def close(self) -> None:
        """Close the file; later calls are an error."""
        self._log.close()

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All intents, oldest first, as last read."""
        return tuple(self._intents.values())

    def get(self, uuid: str) -> Intent:
        """One intent. Errors: KeyError."""
        return self._intents[uuid]

    def bound_ids(self, *, but: str = "") -> frozenset[str]:
        """The server's ids that intents other than `but` are bound to."""
        return frozenset(
            each.transaction_id for each in self._intents.values() if each.transaction_id and each.uuid != but
        )

    def recover(self) -> tuple[Intent, ...]:
        """After a start: what was armed was not sent, what was being sent has an unknown outcome. Nothing is re-sent."""
        touched = []
        for intent in self.intents:
            if intent.state is State.ARMED:
                step = Step(State.NOT_SENT, Ground.RECOVERY, "The desk ended before it was sent.")
            elif intent.state is State.SENDING:
                step = Step(State.UNKNOWN, Ground.RECOVERY, "The desk ended while it was being sent.")
            else:
                continue
            touched.append(self.move(intent.uuid, intent.state, step))
        return tuple(touched)

    def arm(self, arming: Arming) -> Intent:
        """Make an order durable, ready to be sent once. Errors: Blocked, ChainUnwritable, ChainBroken."""
        intent = Intent(arming, (Step(State.ARMED, Ground.PROTOCOL),), (arming.armed_at,))
        before = len(self._log.entries)

        def check() -> None:
            self._take(self._log.entries[before:])
            self._check_arming(intent)

        self._log.append(arming.armed_at, arming.uuid, _ARM, _ENCODER.encode(arming), check)
        self._intents[intent.uuid] = intent
        return intent

    def move(self, uuid: str, expected: State, step: Step) -> Intent:
        """Add a step to an intent that is in state `expected`, durable on return.

        Errors: LostRace, ForbiddenStep, Blocked (an id that is bound already), ChainUnwritable, ChainBroken.
        """
        at = self._clock.now().isoformat()
        before = len(self._log.entries)

        def check() -> None:
            self._take(self._log.entries[before:])
            if self._intents[uuid].state is not expected:
                raise LostRace(f"{uuid} is {self._intents[uuid].state.value}, not {expected.value}")
            self._intents[uuid].after(step, at)
            if step.transaction_id and step.transaction_id in self.bound_ids(but=uuid):
                raise Blocked(f"{step.transaction_id} belongs to another movement already.")

        self._log.append(at, uuid, _STEP, _ENCODER.encode(step), check)
        self._intents[uuid] = self._intents[uuid].after(step, at)
        return self._intents[uuid]

    def _check_arming(self, intent: Intent) -> None:
        terms = intent.terms
        for other in self._intents.values():
            if other.uuid == intent.uuid:
                raise Blocked("This order was given before.")
            if other.state in OPEN and other.arming.key_fingerprint != intent.arming.key_fingerprint:
                raise Blocked(
                    "The API key was changed while a movement's outcome is unknown. Resolve that movement first."
                )
            if other.state in OPEN and other.likeness == intent.likeness:
                raise Blocked(_likeness_words(terms))
            if (
                isinstance(terms, ConfirmationTerms)
                and isinstance(other.terms, ConfirmationTerms)
                and other.terms.quote_str == terms.quote_str
            ):
                raise Blocked("This quote was confirmed before.")

    def _take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            try:
                if entry.kind == _ARM:
                    arming = _ARMINGS.decode(entry.body)
                    self._intents[arming.uuid] = Intent(
                        arming, (Step(State.ARMED, Ground.PROTOCOL),), (arming.armed_at,)
                    )
                elif entry.kind == _STEP:
                    step = _STEPS.decode(entry.body)
                    self._intents[entry.subject] = self._intents[entry.subject].after(step, entry.at)
            except (msgspec.MsgspecError, KeyError, ValueError) as error:
                raise ChainBroken(f"Row {entry.seq} of the journal can't be read: {error}") from error


def _likeness_words(terms: WithdrawalTerms | ConfirmationTerms) -> str:
    if isinstance(terms, WithdrawalTerms):
        return "A withdrawal of this amount to this beneficiary has no known outcome yet. Resolve it first."
    return "A trade of this pair and amount has no known outcome yet. Resolve it first."
