"""A clock in the test's hand."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until `advance`. Fits `lumedesk.domain.clocks.Clock`."""

    def __init__(self, at: datetime = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC), ticks: float = 1_000.0) -> None:
        self._at = at
        self._ticks = ticks

    def now(self) -> datetime:
        return self._at

    def ticks(self) -> float:
        return self._ticks

    def advance(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)
        self._ticks += seconds
