"""The list of profiles: what each row tells, and that none is removed without the question answered."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lumedesk.domain.profiles import Colour, Listed, Profile, ProfileKind
from lumedesk.views.dialogs.profiles import ProfilesDialog
from lumedesk.views.theme import Look, Scheme
from tests.support.stage import settle, until

PROBLEM = "/x/profile.json doesn't describe a profile this LumeDesk knows."
LISTED = (
    Listed("treasury", Profile("treasury", ProfileKind.PRODUCTION, "Treasury", "https://api.lumetrade.com")),
    Listed(
        "board",
        Profile(
            "board",
            ProfileKind.PRODUCTION,
            "Board",
            "https://api.lumetrade.com",
            colour=Colour.GREY,
            is_view_only=True,
        ),
    ),
    Listed("lab", Profile("lab", ProfileKind.CUSTOM, "<b>Lab</b>", "http://localhost:8080/api")),
    Listed("sandbox", Profile("sandbox", ProfileKind.SANDBOX)),
    Listed("broken", None, PROBLEM),
)
TREASURY, BOARD, LAB, SANDBOX, BROKEN = range(5)


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    look = Look(qapp, Scheme.LIGHT)
    yield look
    look.deleteLater()


@pytest.fixture
def open_dialog(look: Look) -> Iterator[Callable[..., ProfilesDialog]]:
    opened: list[ProfilesDialog] = []

    def open_one(listed: tuple[Listed, ...] = LISTED, current: str = "treasury") -> ProfilesDialog:
        dialog = ProfilesDialog(listed, current, look)
        opened.append(dialog)
        dialog.show()
        dialog.activateWindow()
        until(dialog.isActiveWindow, "the dialog to come to the front")
        return dialog

    yield open_one
    for dialog in opened:
        dialog.close()
        dialog.deleteLater()
    settle()


@pytest.fixture
def dialog(open_dialog: Callable[..., ProfilesDialog]) -> ProfilesDialog:
    return open_dialog()


class Heard:
    """The signals of the dialog, in order."""

    def __init__(self, dialog: ProfilesDialog) -> None:
        self.all: list[object] = []
        dialog.open_wanted.connect(lambda name: self.all.append(("open", name)))
        dialog.add_wanted.connect(lambda: self.all.append("add"))
        dialog.remove_wanted.connect(lambda name, wipe: self.all.append(("remove", name, wipe)))


def spoken_rows(dialog: ProfilesDialog) -> list[str]:
    return [str(dialog.list.item(row).data(Qt.ItemDataRole.AccessibleTextRole)) for row in range(dialog.list.count())]


def asked(dialog: ProfilesDialog, row: int) -> ProfilesDialog:
    dialog.list.setCurrentRow(row)
    dialog.remove_button.click()
    assert dialog.removal.isVisible()
    return dialog


def test_each_row_tells_title_kind_host_stake_colour_and_whether_it_may_send(dialog: ProfilesDialog) -> None:
    assert spoken_rows(dialog) == [
        "Treasury: Production · api.lumetrade.com. Open now, Real money, red",
        "Board: Production · api.lumetrade.com. View only, Real money, grey",
        "<b>Lab</b>: Custom · localhost:8080. Own server, blue",
        "Sandbox: Sandbox · this computer. Invented money, green",
        f"broken: {PROBLEM}. Can't be read",
    ]


def test_the_colour_of_a_profile_is_painted(dialog: ProfilesDialog, look: Look) -> None:
    def colours(row: int) -> Counter[str]:
        picture = dialog.list.viewport().grab(dialog.list.visualItemRect(dialog.list.item(row))).toImage()
        pixels = ((x, y) for x in range(picture.width()) for y in range(picture.height()))
        return Counter(picture.pixelColor(x, y).name() for x, y in pixels)

    dialog.list.setCurrentRow(LAB)
    settle()
    painted = colours(TREASURY)
    assert painted[look.colours.failed] > 10
    assert painted[look.colours.failed_tint] > 100
    assert look.colours.failed not in colours(BOARD)
    look.use(Scheme.DARK)
    settle()
    assert colours(TREASURY)[look.colours.failed] > 10


def test_another_profile_is_opened_by_button_and_by_enter(open_dialog: Callable[..., ProfilesDialog]) -> None:
    dialog = open_dialog()
    heard = Heard(dialog)
    dialog.list.setCurrentRow(LAB)
    dialog.open_button.click()
    assert not dialog.isVisible()
    again = open_dialog()
    heard_again = Heard(again)
    assert again.list.hasFocus()
    QTest.keyClick(again.list, Qt.Key.Key_Down)
    QTest.keyClick(again.list, Qt.Key.Key_Return)
    assert (heard.all, heard_again.all) == ([("open", "lab")], [("open", "board")])


def test_the_open_profile_is_not_opened_again(dialog: ProfilesDialog) -> None:
    heard = Heard(dialog)
    assert dialog.chosen == LISTED[TREASURY]
    assert not dialog.open_button.isEnabled()
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert (heard.all, dialog.isVisible()) == ([], True)


def test_one_more_can_be_added(dialog: ProfilesDialog) -> None:
    heard = Heard(dialog)
    dialog.add_wanted_button.click()
    assert (heard.all, dialog.isVisible()) == (["add"], False)


def test_one_that_cannot_be_read_says_why_and_offers_nothing(dialog: ProfilesDialog) -> None:
    heard = Heard(dialog)
    dialog.list.setCurrentRow(BROKEN)
    assert dialog.problem.isVisible()
    assert dialog.problem.text() == PROBLEM
    assert not dialog.open_button.isEnabled()
    assert not dialog.remove_button.isEnabled()
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    dialog.ask_to_remove()
    assert dialog.list.isVisible()
    assert heard.all == []
    dialog.list.setCurrentRow(LAB)
    assert not dialog.problem.isVisible()


def test_the_words_below_the_list_never_cover_the_row_they_are_about(dialog: ProfilesDialog) -> None:
    least = dialog.minimumSizeHint().height()
    for height in range(least, least + 128, 8):
        dialog.list.setCurrentRow(TREASURY)
        dialog.resize(dialog.width(), height)
        settle()
        dialog.list.setCurrentRow(BROKEN)
        settle()
        row = dialog.list.visualItemRect(dialog.list.currentItem())
        assert dialog.list.viewport().rect().contains(row), height


def test_removing_keeps_the_records_unless_told_otherwise(dialog: ProfilesDialog) -> None:
    heard = Heard(dialog)
    asked(dialog, LAB)
    assert dialog.heading.text() == "Remove “<b>Lab</b>”?"
    assert "Its API key and secret are removed from the keychain" in dialog.removal.words.text()
    assert "closes" not in dialog.removal.words.text()
    assert dialog.removal.keep.isChecked()
    assert not dialog.removal.typed.isVisible()
    assert heard.all == []
    dialog.confirm_button.click()
    dialog.confirm_button.click()
    assert heard.all == [("remove", "lab", False)]


@pytest.mark.parametrize("typed", ["", "treasury", "Treasur", "Treasury 2"])
def test_deleting_the_records_takes_the_profiles_name(dialog: ProfilesDialog, typed: str) -> None:
    heard = Heard(dialog)
    asked(dialog, TREASURY)
    assert "It is open now: its window closes." in dialog.removal.words.text()
    dialog.removal.wipe.click()
    assert dialog.removal.typed.isVisible()
    assert dialog.confirm_button.text() == "Delete for good"
    dialog.removal.typed.setText(typed)
    assert not dialog.confirm_button.isEnabled()
    dialog.confirm_button.click()
    QTest.keyClick(dialog.removal.typed, Qt.Key.Key_Return)
    assert heard.all == []
    dialog.removal.typed.setText(" Treasury ")
    dialog.confirm_button.click()
    assert heard.all == [("remove", "treasury", True)]


def test_a_sandboxs_records_are_not_said_to_be_kept_for_later(dialog: ProfilesDialog) -> None:
    asked(dialog, SANDBOX)
    assert "no key in the keychain" in dialog.removal.words.text()
    assert "key is gone" in dialog.removal.keep.accessibleDescription()
    dialog.back_button.click()
    asked(dialog, LAB)
    assert "the keychain keeps their key" in dialog.removal.keep.accessibleDescription()


def test_the_question_is_asked_anew_each_time(dialog: ProfilesDialog) -> None:
    heard = Heard(dialog)
    asked(dialog, TREASURY)
    dialog.removal.wipe.click()
    dialog.removal.typed.setText("Treasury")
    dialog.back_button.click()
    assert dialog.list.isVisible()
    assert dialog.list.hasFocus()
    asked(dialog, LAB)
    assert dialog.removal.keep.isChecked()
    assert dialog.removal.typed.text() == ""
    dialog.close_button.click()
    assert heard.all == []


def test_a_failed_removal_is_said_and_can_be_tried_again(dialog: ProfilesDialog) -> None:
    heard = Heard(dialog)
    asked(dialog, LAB).confirm_button.click()
    assert not dialog.removal.isEnabled()
    dialog.show_failure("The keychain is locked.")
    assert dialog.message.text() == "The keychain is locked."
    dialog.confirm_button.click()
    assert len(heard.all) == 2


def test_after_a_removal_the_list_is_shown_anew(dialog: ProfilesDialog) -> None:
    asked(dialog, LAB).confirm_button.click()
    dialog.show_profiles(tuple(each for each in LISTED if each.name != "lab"))
    assert dialog.list.isVisible()
    assert not dialog.message.isVisible()
    assert "Lab" not in " ".join(spoken_rows(dialog))
    assert dialog.chosen is not None
    asked(dialog, BOARD)
    assert dialog.removal.isEnabled()


def test_without_a_profile_one_can_only_be_added(open_dialog: Callable[..., ProfilesDialog]) -> None:
    dialog = open_dialog((), "")
    assert dialog.chosen is None
    assert dialog.subtitle.text() == "There is no profile yet."
    assert not dialog.open_button.isEnabled()
    assert not dialog.remove_button.isEnabled()
    assert dialog.add_wanted_button.isEnabled()


def test_every_control_has_a_name_and_a_spoken_one(dialog: ProfilesDialog) -> None:
    asked(dialog, TREASURY).removal.wipe.click()
    named = [each.objectName() for each in dialog.findChildren(QWidget) if each.objectName()]
    assert {name: count for name, count in Counter(named).items() if count > 1 and not name.startswith("qt_")} == {}
    controls = [each for each in dialog.findChildren(QWidget) if each.focusPolicy() != Qt.FocusPolicy.NoFocus]
    controls = [each for each in controls if not each.objectName().startswith("qt_")]
    assert len(controls) >= 10
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    for each in controls:
        interface = QAccessible.queryAccessibleInterface(each)
        assert interface is not None
        assert interface.text(QAccessible.Text.Name), each.objectName()
