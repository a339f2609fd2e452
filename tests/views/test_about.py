"""What the program says of itself, and the licences of its parts."""

import json
import platform
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import Qt, qVersion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from lumedesk import __version__
from lumedesk.origin import components
from lumedesk.views.dialogs.about import AboutDialog
from lumedesk.views.dialogs.licences import LicencesDialog
from tests.support.stage import Stage, settle


def test_versions_and_licences_are_told(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumedesk.views.dialogs.about.commit", lambda: "0123456789abcdef" * 2 + "01234567")
    dialog = AboutDialog()
    facts = dialog.facts.toPlainText().splitlines()
    assert facts[:6] == [
        f"Version: {__version__}",
        "Commit: 0123456789ab",
        "Licence: MIT",
        f"Qt: {qVersion()}, under the LGPL version 3",
        f"PySide: {PySide6.__version__}",
        f"Python: {platform.python_version()} ({platform.python_implementation()})",
    ]
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Lesser General Public License, version 3" in words
    assert "you may replace them" in words
    assert "Their source is at" in words
    dialog.deleteLater()
    settle()


def test_an_unknown_commit_is_said_to_be_unknown(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumedesk.views.dialogs.about.commit", lambda: "")
    dialog = AboutDialog()
    assert "Commit: not known" in dialog.facts.toPlainText()
    dialog.deleteLater()
    settle()


def test_the_licences_open_over_it_by_keyboard_and_escape_leads_back(stage: Stage) -> None:
    stage.window.open_about()
    about = stage.window.dialog
    assert isinstance(about, AboutDialog)
    assert about.focusWidget() is about.licences_button
    QTest.keyClick(about.licences_button, Qt.Key.Key_Space)
    settle()
    (licences,) = about.findChildren(LicencesDialog)
    assert licences.isVisible()
    seen = []
    for _ in range(licences.names.count()):
        item = licences.names.currentItem()
        seen.append(item.text())
        assert licences.text.toPlainText()
        assert licences.text.accessibleName() == f"Licence of {item.text()}"
        QTest.keyClick(licences.names, Qt.Key.Key_Down)
    assert seen == [each.title for each in components()]
    QTest.keyClick(licences, Qt.Key.Key_Escape)
    settle()
    assert about.isVisible()


def test_a_licence_is_shown_to_the_letter(qapp: QApplication, tmp_path: Path) -> None:
    folder = tmp_path / "licences"
    folder.mkdir()
    (folder / "a.txt").write_text("<b>No</b> warranty\n\tat all\n")
    (folder / "index.json").write_text(
        json.dumps([{"name": "A", "version": "1.2", "licence": "LGPL-3.0-only", "file": "a.txt"}])
    )
    dialog = LicencesDialog(components(tmp_path))
    assert dialog.names.item(0).text() == "A 1.2"
    assert dialog.licence.text() == "A 1.2: LGPL-3.0-only"
    assert dialog.text.toPlainText() == "<b>No</b> warranty\n        at all"
    assert dialog.text.isReadOnly()
    dialog.deleteLater()
    settle()


def test_without_any_text_it_says_so(qapp: QApplication) -> None:
    dialog = LicencesDialog(())
    assert dialog.subtitle.text() == "No licence texts came with this copy."
    dialog.deleteLater()
    settle()
