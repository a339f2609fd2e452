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
    engine.submit(value(1), owner)
    engine.submit(failing(DeskError("unheard")), owner)
    assert answered(engine, qtbot, value("later")).answers == ["later"]


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
