"""The one door to the worker: results come back on the UI thread, once, and nothing stays behind."""

import asyncio
import gc
import logging
import threading
import time
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import DeskError, TimedOut
from lumedesk.work import engine as module
from lumedesk.work.engine import Engine, Unexpected
from tests.support.desk import Asker


async def value(result: Any) -> Any:
    return result


async def failing(error: Exception) -> None:
    raise error


async def forever(started: threading.Event, ended: list[str]) -> None:
    started.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("cancelled")


def answered(engine: Engine, qtbot: QtBot, *works: Any) -> Asker:
    """Submit all, wait for all."""
    asker = Asker()
    for work in works:
        engine.submit(work, asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == len(works))
    return asker


def test_work_runs_on_the_worker_and_its_result_comes_to_the_ui_thread(engine: Engine, qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []

    async def where() -> threading.Thread:
        return threading.current_thread()

    asker = Asker()
    engine.submit(where(), asker, lambda worker: threads.extend((worker, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(threads))
    assert threads[0].name == "lumedesk-worker"
    assert threads[1] is threading.main_thread()


def test_a_result_never_comes_before_submit_has_returned(engine: Engine, qtbot: QtBot) -> None:
    asker = Asker()
    for number in range(200):
        engine.submit(value(number), asker, asker.done)
        assert asker.answers == []
    qtbot.waitUntil(lambda: len(asker.answers) == 200)
    assert asker.answers == list(range(200))


def test_a_failure_arrives_as_itself(engine: Engine, qtbot: QtBot) -> None:
    error = TimedOut("slow")
    assert answered(engine, qtbot, failing(error)).errors == [error]


def test_a_defect_is_reported_and_the_worker_lives_on(
    engine: Engine, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    asker = answered(engine, qtbot, failing(ZeroDivisionError("by me")), value("fine"))
    assert asker.answers == ["fine"]
    (error,) = asker.errors
    assert isinstance(error, Unexpected)
    assert error.detail == "ZeroDivisionError: by me"
    assert "work failed" in caplog.text


@pytest.mark.parametrize("result", [None, 0, ""])
def test_an_empty_result_is_a_result(engine: Engine, qtbot: QtBot, result: Any) -> None:
    assert answered(engine, qtbot, value(result)).answers == [result]


def test_nobody_needs_to_listen(engine: Engine, qtbot: QtBot) -> None:
    owner = Asker()
    crossed: list[object] = []
    engine._crossing.connect(crossed.append)
    tickets = [engine.submit(value(1), owner), engine.submit(failing(DeskError("unheard")), owner)]
    assert answered(engine, qtbot, value("later")).answers == ["later"]
    assert all(ticket.is_over for ticket in tickets)
    assert len(crossed) == 1, "the window is left alone with the others"


def test_cancelling_stops_the_work_and_drops_its_answer(engine: Engine, qtbot: QtBot) -> None:
    started, ended, asker = threading.Event(), [], Asker()
    ticket = engine.submit(forever(started, ended), asker, asker.done, asker.failed)
    assert started.wait(5)
    ticket.cancel()
    qtbot.waitUntil(lambda: ended == ["cancelled"])
    answered(engine, qtbot, value("later"))
    assert ticket.is_over
    assert asker.heard == 0


def test_cancelling_drops_an_answer_that_is_already_on_its_way(engine: Engine, qtbot: QtBot) -> None:
    ready, asker = threading.Event(), Asker()

    async def quick() -> int:
        asyncio.get_running_loop().call_soon(ready.set)
        return 1

    ticket = engine.submit(quick(), asker, asker.done)
    assert ready.wait(5)
    ticket.cancel()
    ticket.cancel()
    answered(engine, qtbot, value("later"))
    assert asker.heard == 0


def test_work_cancelled_before_it_began_never_runs(engine: Engine, qtbot: QtBot) -> None:
    busy, go, ran = threading.Event(), threading.Event(), []

    async def block() -> None:
        busy.set()
        go.wait(5)

    async def run() -> None:
        ran.append(1)

    owner = Asker()
    engine.submit(block(), owner)
    assert busy.wait(5)
    engine.submit(run(), owner).cancel()
    go.set()
    answered(engine, qtbot, value("later"))
    assert ran == []


def test_an_owner_that_was_deleted_hears_nothing(engine: Engine, qtbot: QtBot) -> None:
    import shiboken6

    gone, heard = QObject(), []
    engine.submit(value(1), gone, heard.append)
    shiboken6.delete(gone)
    answered(engine, qtbot, value("later"))
    assert heard == []


def test_calls_for_the_ui_thread_keep_their_order(engine: Engine, qtbot: QtBot) -> None:
    seen: list[int] = []

    async def call() -> None:
        for number in range(100):
            engine.on_ui(lambda number=number: seen.append(number))  # type: ignore[misc]

    engine.submit(call(), Asker())
    qtbot.waitUntil(lambda: len(seen) == 100)
    assert seen == list(range(100))


def worker_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("lumedesk", "asyncio"))]


def test_stopping_cancels_work_says_farewell_and_leaves_no_thread(qapp: object) -> None:
    engine, owner = Engine(), Asker()
    started, ended = threading.Event(), []
    engine.submit(forever(started, ended), owner, owner.done, owner.failed)
    engine.submit(asyncio.to_thread(int), owner)
    assert started.wait(5)

    async def farewell() -> None:
        ended.append("farewell")

    engine.stop(farewell)
    assert ended == ["cancelled", "farewell"]
    assert worker_threads() == []
    engine.stop(farewell)
    assert ended == ["cancelled", "farewell"]


def test_what_was_on_its_way_when_the_engine_stopped_is_dropped(qapp: object, qtbot: QtBot) -> None:
    engine, asker, ready = Engine(), Asker(), threading.Event()

    async def quick() -> None:
        asyncio.get_running_loop().call_soon(ready.set)

    engine.submit(quick(), asker, asker.done)
    assert ready.wait(5)
    engine.stop()
    other = Engine()
    answered(other, qtbot, value("later"))
    other.stop()
    assert asker.heard == 0


def test_what_is_asked_after_the_stop_is_not_begun(qapp: object) -> None:
    engine, ran = Engine(), []

    async def run() -> None:
        ran.append(1)

    engine.stop()
    ticket = engine.submit(run(), Asker(), ran.append)
    ticket.cancel()
    assert ran == []


def test_work_that_asks_for_more_while_it_is_cancelled_leaves_nothing(qapp: object) -> None:
    engine, owner, started = Engine(), Asker(), threading.Event()

    async def tidy() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            engine.submit(value(1), owner)

    engine.submit(tidy(), owner)
    assert started.wait(5)
    engine.stop()
    assert worker_threads() == []


def test_work_that_waited_when_the_engine_stopped_is_not_begun(qapp: object) -> None:
    engine, owner, busy, ran = Engine(), Asker(), threading.Event(), []

    async def block_until_the_stop() -> None:
        busy.set()
        while not engine._is_stopped:
            pass

    async def run() -> None:
        ran.append(1)

    engine.submit(block_until_the_stop(), owner)
    assert busy.wait(5)
    engine.submit(run(), owner)
    engine.stop()
    gc.collect()  # a coroutine that was never awaited complains here, and fails the test
    assert ran == []


def test_a_farewell_that_fails_does_not_keep_the_thread(qapp: object, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine()
    engine.stop(lambda: failing(OSError("disk full")))
    assert worker_threads() == []
    assert "disk full" in caplog.text


def test_stopping_is_bounded_when_work_does_not_end(
    qapp: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_QUIT_DEADLINE_S", 0.2)
    engine, owner, started = Engine(), Asker(), threading.Event()

    async def stubborn() -> None:
        started.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    engine.submit(stubborn(), owner)
    assert started.wait(5)
    loop = engine._loop
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        engine.stop()
    assert time.monotonic() - began < 2
    assert "left behind" in caplog.text
    assert worker_threads() == []
    assert loop.is_closed()
    for task in asyncio.all_tasks(loop):  # so that nothing is left of this test either
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        task.get_coro().close()


# The second thread


def looked_up(engine: Engine, qtbot: QtBot, *calls: Any) -> Asker:
    """Look all up, wait for all."""
    asker = Asker()
    for call in calls:
        engine.look_up(call, asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == len(calls))
    return asker


class Stuck:
    """A call that goes on until it is let go or broken off; it fails then, as a query does."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._go = threading.Event()
        self.breaks = 0

    def __call__(self) -> str:
        self.began.set()
        assert self._go.wait(10)
        if self.breaks:
            raise RuntimeError("broken off")
        return "through"

    def go(self) -> None:
        self._go.set()

    def interrupt(self) -> None:
        self.breaks += 1
        self._go.set()


def test_looking_up_runs_on_a_thread_of_its_own_and_its_result_comes_to_the_ui_thread(
    engine: Engine, qtbot: QtBot
) -> None:
    assert "lumedesk-lookups" not in worker_threads()
    threads: list[threading.Thread] = []
    asker = Asker()
    engine.look_up(threading.current_thread, asker, lambda own: threads.extend((own, threading.current_thread())))
    assert threads == []
    qtbot.waitUntil(lambda: bool(threads))
    assert threads[0].name == "lumedesk-lookups"
    assert threads[1] is threading.main_thread()


def test_the_worker_goes_on_while_something_is_looked_up(engine: Engine, qtbot: QtBot) -> None:
    stuck, asker = Stuck(), Asker()
    engine.look_up(stuck, asker, asker.done)
    assert stuck.began.wait(5)
    assert answered(engine, qtbot, value("meanwhile")).answers == ["meanwhile"]
    assert asker.heard == 0
    stuck.go()
    qtbot.waitUntil(lambda: asker.answers == ["through"])


def test_look_ups_are_answered_in_turn(engine: Engine, qtbot: QtBot) -> None:
    asker = looked_up(engine, qtbot, *(lambda number=number: number for number in range(50)))
    assert asker.answers == list(range(50))


def test_failures_of_look_ups_arrive_as_those_of_work_do(
    engine: Engine, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    known = TimedOut("slow")

    def fail() -> None:
        raise known

    def err() -> None:
        raise SystemExit("by me")

    asker = looked_up(engine, qtbot, fail, err, lambda: "fine")
    assert asker.errors[0] is known
    assert isinstance(asker.errors[1], Unexpected)
    assert asker.errors[1].detail == "SystemExit: by me"
    assert asker.answers == ["fine"]
    assert "a look-up failed" in caplog.text


def test_cancelling_breaks_the_running_look_up_off_and_only_that(
    engine: Engine, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, asker = Stuck(), Stuck(), Asker()
    running = engine.look_up(first, asker, asker.done, asker.failed, interrupt=first.interrupt)
    waiting = engine.look_up(second, asker, asker.done, asker.failed, interrupt=second.interrupt)
    assert first.began.wait(5)
    # It doesn't run yet: nothing is broken off, and it never begins.
    waiting.cancel()
    assert (first.breaks, second.breaks) == (0, 0)
    running.cancel()
    assert first.breaks == 1
    assert looked_up(engine, qtbot, lambda: "next").answers == ["next"]
    # Long over: whatever runs now is none of its business.
    running.cancel()
    assert first.breaks == 1
    assert not second.began.is_set()
    assert asker.heard == 0
    assert "failed" not in caplog.text


def test_nobody_is_broken_off_in_another_s_place(engine: Engine, qtbot: QtBot) -> None:
    """Cancelled at any moment around its end, a look-up never breaks off the one that comes after it."""
    current: list[int] = []
    wrong: list[tuple[int, list[int]]] = []

    def call(number: int) -> int:
        current[:] = [number]
        for _ in range(number % 7 * 40):
            pass
        return number

    def interrupt(number: int) -> None:
        if current != [number]:
            wrong.append((number, list(current)))

    asker = Asker()
    for number in range(0, 2_000, 2):
        ticket = engine.look_up(
            lambda number=number: call(number),  # type: ignore[misc]
            asker,
            interrupt=lambda number=number: interrupt(number),  # type: ignore[misc]
        )
        engine.look_up(lambda number=number: call(number + 1), asker)  # type: ignore[misc]
        for _ in range(number % 11 * 20):
            pass
        ticket.cancel()
    assert looked_up(engine, qtbot, lambda: "through").answers == ["through"]
    assert wrong == []


def test_an_answer_that_is_on_its_way_is_dropped_when_it_is_cancelled(engine: Engine, qtbot: QtBot) -> None:
    asker, done = Asker(), threading.Event()
    ticket = engine.look_up(done.set, asker, asker.done)
    assert done.wait(5)
    ticket.cancel()
    looked_up(engine, qtbot, lambda: "next")
    assert asker.heard == 0


def test_stopping_breaks_a_look_up_off_and_forgets_what_waits(qapp: object) -> None:
    engine, asker, stuck, ran = Engine(), Asker(), Stuck(), []
    engine.look_up(stuck, asker, asker.done, asker.failed, interrupt=stuck.interrupt)
    engine.look_up(lambda: ran.append(1), asker, asker.done, asker.failed)
    assert stuck.began.wait(5)
    engine.stop()
    assert stuck.breaks >= 1
    assert worker_threads() == []
    late = engine.look_up(lambda: ran.append(2), asker, asker.done)
    late.cancel()
    assert late.is_over
    assert ran == []
    assert asker.heard == 0


def test_stopping_is_bounded_when_a_look_up_does_not_end(
    qapp: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_QUIT_DEADLINE_S", 0.2)
    engine, owner, stuck = Engine(), Asker(), Stuck()
    engine.look_up(stuck, owner)
    assert stuck.began.wait(5)
    with caplog.at_level(logging.WARNING):
        engine.stop()
    assert "left behind" in caplog.text
    stuck.go()
    thread = engine._lookups._thread
    assert thread is not None
    thread.join(5)
    assert worker_threads() == []
