"""Every control has a stable name for tests and a spoken one for people who can't see it."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget

from lumedesk.views.main_window import MainWindow
from lumedesk.views.pages.record_page import RecordPage
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import Stage, settle, until
from tests.support.ui_map import MAP, told, windows

_SPOKEN = {
    QAccessible.Role.EditableText,
    QAccessible.Role.Button,
    QAccessible.Role.PushButton,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.ComboBox,
    QAccessible.Role.Table,
    QAccessible.Role.List,
    QAccessible.Role.Graphic,
}


def open_all_details(window: MainWindow) -> None:
    for kind, (page, _) in window.pages.items():
        if isinstance(page, RecordPage) and page.table.rowCount():
            window.go_to(kind)
            page.view.selectRow(0)
            until(page.detail.isVisible, f"the details on {page.objectName()}")


@pytest.fixture
def dialogs(stage: Stage) -> Iterator[list[QWidget]]:
    """One of each dialog."""
    made = windows(stage)[1:]
    yield made
    for dialog in made:
        dialog.deleteLater()
    settle()


def test_every_focusable_control_has_a_name_and_a_spoken_one(stage: Stage) -> None:
    open_all_details(stage.window)
    controls = focusable(stage.window)
    assert len(controls) > 80
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    assert [each.objectName() for each in controls if not spoken(each)] == []


def test_the_dialogs_controls_have_names_and_spoken_ones(dialogs: list[QWidget]) -> None:
    for dialog in dialogs:
        controls = focusable(dialog)
        assert controls
        assert [type(each).__name__ for each in controls if not each.objectName()] == []
        assert [each.objectName() for each in controls if not spoken(each)] == []


def test_names_are_unique_within_their_window(stage: Stage) -> None:
    open_all_details(stage.window)
    assert repeated(stage.window) == {}


def test_names_are_unique_within_each_dialog(dialogs: list[QWidget]) -> None:
    assert [repeated(dialog) for dialog in dialogs] == [{}] * len(dialogs)


def test_assistive_technology_finds_nothing_without_a_name(stage: Stage) -> None:
    open_all_details(stage.window)
    unnamed: list[str] = []

    def walk(interface: QAccessibleInterface) -> None:
        if interface.role() in _SPOKEN and interface.state().focusable and not interface.text(QAccessible.Text.Name):
            unnamed.append(f"{interface.role().name} {interface.object()}")
        if interface.role() != QAccessible.Role.Table:
            for at in range(interface.childCount()):
                child = interface.child(at)
                if child is not None:
                    walk(child)

    whole = QAccessible.queryAccessibleInterface(stage.window)
    assert whole is not None
    walk(whole)
    assert unnamed == []


def test_a_button_is_spoken_as_it_reads(stage: Stage) -> None:
    stage.window.open_about()
    dialog = stage.window.dialog
    assert dialog is not None
    assert spoken(dialog.close_button) == "Close"


def test_the_map_of_the_screens_is_current(make_stage: object) -> None:
    text = told(make_stage())  # type: ignore[operator]
    settle()
    assert MAP.read_text(encoding="utf-8") == text, "python3 dev.py ui-map"
