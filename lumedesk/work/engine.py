"""The worker thread with its asyncio loop, a second one for looking things up, and the one door to both.

Nothing else in the desk starts a thread.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from lumedesk.domain.errors import DeskError
from lumedesk.logs import redacted

if TYPE_CHECKING:
    # It takes 30 ms to import, which the first window needn't wait for: each function here imports it for itself.
    import asyncio

T = TypeVar("T")
log = logging.getLogger(__name__)

_QUIT_DEADLINE_S = 15.0
_INTERRUPT_AGAIN_S = 0.05


class Unexpected(DeskError):
    """A defect in the desk itself, reported instead of hidden."""

    title = "The desk made a mistake"
    advice = "Nothing was retried. Report it with the details below."


class Ticket(Generic[T]):
    """One piece of work under way. `cancel` also drops an answer that is already on its way to the UI."""

    def __init__(
        self, owner: QObject, done: Callable[[T], None] | None, failed: Callable[[DeskError], None] | None
    ) -> None:
        self._owner = owner
        self._done = done
        self._failed = failed
        self._cancel: Callable[[], object] | None = None
        self.is_heard = done is not None or failed is not None
        self.is_over = False

    def cancel(self) -> None:
        """Stop the work where it waits; neither callback runs afterwards."""
        self.is_over = True
        if self._cancel is not None:
            self._cancel()

    def deliver(self, result: T | DeskError) -> None:
        """Hand the result to the owner, on the UI thread, unless it was cancelled or its owner is gone."""
        if self.is_over or not shiboken6.isValid(self._owner):
            return
        self.is_over = True
        if isinstance(result, DeskError):
            if self._failed is not None:
                self._failed(result)
        elif self._done is not None:
            self._done(result)


class Engine(QObject):
    """Runs coroutines off the UI thread and brings their results back to it."""

    # A callable to run on the UI thread. Emitted on the worker; always delivered through the UI thread's queue.
    _crossing = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._crossing.connect(self._run_on_ui, Qt.ConnectionType.QueuedConnection)
        self._is_stopped = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run_loop, name="lumedesk-worker", daemon=True)
        self._lookups = _Lookups(self.on_ui)

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """It begins, and its thread with it, when it is first needed. UI thread."""
        import asyncio

        loop = asyncio.new_event_loop()
        # There already when the thread looks for it.
        self.__dict__["_loop"] = loop
        self._thread.start()
        return loop

    def submit(
        self,
        work: Coroutine[Any, Any, T],
        owner: QObject,
        done: Callable[[T], None] | None = None,
        failed: Callable[[DeskError], None] | None = None,
    ) -> Ticket[T]:
        """Run `work` on the worker. `done` or `failed` runs on the UI thread, once, while `owner` lives."""
        ticket: Ticket[T] = Ticket(owner, done, failed)
        if self._is_stopped:
            work.close()
            return ticket
        self._loop.call_soon_threadsafe(self._start, work, ticket)
        return ticket

    def look_up(
        self,
        call: Callable[[], T],
        owner: QObject,
        done: Callable[[T], None] | None = None,
        failed: Callable[[DeskError], None] | None = None,
        *,
        interrupt: Callable[[], None] | None = None,
    ) -> Ticket[T]:
        """Run `call`, which may block, on a second thread, one after the other. Else as `submit`.

        `interrupt` breaks `call` off: it is called from another thread when the ticket is cancelled or the engine stops,
        and only while `call` runs.
        """
        ticket: Ticket[T] = Ticket(owner, done, failed)
        if self._is_stopped:
            ticket.is_over = True
        else:
            self._lookups.ask(call, ticket, interrupt)
        return ticket

    def on_ui(self, call: Callable[[], None]) -> None:
        """Run `call` on the UI thread, in the order of the calls. For the worker; returns at once."""
        self._crossing.emit(call)

    def stop(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Cancel all work, run `farewell` on the worker, end the thread. Bounded in time; safe to call twice."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._lookups.stop()
        if farewell is None and "_loop" not in self.__dict__:
            return
        import asyncio

        closing = asyncio.run_coroutine_threadsafe(self._wind_down(farewell), self._loop)
        try:
            closing.result(_QUIT_DEADLINE_S)
        except TimeoutError:
            log.warning("work was still going on after %s s and was left behind", _QUIT_DEADLINE_S)
        except Exception:
            log.exception("the farewell failed")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_QUIT_DEADLINE_S)
        if not self._thread.is_alive():
            self._loop.close()

    def _run_loop(self) -> None:
        import asyncio

        asyncio.set_event_loop(self._loop)
        while not self._loop.is_closed():
            try:
                self._loop.run_forever()
            except BaseException:
                # What asyncio lets through (SystemExit) ends one task, not the worker: the others go on.
                log.critical("the worker broke off and goes on", exc_info=True)
                continue
            return

    def _start(self, work: Coroutine[Any, Any, T], ticket: Ticket[T]) -> None:
        if ticket.is_over or self._is_stopped:
            work.close()
            return
        task = self._loop.create_task(self._carry_out(work, ticket))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        ticket._cancel = lambda: self._cancel_task(task)

    async def _carry_out(self, work: Coroutine[Any, Any, T], ticket: Ticket[T]) -> None:
        import asyncio

        result: T | DeskError
        try:
            result = await work
        except DeskError as error:
            result = error
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.exception("work failed")
            result = _unexpected(error)
        if ticket.is_heard:
            self.on_ui(lambda: ticket.deliver(result))
        else:
            ticket.is_over = True

    def _cancel_task(self, task: asyncio.Task[None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(task.cancel)

    async def _wind_down(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        import asyncio

        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if farewell is not None:
            await farewell()
        await self._loop.shutdown_default_executor()

    def _run_on_ui(self, call: Callable[[], None]) -> None:
        # What was still in the queue when the engine stopped would meet closed files.
        if not self._is_stopped:
            call()


def _unexpected(error: BaseException) -> Unexpected:
    return Unexpected(redacted(f"{type(error).__name__}: {error}"))


class _Lookups:
    """The second thread. It is started with the first call, and takes the calls in turn."""

    def __init__(self, on_ui: Callable[[Callable[[], None]], None]) -> None:
        self._on_ui = on_ui
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Any], Ticket[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._running: Ticket[Any] | None = None
        self._is_stopped = False

    def ask(self, call: Callable[[], T], ticket: Ticket[T], interrupt: Callable[[], None] | None) -> None:
        """Queue a call. UI thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lumedesk-lookups", daemon=True)
            self._thread.start()
        if interrupt is not None:
            ticket._cancel = lambda: self._interrupt(ticket, interrupt)
        self._waiting.put((call, ticket))

    def stop(self) -> None:
        """Break off what runs, forget what waits, end the thread. Bounded in time."""
        if self._thread is None:
            return
        self._is_stopped = True
        self._waiting.put(None)
        deadline = time.monotonic() + _QUIT_DEADLINE_S
        while self._thread.is_alive() and time.monotonic() < deadline:
            with self._lock:
                running = self._running
            if running is not None:
                # Between two of its steps nothing can be broken off: then it is the next one that is.
                running.cancel()
            self._thread.join(_INTERRUPT_AGAIN_S)
        if self._thread.is_alive():
            log.warning("a look-up was still going on after %s s and was left behind", _QUIT_DEADLINE_S)

    def _interrupt(self, ticket: Ticket[Any], interrupt: Callable[[], None]) -> None:
        # The thread can't go on to the next call while this is held, so no other one is broken off.
        with self._lock:
            if self._running is ticket:
                interrupt()

    def _run(self) -> None:
        while (asked := self._waiting.get()) is not None:
            self._answer(*asked)

    def _answer(self, call: Callable[[], Any], ticket: Ticket[Any]) -> None:
        with self._lock:
            if ticket.is_over or self._is_stopped:
                return
            self._running = ticket
        result: Any = None
        try:
            result = call()
        except DeskError as error:
            result = error
        except BaseException as error:
            # Broken off, it fails as it may: nobody wants to hear of it.
            if not ticket.is_over:
                log.exception("a look-up failed")
                result = _unexpected(error)
        finally:
            with self._lock:
                self._running = None
        self._on_ui(lambda: ticket.deliver(result))
