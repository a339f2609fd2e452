"""What a link tells of the requests under way, without a server: the count as it is a moment after it changed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from lumedesk.work import link as module
from lumedesk.work.link import Link


class Hears:
    """Keeps the counts it is told."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def take_in_flight(self, count: int) -> None:
        self.counts.append(count)


def told(*counts: int, moment: float) -> list[int]:
    """What is heard when requests are counted so, with a moment after each."""
    hears = Hears()
    nothing: Any = None

    def at_once(call: Callable[[], None]) -> None:
        call()

    async def main() -> None:
        link = Link(hears, at_once, *[nothing] * 6, [], nothing)  # type: ignore[arg-type]
        for count in counts:
            link._note_in_flight(count)
            await asyncio.sleep(moment)
        while link._telling_in_flight is not None:  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)

    asyncio.run(main())
    return hears.counts


def test_requests_that_are_over_at_once_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IN_FLIGHT_TOLD_S", 0.5)
    assert told(1, 2, 1, 0, moment=0.0) == []


def test_requests_that_last_are_told_and_so_is_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IN_FLIGHT_TOLD_S", 0.01)
    assert told(1, 2, 2, 0, moment=0.2) == [1, 2, 0]
