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


def test_what_a_click_sets_off_comes_to_its_request_before_the_list_goes_on() -> None:
    asks = False

    async def click() -> None:
        nonlocal asks
        kick = asyncio.Event()

        async def poll() -> None:
            nonlocal asks
            async with asyncio.timeout(3_600):
                await kick.wait()
            asks = True
            await asyncio.sleep(0)
            asks = False
            over.append(None)

        async def kick_it() -> None:
            kick.set()

        over: list[None] = []
        polling = asyncio.create_task(poll())
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        kicking: list[asyncio.Task[None]] = []
        # As the engine starts what the window hands over.
        loop.call_soon_threadsafe(lambda: kicking.append(loop.create_task(kick_it())))
        await GivingWay(lambda: asks).wait()
        assert over
        await asyncio.gather(polling, *kicking)

    asyncio.run(click())
