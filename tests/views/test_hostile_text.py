"""Whatever a server sends is text: shown to the letter, never as markup, and quickly."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QTableView, QTextEdit

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.views.pages.own import OwnPage
from lumedesk.views.pages.record_page import RecordPage
from lumedesk.views.parts.text import Label
from lumedesk.views.theme import Scheme
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

_TABLES = ("<table><tr><td>" * 20)[:300]
HOSTILE = {
    "bold": "<b>rich</b>",
    "image": "<img src=file:///etc/passwd>",
    "tables": _TABLES,
    "turned": "abc\u202edef",
    "broken": "one\ntwo\x00three",
}
_SEEN = {"turned": "abc⟨U+202E⟩def", "broken": "one⟨U+000A⟩two⟨U+0000⟩three"}


def _rows(text: str) -> dict[str, Any]:
    moment = "2026-05-11T10:15:30Z"
    return {
        "accounts": [{"id": "acc_1", "currency": text, "balance": 1.5, "lockedBalance": 0.5}],
        "wallets": [
            {"id": "wal_1", "currency": text, "networkName": text, "depositDetails": {"address": text, text: [text]}}
        ],
        "currencies": [],
        "beneficiaries": [
            {"id": "ben_1", "currency": text, "nickname": text, "withdrawFormDetails": {text: {text: text}}}
        ],
        "trades": [
            {
                "transactionId": text,
                "fromCurrency": text,
                "toCurrency": text,
                "fromAmount": 1.5,
                "toAmount": 2.5,
                "rate": 1.1,
                "status": text,
                "createdAt": moment,
                "fills": [{"transactionId": "f1", "status": text, "createdAt": text}],
            }
        ],
        "deposits": [{"transactionId": "dep_1", "currency": text, "amount": 1.5, "status": text, "completedAt": text}],
        "withdrawals": [
            {
                "transactionId": "wdl_1",
                "currency": text,
                "amount": 1.5,
                "status": text,
                "createdAt": text,
                "withdrawDetails": {"bankName": text, "list": [text, {text: text}]},
            }
        ],
    }


@pytest.fixture(scope="module", params=list(HOSTILE))
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def hostile(qapp: object, case: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    connector = LaidOutConnector(LaidOut(**_rows(HOSTILE[case])))
    stage = Stage(tmp_path_factory.mktemp(case), Scheme.LIGHT, connector)
    stage.window.show()
    until(lambda: all(stage.session.state(kind).confirmed_at for kind in Kind), "every list")
    until(lambda: all(stage.window.pages[kind][0].table.rowCount() for kind in HISTORIES), "the rows")  # type: ignore[attr-defined]
    # Kept, so that the check for windows left behind knows them again by their identity.
    kept = QApplication.topLevelWidgets()
    yield stage
    kept.clear()
    stage.close()


def test_every_page_shows_it_literally_and_quickly(hostile: Stage, case: str) -> None:
    seen = _SEEN.get(case, HOSTILE[case])
    window = hostile.window
    for kind, (page, _) in window.pages.items():
        began = time.perf_counter()
        window.go_to(kind)
        settle()
        if isinstance(page, OwnPage):
            continue
        if isinstance(page, RecordPage):
            page.view.selectRow(0)
            until(page.detail.isVisible, "the details")
            settle()
        assert time.perf_counter() - began < 1
        shown = _texts(page)
        assert any(seen in text for text in shown), page.objectName()
        assert not any(char in text for text in shown for char in "\u202e\x00")


def test_no_label_is_anything_but_plain(hostile: Stage) -> None:
    window = hostile.window
    for kind in window.pages:
        window.go_to(kind)
    for opened in (window.open_quote, window.open_withdrawal, window.open_create_account, window.open_about):
        opened()
        labels = [*window.findChildren(QLabel)]
        assert len(labels) > 40
        assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
        assert window.findChildren(QTextEdit) == []
        hostile.put_away_dialog()


def test_the_wizard_shows_it_literally(hostile: Stage, case: str) -> None:
    began = time.perf_counter()
    hostile.window.open_withdrawal("ben_1")
    settle()
    assert time.perf_counter() - began < 1
    dialog = hostile.window.dialog
    assert dialog is not None
    until(dialog.isVisible, "the wizard")
    seen = _SEEN.get(case, HOSTILE[case])
    tables = [view.model() for view in dialog.findChildren(QTableView)]
    cells = [model.index(0, at).data() for model in tables for at in range(model.columnCount())]
    assert any(seen in str(text) for text in [*cells, *(label.text() for label in dialog.findChildren(QLabel))])
    hostile.put_away_dialog()


def test_tooltips_escape_it(hostile: Stage, case: str) -> None:
    table = hostile.window.beneficiaries.table
    tooltip = table.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in tooltip
    assert "<img" not in tooltip
    assert "<table" not in tooltip


def _texts(page: Any) -> list[str]:
    tables = [page.table] if isinstance(page, RecordPage) else [page.balances, page.activity]
    cells = [
        str(table.index(row, column).data())
        for table in tables
        for row in range(table.rowCount())
        for column in range(table.columnCount())
    ]
    labels = [label.text() for label in page.findChildren(QLabel)]
    return cells + labels + [each.toPlainText() for each in page.findChildren(QPlainTextEdit)]


def test_a_label_refuses_any_other_format() -> None:
    with pytest.raises(ValueError, match="plain"):
        Label.setTextFormat(None, Qt.TextFormat.RichText)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["QLabel", "QMessageBox", "QErrorMessage", "QTextEdit", "QTextBrowser", "QToolTip"])
def test_ruff_forbids_what_guesses_rich_text(name: str) -> None:
    snippet = f'"""A view."""\n\nfrom PySide6.QtWidgets import {name}\n\n__all__ = ["{name}"]\n'
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--stdin-filename", "lumedesk/views/new.py", "-"],
        input=snippet,
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert found.returncode == 1
    assert "TID251" in found.stdout
