"""A long list lets short exchanges go first, for a while."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from lumedesk.work import taking_in as module
from lumedesk.work.taking_in import GivingWay


def on_the_loop(giving_way: GivingWay) -> None:
    asyncio.run(giving_way.wait())


def in_a_thread(giving_way: GivingWay) -> None:
    giving_way.wait_in_thread()


waits = pytest.mark.parametrize("wait", [on_the_loop, in_a_thread])


def asked(*answers: bool) -> Callable[[], bool]:
    """Whether somebody waits: these one after the other, the last one for ever."""
    told: Iterator[bool] = iter(answers)
    return lambda: next(told, answers[-1])


@waits
def test_it_waits_until_nobody_else_does(wait: Callable[[GivingWay], None]) -> None:
    calls: list[bool] = []
    answers = asked(True, True, True, False)

    def is_asked() -> bool:
        calls.append(answers())
        return calls[-1]

    wait(GivingWay(is_asked))
    assert calls == [True, True, True, False]


@waits
def test_it_waits_only_so_long_and_then_not_at_once_again(
    wait: Callable[[GivingWay], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GIVES_WAY_AGAIN_S", 3_600.0)
    giving_way = GivingWay(asked(True))
    assert giving_way.is_wanted
    wait(giving_way)
    assert not giving_way.is_wanted


@waits
def test_it_goes_on_at_once_when_nobody_waits(wait: Callable[[GivingWay], None]) -> None:
    giving_way = GivingWay()
    assert not giving_way.is_wanted
    wait(giving_way)
