"""The rules of the lock: when the desk locks, what a passphrase must be, how long a wrong one costs. No files, no Qt."""

import sys
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.naps import Naps

LEAST_PASSPHRASE = 10
MAX_PASSPHRASE = 200
MAX_IDLE_MINUTES = 240

# So many wrong tries cost nothing: fingers slip.
_FREE_TRIES = 3
_MAX_DELAY_S = 300.0
# Looked at each second, a wall clock that is this far ahead of the last look was not looked at in between.
_MAX_GAP_S = 30.0


class Reason(Enum):
    """Why the desk locks, or why whoever sat before it may have gone."""

    IDLE = "idle"
    SLEPT = "slept"
    SYSTEM = "system"
    ASKED = "asked"


class LockSettings(msgspec.Struct, frozen=True):
    """When a profile with a passphrase locks by itself. `idle_minutes` 0 is never."""

    idle_minutes: int = 10
    # With the computer's own lock and when it wakes from sleep.
    with_system: bool = True
    # Where the system can: the windows stay out of screenshots and shared screens.
    blocks_capture: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.idle_minutes <= MAX_IDLE_MINUTES:
            raise ValueError(f"{self.idle_minutes} minutes is not between 0 and {MAX_IDLE_MINUTES}")

    def locks_on(self, reason: Reason) -> bool:
        """Whether the desk locks for this reason."""
        if reason is Reason.IDLE:
            return self.idle_minutes > 0
        return self.with_system or reason is Reason.ASKED

    def told(self, reason: Reason) -> str:
        """Why it is locked, in words for the gate."""
        if reason is Reason.IDLE:
            minutes = "a minute" if self.idle_minutes == 1 else f"{self.idle_minutes} minutes"
            return f"Locked after {minutes} without input."
        return _TOLD[reason]


_TOLD = {
    Reason.SLEPT: "Locked because the computer was asleep.",
    Reason.SYSTEM: "Locked together with the computer.",
    Reason.ASKED: "Locked by you.",
}


def passphrase_problem(text: str, again: str) -> str:
    """Why this can't be the passphrase, in words for the form; empty when it can. `again` is what was typed twice."""
    if len(text) < LEAST_PASSPHRASE:
        return f"A passphrase has at least {LEAST_PASSPHRASE} characters."
    if len(text) > MAX_PASSPHRASE:
        return f"A passphrase has at most {MAX_PASSPHRASE} characters."
    if text != again:
        return "The two passphrases differ."
    return ""


def delay_s(wrong_tries: int) -> float:
    """How long after so many wrong tries in a row the next one has to wait."""
    beyond = wrong_tries - _FREE_TRIES
    if beyond <= 0:
        return 0.0
    # Capped before the power: a manipulated count must not overflow it.
    return min(_MAX_DELAY_S, 2.0 ** min(beyond, 9))


def remaining_s(wrong_tries: int, last_wrong_at: datetime | None, now: datetime) -> float:
    """How much of that delay is left, by the wall clock. One that was set back costs the delay once more, never longer."""
    delay = delay_s(wrong_tries)
    if last_wrong_at is None:
        return delay
    return min(delay, max(0.0, delay - (now - last_wrong_at).total_seconds()))


class IdleWatch:
    """Tells when nobody has used the desk for a while, or when the computer slept. Looked at about once a second."""

    def __init__(self, clock: Clock, naps: Naps, *, by_wall_clock: bool = sys.platform == "win32") -> None:
        """`by_wall_clock`: where no clock stands still in sleep, a jump between two looks tells it."""
        self._clock = clock
        self._naps = naps
        self._by_wall_clock = by_wall_clock
        self.restart()

    def restart(self) -> None:
        """Count from now: somebody is there."""
        self._naps.restart()
        self._looked_at = self._clock.now()
        self.note_activity()

    def note_activity(self) -> None:
        """Somebody pressed a key or moved the mouse. Ask `why_lock` first: input that comes too late undoes nothing."""
        self._active_at = self._clock.ticks()

    def why_lock(self, settings: LockSettings) -> Reason | None:
        """SLEPT once for each sleep; IDLE as long as nothing is done; None while all is as it was."""
        if self._has_slept():
            return Reason.SLEPT
        idle_s = self._clock.ticks() - self._active_at
        is_idle = settings.idle_minutes > 0 and idle_s >= settings.idle_minutes * 60
        return Reason.IDLE if is_idle else None

    def _has_slept(self) -> bool:
        now = self._clock.now()
        gap_s = (now - self._looked_at).total_seconds()
        self._looked_at = now
        slept = self._naps.has_slept() or (self._by_wall_clock and gap_s > _MAX_GAP_S)
        # Begun anew at each look, clocks that drift a little never add up to a sleep.
        self._naps.restart()
        return slept


class Opened(msgspec.Struct, frozen=True):
    """What a door answered. When it stays shut, `words` say why and the next try has to wait `wait_s`."""

    is_open: bool
    words: str = ""
    wait_s: float = 0.0
    # The key of the local records, from a door that keeps it.
    store_key: Secret | None = None


class Door(Protocol):
    """Decides whether the operator may come in. The passphrase is one; Windows Hello and Touch ID can be others."""

    @property
    def name(self) -> str:
        """What it asks for, in words for the gate."""

    @property
    def wait_s(self) -> float:
        """How long the next try has to wait; 0 when it needn't."""

    async def open(self, answer: Secret) -> Opened:
        """Judge an answer; runs on the worker. A door that asks the system needs none and gets an empty one."""
