"""What computes waits while the window paints."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from lumedesk.work import courtesy as module
from lumedesk.work.courtesy import Courtesy


def on_a_loop(courtesy: Courtesy) -> None:
    asyncio.run(courtesy.wait())


def in_a_thread(courtesy: Courtesy) -> None:
    courtesy.wait_in_thread()


waits = pytest.mark.parametrize("wait", [on_a_loop, in_a_thread])


@waits
def test_it_waits_until_the_picture_is_there(wait: Callable[[Courtesy], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 3_600.0)
    courtesy = Courtesy()
    order: list[str] = []

    def compute() -> None:
        order.append("computes")
        wait(courtesy)
        order.append("goes on")

    thread = threading.Thread(target=compute)
    with courtesy.asked():
        thread.start()
        thread.join(0.1)
        order.append("painted")
    thread.join()
    assert order == ["computes", "painted", "goes on"]


@waits
def test_it_waits_for_no_picture_that_takes_too_long(wait: Callable[[Courtesy], None]) -> None:
    courtesy = Courtesy()
    with courtesy.asked():
        thread = threading.Thread(target=wait, args=(courtesy,))
        thread.start()
        thread.join()


@waits
def test_it_goes_on_at_once_while_nothing_is_painted(
    wait: Callable[[Courtesy], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 3_600.0)
    courtesy = Courtesy()
    assert not courtesy.is_wanted
    wait(courtesy)
