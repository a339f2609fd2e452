"""The one worker thread with its one asyncio loop, and the one door to it. Nothing else in the desk starts a thread."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from lumedesk.domain.errors import DeskError
from lumedesk.logs import redacted

T = TypeVar("T")
log = logging.getLogger(__name__)

_QUIT_DEADLINE_S = 15.0


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
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run_loop, name="lumedesk-worker", daemon=True)
        self._thread.start()

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

    def on_ui(self, call: Callable[[], None]) -> None:
        """Run `call` on the UI thread, in the order of the calls. For the worker; returns at once."""
        self._crossing.emit(call)

    def stop(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Cancel all work, run `farewell` on the worker, end the thread. Bounded in time; safe to call twice."""
        if self._is_stopped:
            return
        self._is_stopped = True
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
        result: T | DeskError
        try:
            result = await work
        except DeskError as error:
            result = error
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.exception("work failed")
            result = Unexpected(redacted(f"{type(error).__name__}: {error}"))
        self.on_ui(lambda: ticket.deliver(result))

    def _cancel_task(self, task: asyncio.Task[None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(task.cancel)

    async def _wind_down(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
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
