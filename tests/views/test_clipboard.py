"""Copying, over Qt's own clipboard. "Another program" is whatever writes there without the desk's Clipboard."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QClipboard, QContextMenuEvent, QGuiApplication, QKeyEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from lumedesk.views.parts import clipboard as module
from lumedesk.views.parts.clipboard import Clipboard, looks_like_address
from lumedesk.views.parts.text import Passage, ReadText
from tests.support.stage import settle, until

ROOT = Path(module.__file__).parents[3]
ADDRESS = "TQ5nX8yKc2vR7mJ4wZ9bL3pD6hF1sG0aEu"
OTHER = "TQ5nX8yKc2vR7mJ4wZ9bL3pD6hF1sG0aXx"
LONG_MS = 3_600_000


@pytest.fixture
def board(qapp: QApplication) -> Iterator[QClipboard]:
    board = QGuiApplication.clipboard()
    board.clear()
    yield board
    Clipboard.of(qapp).close()
    board.clear()


class Copying:
    """A clipboard with waits of its own, and what it told."""

    def __init__(self, clear_after_ms: int = LONG_MS, look_again_after_ms: tuple[int, ...] = (LONG_MS,)) -> None:
        self.owner = QObject()
        self.clipboard = Clipboard(self.owner, clear_after_ms=clear_after_ms, look_again_after_ms=look_again_after_ms)
        self.told: list[str] = []
        self.clipboard.swapped.connect(self.told.append)

    @property
    def waits(self) -> bool:
        return self.clipboard._clearing.isActive() or self.clipboard._looking.isActive()


@pytest.fixture
def copying(board: QClipboard) -> Iterator[Copying]:
    made = Copying()
    yield made
    made.clipboard.close()


@pytest.mark.parametrize("guard", [True, False])
def test_every_copy_carries_what_keeps_it_out_of_histories(copying: Copying, board: QClipboard, guard: bool) -> None:
    copying.clipboard.copy(ADDRESS, guard=guard)
    data = board.mimeData()
    assert data.text() == ADDRESS

    def held(name: str) -> bytes:
        return bytes(data.data(name).data())

    assert held("x-kde-passwordManagerHint") == b"secret"
    assert held('application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"') == bytes(4)
    assert held('application/x-qt-windows-mime;value="CanUploadToCloudClipboard"') == bytes(4)
    assert data.hasFormat('application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"')


def test_a_guarded_copy_is_cleared_after_its_time(board: QClipboard) -> None:
    copying = Copying(clear_after_ms=0)
    copying.clipboard.copy(ADDRESS, guard=True)
    until(lambda: board.text() == "", "the clipboard is cleared")
    assert not copying.waits
    assert copying.told == []


def test_copying_again_starts_the_time_anew(board: QClipboard) -> None:
    copying = Copying(clear_after_ms=LONG_MS)
    copying.clipboard.copy(ADDRESS, guard=True)
    copying.clipboard._clearing.setInterval(0)
    copying.clipboard.copy("row\tof a table", guard=False)
    assert not copying.waits, "a copy that isn't guarded is never cleared by time"
    settle()
    assert board.text() == "row\tof a table"


def test_what_someone_else_copied_is_not_cleared(copying: Copying, board: QClipboard) -> None:
    copying.clipboard.copy(ADDRESS, guard=True)
    board.setText("a shopping list")
    copying.clipboard.clear_if_ours()
    assert board.text() == "a shopping list"
    assert copying.told == []


@pytest.mark.parametrize("guard", [True, False])
def test_closing_leaves_nothing_of_ours(copying: Copying, board: QClipboard, guard: bool) -> None:
    copying.clipboard.copy(ADDRESS, guard=guard)
    copying.clipboard.close()
    assert board.text() == ""
    assert not copying.waits
    copying.clipboard.copy("again", guard=guard)
    assert board.text() == "again"


def test_a_swap_is_told_the_moment_it_happens(copying: Copying, board: QClipboard) -> None:
    copying.clipboard.copy(ADDRESS, guard=True)
    board.setText(OTHER)
    [words] = copying.told
    assert "…0aEu" in words
    assert "…0aXx" in words
    assert not copying.waits
    board.setText(ADDRESS[::-1])
    assert len(copying.told) == 1, "once"
    copying.clipboard.close()
    assert board.text() == ADDRESS[::-1], "what isn't ours stays"


def test_a_swap_during_the_copy_is_told(copying: Copying, board: QClipboard) -> None:
    class Thief(QObject):
        def swap(self) -> None:
            if board.text() == ADDRESS:
                board.setText(OTHER)

    thief = Thief()
    board.dataChanged.connect(thief.swap)
    copying.clipboard.copy(ADDRESS, guard=True)
    board.dataChanged.disconnect(thief.swap)
    assert len(copying.told) == 1
    assert not copying.waits


def test_a_swap_that_nobody_announces_is_found_on_looking_again(board: QClipboard) -> None:
    copying = Copying(look_again_after_ms=(0, 0))
    copying.clipboard.copy(ADDRESS, guard=True)
    board.blockSignals(True)  # as where the system tells of changes only when a window comes to the front
    board.setText(OTHER)
    board.blockSignals(False)
    assert copying.told == []
    until(lambda: bool(copying.told), "the swap is found")
    assert not copying.waits


def test_a_swap_after_a_moment_of_emptiness_is_told(copying: Copying, board: QClipboard) -> None:
    copying.clipboard.copy(ADDRESS, guard=True)
    board.clear()
    assert copying.told == []
    board.setText(OTHER)
    assert len(copying.told) == 1


def test_later_another_text_ends_the_watch(board: QClipboard) -> None:
    copying = Copying(look_again_after_ms=())
    copying.clipboard.copy(ADDRESS, guard=True)
    board.setText("a shopping list")
    assert not copying.waits
    board.setText(OTHER)
    assert copying.told == []


@pytest.mark.parametrize("text", ["a shopping list", "1500", "1,500.00", "", "Invoice 2026"])
def test_other_texts_are_no_swap(copying: Copying, board: QClipboard, text: str) -> None:
    copying.clipboard.copy(ADDRESS, guard=True)
    board.setText(text)
    assert copying.told == []


def test_line_ends_that_the_system_changes_are_no_swap(copying: Copying, board: QClipboard) -> None:
    copying.clipboard.copy("62847719203\n62847719204", guard=True)
    board.setText("62847719203\r\n62847719204")
    copying.clipboard.clear_if_ours()
    assert board.text() == ""
    assert copying.told == []


def test_what_is_told_of_a_swap_hides_nothing(copying: Copying, board: QClipboard) -> None:
    copying.clipboard.copy(ADDRESS, guard=True)
    board.setText(f"bitcoin:{OTHER}?label=\u202ex\n")
    [words] = copying.told
    assert "⟨U+202E⟩" in words
    assert "\u202e" not in words
    assert "\n" not in words


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (ADDRESS, True),
        (f" {ADDRESS}\n", True),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", True),
        ("0x52908400098527886E0F7030069857D2E4169EE7", True),
        ("bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=1", True),
        ("GB29 NWBK 6016 1331 9268 19", True),
        ("62847719203", True),
        ("12-3456-78", True),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", True),
        ("1500", False),
        ("1500.00", False),
        ("pay 62847719203 today", False),
        ("international", False),
        ("", False),
    ],
)
def test_what_looks_like_an_address(text: str, is_one: bool) -> None:
    assert looks_like_address(text) is is_one


def test_there_is_one_for_each_application(qapp: QApplication, board: QClipboard) -> None:
    assert Clipboard.of(qapp) is Clipboard.of(qapp)
    assert Clipboard.of(qapp).parent() is qapp


@pytest.fixture
def passage(board: QClipboard) -> Iterator[Passage]:
    made = Passage("Account\u00a062847719203 of Lindiwe")
    made.show()
    made.setFocus()
    yield made
    made.close()
    made.deleteLater()
    settle()


def select(text: ReadText, start: int, end: int) -> None:
    cursor = text.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    text.setTextCursor(cursor)


def is_guarded(app: QApplication) -> bool:
    return Clipboard.of(app)._clearing.isActive()


def test_the_copy_key_in_a_passage_copies_to_the_letter_and_guarded(
    qapp: QApplication, board: QClipboard, passage: Passage
) -> None:
    select(passage, 0, 19)
    QTest.keyClick(passage, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert board.text() == "Account\u00a062847719203"
    assert board.mimeData().hasFormat("x-kde-passwordManagerHint")
    assert is_guarded(qapp)


def test_the_copy_key_without_a_selection_copies_nothing(board: QClipboard, passage: Passage) -> None:
    board.setText("before")
    QTest.keyClick(passage, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert board.text() == "before"


@pytest.mark.qt_log_ignore(r"does not support (raise\(\)|grabbing the keyboard)")
def test_the_menu_of_a_passage_copies_the_same_way(qapp: QApplication, board: QClipboard, passage: Passage) -> None:
    def pressed(words: str) -> None:
        middle = passage.rect().center()
        reason = QContextMenuEvent.Reason.Mouse
        event = QContextMenuEvent(reason, middle, passage.mapToGlobal(middle))
        QApplication.sendEvent(passage.viewport(), event)
        menu = passage.findChildren(QMenu)[-1]
        action = next(each for each in menu.actions() if each.text() == words)
        action.trigger()
        menu.close()
        settle()

    pressed("Copy")
    assert board.text() == "", "nothing is selected yet, so it can't be pressed"
    pressed("Select all")
    pressed("Copy")
    assert board.text() == "Account\u00a062847719203 of Lindiwe"
    assert is_guarded(qapp)


def test_the_whole_of_a_passage_is_copied_guarded(qapp: QApplication, board: QClipboard, passage: Passage) -> None:
    passage.copy_all()
    assert board.text() == "Account\u00a062847719203 of Lindiwe"
    assert is_guarded(qapp)


def test_what_qt_copies_or_drags_by_itself_is_hinted_too(board: QClipboard, passage: Passage) -> None:
    passage.selectAll()
    passage.copy()
    assert board.text() == "Account\u00a062847719203 of Lindiwe"
    assert board.mimeData().hasFormat("x-kde-passwordManagerHint")
    board.clear()


def test_lines_stay_lines(board: QClipboard, qapp: QApplication) -> None:
    text = ReadText("one\n\ntwo")
    text.selectAll()
    text.copy_selection()
    assert board.text() == "one\n\ntwo"
    assert not is_guarded(qapp)
    text.deleteLater()
    settle()


def test_other_keys_do_what_they_did(passage: Passage) -> None:
    passage.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier, "\x01"))
    assert passage.textCursor().hasSelection()


@pytest.mark.parametrize("how", ["", "QTimer.singleShot(0, app.quit)\napp.exec()\nassert not app.clipboard().text()"])
@pytest.mark.parametrize("guard", [True, False])
def test_a_desk_that_ends_with_a_copy_on_the_clipboard_ends_well(how: str, guard: bool) -> None:
    code = f"""
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from lumedesk.views.parts.clipboard import copy_text
app = QApplication([])
copy_text("{ADDRESS}", guard={guard})
assert app.clipboard().text() == "{ADDRESS}"
{how}
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
