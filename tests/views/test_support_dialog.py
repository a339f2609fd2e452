"""The support bundle's dialog: all is shown before it is saved, and exactly that is saved."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from lumedesk.domain.errors import DeskError
from lumedesk.exports.support import write_bundle
from lumedesk.views.dialogs.support import SupportDialog
from lumedesk.work.engine import Engine
from tests.support.stage import settle, until

PARTS = [
    ("versions.txt", "LumeDesk: 1\n<b>bold</b>\n"),
    ("settings.txt", "Kind: sandbox\n"),
    ("lumedesk.log", "x\n" * 500),
]


class NotSaved(DeskError):
    title = "Not saved"
    advice = "Choose another place."


@pytest.fixture
def dialog(qapp: QApplication, engine: Engine) -> Iterator[SupportDialog]:
    def write(
        parts: Sequence[tuple[str, str]],
        file: Path,
        owner: QObject,
        done: Callable[[object], None],
        failed: Callable[[DeskError], None],
    ) -> None:
        async def work() -> None:
            try:
                write_bundle(parts, file)
            except OSError as error:
                raise NotSaved(str(error.strerror)) from error

        engine.submit(work(), owner, done, failed)

    made = SupportDialog(PARTS, write)
    made.show()
    settle()
    yield made
    made.close()
    made.deleteLater()
    settle()


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path | None]:
    """The operating system's own dialog answers with the last of these; None is its Cancel."""
    answers: list[Path | None] = [tmp_path / "mine.zip"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(answers[-1] or ""), ""))
    return answers


def test_every_part_is_shown_to_the_letter_by_keyboard(dialog: SupportDialog) -> None:
    assert dialog.names.hasFocus()
    seen = []
    for _ in PARTS:
        item = dialog.names.currentItem()
        seen.append((item.text(), dialog.text.toPlainText()))
        assert dialog.text.accessibleName() == f"Text of {item.text()}"
        QTest.keyClick(dialog.names, Qt.Key.Key_Down)
    assert seen == PARTS
    assert dialog.text.isReadOnly()


def test_it_says_that_nothing_is_sent(dialog: SupportDialog) -> None:
    note = dialog.findChild(QLabel, "support-subtitle")
    assert isinstance(note, QLabel)
    assert "Nothing is sent" in note.text()
    assert "Read the rest" in note.text()


def test_exactly_what_was_shown_is_saved(dialog: SupportDialog, chosen: list[Path | None], tmp_path: Path) -> None:
    assert not any(tmp_path.iterdir())
    dialog.save_button.click()
    assert not dialog.save_button.isEnabled()
    until(lambda: "Saved as mine.zip" in dialog.message.text(), "it is told")
    assert dialog.save_button.isEnabled()
    with zipfile.ZipFile(tmp_path / "mine.zip") as bundle:
        assert [(name, bundle.read(name).decode()) for name in bundle.namelist()] == PARTS


def test_a_place_that_cannot_be_written_is_said_and_another_can_be_chosen(
    dialog: SupportDialog, chosen: list[Path | None], tmp_path: Path
) -> None:
    chosen.append(tmp_path / "nowhere" / "mine.zip")
    dialog.save_button.click()
    until(lambda: "Not saved" in dialog.message.text(), "the failure is told")
    chosen.append(tmp_path / "other.zip")
    dialog.save_button.click()
    until(lambda: "Saved as other.zip" in dialog.message.text(), "it is told")


def test_cancel_saves_nothing(dialog: SupportDialog, chosen: list[Path | None], tmp_path: Path) -> None:
    chosen.append(None)
    dialog.save_button.click()
    assert dialog.save_button.isEnabled()
    assert dialog.message.text() == ""
    assert not any(tmp_path.iterdir())


def test_a_dialog_that_was_closed_meanwhile_is_left_alone(
    dialog: SupportDialog, chosen: list[Path | None], tmp_path: Path
) -> None:
    dialog.save_button.click()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    until((tmp_path / "mine.zip").exists, "the file is written all the same")
    assert not dialog.isVisible()
