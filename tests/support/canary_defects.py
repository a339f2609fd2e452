"""Mistakes of the program's own, made on purpose, whose texts quote the secrets in use."""

import faulthandler
import gc
import logging
import sys
import threading
import warnings
from typing import Any

from PySide6.QtCore import QTimer

from lumedesk.domain.credentials import Secret
from lumedesk.logs import CRASH_FILE, default_log_dir
from lumedesk.work.sending import Parcel
from tests.support.canary_desk import PATIENCE_S, Run, an_order, worked
from tests.support.stage import until

log = logging.getLogger("lumedesk.canary_defects")


class Broken(Exception):
    """A mistake of the program's own whose text says what it must not."""


def defects(run: Run) -> None:
    """Exceptions that quote the secrets in use: in a slot, on the worker, in a thread, where none can be raised."""
    secrets = _living(run)
    words = f"{run.plan.new_secret} and {secrets[0].reveal()} and {secrets[1].reveal()}"
    _in_a_slot(run, words)
    for text in (words, repr([words]), str({"X-API-SECRET": run.plan.new_secret})):
        error = worked(run, _breaks(text))
        run.tell("defect", "worker", error.title, error.detail)
    thread = threading.Thread(target=_break, args=(words,), name="of a defect")
    thread.start()
    thread.join()
    _Unraisable(words)
    gc.collect()
    warnings.warn(f"a warning about {words}", UserWarning, stacklevel=1)
    warnings.warn(f"another about {words}", ResourceWarning, stacklevel=1)
    run.tell("defect", "while sending", _sent_with_a_defect(run, words))
    log.error("wrong arguments %d", words)
    for name in ("httpx", "httpcore", "h11", "keyring", "asyncio"):
        logging.getLogger(name).debug("a debug line about %s", words)
        logging.getLogger(name).warning("a warning about %s", words)
    _dump(words)
    del secrets


def _living(run: Run) -> list[Secret]:
    """The records' key, which the lock holds, and the passphrase, as where it is judged."""
    assert run.program is not None
    assert run.program._opened is not None
    locking = run.program._opened.locking
    assert locking.store_key is not None
    return [locking.store_key, Secret(run.plan.passphrase)]


def _break(words: str) -> None:
    in_a_local = words
    raise Broken(in_a_local)


async def _breaks(words: str) -> None:
    try:
        _break(words)
    except Broken as error:
        error.add_note(f"a note on {words}")
        raise RuntimeError(f"no header can carry {words}") from error


def _in_a_slot(run: Run, words: str) -> None:
    hook = sys.excepthook
    caught: list[str] = []

    def noted(kind: Any, error: Any, trace: Any) -> None:
        caught.append(kind.__name__)
        hook(kind, error, trace)

    sys.excepthook = noted
    try:
        QTimer.singleShot(0, lambda: _break(words))
        until(lambda: caught, "the defect in a slot", PATIENCE_S)
    finally:
        sys.excepthook = hook
    session = run.session()
    until(lambda: session.movements.refusal, "sending to be off", PATIENCE_S)
    run.tell("defect", "slot", session.cannot_send)


class _Unraisable:
    def __init__(self, words: str) -> None:
        self._words = words

    def __repr__(self) -> str:
        return f"<{self._words}>"

    def __del__(self) -> None:
        _break(self._words)


def _sent_with_a_defect(run: Run, words: str) -> str:
    """An order whose last check breaks with a text that quotes the secrets."""
    movements = run.session().movements
    movements._books.refusal = ""  # the defect in the slot had turned sending off
    order = an_order(run, "88.88")

    async def post() -> tuple[str | None, str | None, str]:
        raise AssertionError("it must not be sent")

    key = run.session().key_fingerprint
    parcel = Parcel(order.uuid, order.terms, "localhost", key, (), post, lambda: _break(words))  # type: ignore[arg-type, func-returns-value]
    outcome = worked(run, movements._sender.carry(parcel))
    return f"{outcome.verdict.value}: {outcome.error}"


def _dump(words: str) -> None:
    in_a_local = words
    with (default_log_dir() / CRASH_FILE).open("a") as crashes:
        faulthandler.dump_traceback(crashes)
    assert in_a_local
