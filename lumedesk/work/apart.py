"""What the keychain is asked on: a thread of its own that nothing waits for when the desk ends."""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from lumedesk.domain.errors import DeskError, Wire
from lumedesk.keychain.trouble import KeychainTrouble
from lumedesk.logs import redacted
from lumedesk.work.engine import Unexpected

T = TypeVar("T")
log = logging.getLogger(__name__)


class KeychainFailed(DeskError):
    """The keychain's trouble, as the windows show it."""

    def __init__(self, trouble: KeychainTrouble) -> None:
        super().__init__(str(trouble), wire=Wire.NOT_SENT)
        self.title = trouble.title
        self.advice = trouble.advice


class Errand(QObject):
    """One call that may wait for a person, under way. It needs no engine: the key is asked for before there is one."""

    # (what the call returned, or a DeskError). Emitted on the errand's thread, delivered on the UI thread.
    _crossing = Signal(object)

    def __init__(
        self, call: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[DeskError], None]
    ) -> None:
        """Begin at once. `done` or `failed` runs on the UI thread, once, unless it was dropped before."""
        # The application's, not the caller's: it must outlive a call that nobody waits for any more.
        super().__init__(QCoreApplication.instance())
        self._done = done
        self._failed = failed
        self._is_over = False
        self._crossing.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._run, args=(call,), name="lumedesk-keychain", daemon=True).start()

    def drop(self) -> None:
        """Hear nothing of it any more; the call itself goes on until it is answered."""
        self._is_over = True

    def _run(self, call: Callable[[], Any]) -> None:
        outcome: Any
        try:
            outcome = call()
        except KeychainTrouble as trouble:
            outcome = KeychainFailed(trouble)
        except Exception as error:
            log.exception("a call to the keychain failed")
            outcome = Unexpected(redacted(f"{type(error).__name__}: {error}"))
        # The application may be gone by now.
        with contextlib.suppress(RuntimeError):
            self._crossing.emit(outcome)

    def _deliver(self, outcome: Any) -> None:
        self.deleteLater()
        if self._is_over:
            return
        self._is_over = True
        if isinstance(outcome, DeskError):
            self._failed(outcome)
        else:
            self._done(outcome)


async def apart(call: Callable[[], T]) -> T:
    """Run `call`, which may wait for a person, on a thread of its own. For the worker."""
    import asyncio

    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not answer.done():
            set_it(value)

    def run() -> None:
        set_it: Callable[[Any], None]
        try:
            set_it, value = answer.set_result, call()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            set_it, value = answer.set_exception, error  # type: ignore[assignment]
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, set_it, value)

    threading.Thread(target=run, name="lumedesk-keychain", daemon=True).start()
    return await answer
