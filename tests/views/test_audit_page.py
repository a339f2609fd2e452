"""Exporting the audit log from its page."""

import csv
import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from tests.support.stage import Stage, until


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The operating system's own dialog answers with the last of these."""
    files = [tmp_path / "audit.csv"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(files[-1]), ""))
    return files


def test_the_log_is_written_as_csv_and_as_json(stage: Stage, chosen: list[Path], tmp_path: Path) -> None:
    stage.session.movements.note("=HYPERLINK(1)", "about", {"amount": "0.00000001"})
    page = stage.window.audit
    page.export_button.click()
    until(lambda: "written" in page.trouble.text(), "the export is told")
    with chosen[-1].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:3] == ["No.", "Time (UTC)", "What"]
    assert rows[-1][2] == "'=HYPERLINK(1)", "no spreadsheet takes it for a formula"
    chosen.append(tmp_path / "audit.json")
    page.export_button.click()
    until(chosen[-1].exists, "the other file is written")
    until(lambda: page.export_button.isEnabled(), "the page is told")
    entries = json.loads(chosen[-1].read_text(encoding="utf-8"))
    assert entries[-1]["facts"] == {"amount": "0.00000001"}


def test_a_place_that_cannot_be_written_is_said(stage: Stage, chosen: list[Path], tmp_path: Path) -> None:
    chosen.append(tmp_path / "nowhere" / "audit.csv")
    page = stage.window.audit
    page.export_button.click()
    until(lambda: "not written" in page.trouble.text(), "the failure is told")
    assert page.export_button.isEnabled()
