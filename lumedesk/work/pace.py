"""How long to wait before asking the server again: short while something moves, long when nobody looks."""

import time
from collections.abc import Callable

from lumedesk.domain.kinds import HISTORIES, Kind

FAST_S = 2.0
NORMAL_S = 10.0
STILL_S = 30.0
HIDDEN_S = 60.0
MAX_BACKOFF_S = 60.0
# A status that hasn't changed for this long is waiting on people, not on a machine.
_MOVING_FOR_S = 180.0
# A list that takes long to fetch is asked for rarely: at most this share of the time goes into fetching it.
_MAX_SHARE = 0.2
# But not for ever: an exchange that the computer slept through seems to have taken hours.
MAX_REST_S = 300.0

_RARELY_CHANGING = frozenset({Kind.WALLETS, Kind.CURRENCIES, Kind.BENEFICIARIES})


class Pace:
    """Remembers what moves. Used on the worker; only `is_hidden` is set from the UI."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self.is_hidden = False
        self._ticks = ticks
        self._moved_at: dict[Kind, float] = {}
        self._unfinished: dict[Kind, bool] = {}

    def note(self, kind: Kind, *, changed: bool, unfinished: bool) -> None:
        """Take in what a poll of `kind` saw."""
        if changed:
            self._moved_at[kind] = self._ticks()
        self._unfinished[kind] = unfinished

    def pause(self, kind: Kind, failures: int, took_s: float, chance: float) -> float:
        """Seconds until the next poll of `kind`; `chance` in 0…1 spreads clients that started together."""
        if failures:
            base = min(MAX_BACKOFF_S, FAST_S * 2.0 ** min(failures - 1, 10))
        elif self.is_hidden:
            base = HIDDEN_S
        elif kind in _RARELY_CHANGING:
            base = STILL_S
        elif self._is_moving(kind):
            base = FAST_S
        else:
            base = NORMAL_S
        # What failed by taking too long may be quick once it works again.
        longest = MAX_BACKOFF_S if failures else MAX_REST_S
        return max(base, min(took_s / _MAX_SHARE, longest)) * (0.85 + 0.3 * chance)

    def _is_moving(self, kind: Kind) -> bool:
        # Balances follow the histories.
        kinds = HISTORIES if kind is Kind.ACCOUNTS else {kind}
        now = self._ticks()
        return any(
            self._unfinished.get(other, False) and now - self._moved_at.get(other, -_MOVING_FOR_S) < _MOVING_FOR_S
            for other in kinds
        )
