"""Garbage is looked for on the window's thread alone."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lumedesk.work import sweeping
from lumedesk.work.sweeping import Sweeper


class Knot(QObject):
    """What only a search for garbage finds."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def make_many() -> None:
    """Want so much memory that Python, left to itself, would look for garbage."""
    [[] for _ in range(100 * gc.get_threshold()[0])]


def test_no_other_thread_takes_a_widget_apart(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_EVERY_MS", 1)
    gc.enable()
    gc.collect()
    sweeper = Sweeper()
    ended_on: list[threading.Thread] = []
    knot = Knot()
    weakref.finalize(knot, lambda: ended_on.append(threading.current_thread()))
    del knot
    worker = threading.Thread(target=make_many)
    worker.start()
    worker.join()
    assert not ended_on
    kept = [[] for _ in range(gc.get_threshold()[0] + 100)]
    qtbot.waitUntil(lambda: bool(ended_on))
    assert ended_on == [threading.main_thread()]
    assert kept
    sweeper.close()


def test_what_is_kept_is_not_looked_through_again(qapp: QApplication) -> None:
    sweeper = Sweeper()
    before = gc.get_freeze_count()
    kept = [[each] for each in range(1_000)]
    try:
        sweeper.keep()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
        sweeper.close()


def test_what_was_kept_for_another_window_goes_with_it(qapp: QApplication) -> None:
    sweeper = Sweeper()
    knot = Knot()
    ended = weakref.finalize(knot, lambda: None)
    try:
        sweeper.keep()
        del knot
        assert ended.alive
        sweeper.keep()
        assert not ended.alive
    finally:
        gc.unfreeze()
        sweeper.close()


def test_nothing_is_looked_for_where_nothing_was_made(qapp: QApplication) -> None:
    sweeper = Sweeper()
    looked: list[str] = []
    gc.collect()
    gc.callbacks.append(lambda phase, _info: looked.append(phase))
    try:
        sweeper.look()
    finally:
        gc.callbacks.pop()
        sweeper.close()
    assert looked == []
