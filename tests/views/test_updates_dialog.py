"""The dialog and the banner about updates: what they say, what they open, and that neither gets in anybody's way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from lumedesk.domain.profiles import Profile
from lumedesk.domain.releases import Source
from lumedesk.store.update_settings import keep_daily, read_update_settings
from lumedesk.updating import Updating
from lumedesk.views.dialogs.updates import UpdatesDialog
from lumedesk.views.parts.update_notice import UpdateNotice
from lumedesk.work.updates import NO_SOURCE, Updates
from tests.support.clock import FakeClock
from tests.support.keys import a_profile, a_sandbox
from tests.support.notice_server import NoticeServer
from tests.support.raw_server import http
from tests.support.releases import NOW, OTHER_KEY, PAGE_HOST, SHA256, a_source, an_envelope
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

TAB, SPACE, ENTER, ESCAPE = Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape
Open = Callable[..., tuple[UpdatesDialog, Updates]]


class Browser(QObject):
    """Opens links in the system's place."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def server() -> Iterator[NoticeServer]:
    with NoticeServer() as server:
        yield server


@pytest.fixture
def browser(qapp: QApplication) -> Iterator[Browser]:
    browser = Browser()
    QDesktopServices.setUrlHandler("https", browser, "open")
    yield browser
    QDesktopServices.unsetUrlHandler("https")


@pytest.fixture
def desk(make_stage: Callable[..., Stage]) -> Stage:
    """A window that is connected and in front."""
    stage = make_stage(LaidOutConnector(LaidOut()))
    stage.window.activateWindow()
    until(stage.window.isActiveWindow, "the window to come to the front")
    return stage


@pytest.fixture
def open_dialog(desk: Stage, server: NoticeServer, tmp_path: Path) -> Open:
    """Opens the dialog over the window."""

    def opened(
        source: Source | None = server.source, profile: Profile | None = None, running: str = "0.1.0"
    ) -> tuple[UpdatesDialog, Updates]:
        updates = Updates(
            desk.session,
            desk._desk.engine,
            profile or a_profile(),
            tmp_path / "updates.json",
            source,
            problem="" if source else NO_SOURCE,
            running=running,
            parent=desk.window,
        )
        dialog = UpdatesDialog(updates, desk.window)
        desk.window.open_dialog(dialog)
        settle()
        return dialog, updates

    return opened


def texts(dialog: UpdatesDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def press(dialog: UpdatesDialog, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(dialog.focusWidget() or dialog, key)
        settle()


def tab_to(dialog: UpdatesDialog, name: str) -> None:
    for _ in range(15):
        focus = dialog.focusWidget()
        if focus is not None and focus.objectName() == name:
            return
        press(dialog, TAB)
    raise AssertionError(f"Tab doesn't lead to {name}")


def asked(dialog: UpdatesDialog, updates: Updates) -> None:
    dialog.ask_button.click()
    until(lambda: not updates.is_asking, "an answer")
    settle()


def is_whole(dialog: UpdatesDialog) -> bool:
    """Whether each wrapped line has its room, and nothing around it cuts it off."""
    labels = [each for each in dialog.findChildren(QLabel) if each.isVisible() and each.wordWrap()]
    assert labels
    return all(each.height() >= each.heightForWidth(each.width()) and is_inside(each) for each in labels)


def is_inside(widget: QWidget) -> bool:
    around = widget.parentWidget()
    while around is not None and not widget.isWindow():
        if not around.rect().contains(widget.geometry()):
            return False
        widget, around = around, around.parentWidget()
    return True


# What it says


def test_without_a_source_it_says_so_and_offers_nothing(open_dialog: Open, server: NoticeServer) -> None:
    dialog, _ = open_dialog(None)
    assert dialog.message.text() == "This build has no source for updates."
    assert not dialog.ask_button.isEnabled()
    assert not dialog.daily.isEnabled()
    assert "A check asks" not in texts(dialog)
    assert not dialog.found.isVisible()
    dialog.ask_button.click()
    assert not server.requests


def test_opening_it_asks_nothing_and_says_what_asking_would_send(open_dialog: Open, server: NoticeServer) -> None:
    dialog, updates = open_dialog()
    assert not updates.is_asking
    assert not server.requests
    assert "A check asks localhost for one file, the same for everybody." in texts(dialog)
    assert "no version, no name and no key" in texts(dialog)
    assert "proxy" not in texts(dialog)
    assert "It never downloads or installs one." in texts(dialog)


def test_the_profiles_proxy_is_named(open_dialog: Open) -> None:
    profile = Profile(
        "desk", a_profile().kind, base_url="https://api.example.org", proxy="http://proxy.example.org:3128"
    )
    dialog, _ = open_dialog(a_source(), profile)
    assert "It goes through this profile's proxy http://proxy.example.org:3128." in texts(dialog)


def test_an_up_to_date_program_is_told_so(open_dialog: Open) -> None:
    dialog, updates = open_dialog(running="0.2.0")
    asked(dialog, updates)
    assert dialog.message.text() == "LumeDesk is up to date. The latest release is 0.2.0."
    assert not dialog.found.isVisible()
    assert "Last heard of releases: 11 May" in texts(dialog)


def test_a_signed_notice_of_an_older_version_is_never_called_up_to_date(open_dialog: Open) -> None:
    dialog, updates = open_dialog(running="0.3.0")
    asked(dialog, updates)
    assert dialog.message.text().startswith(
        "The notice of releases was refused. It is of an older version than this one. It tells of 0.2.0; this is 0.3.0."
    )
    assert "up to date" not in texts(dialog)
    assert not dialog.found.isVisible()


def test_a_newer_version_is_shown_with_its_notes_checksums_and_page(open_dialog: Open, server: NoticeServer) -> None:
    server.tell(notes="<b>Bold</b>\n\u202eturned")
    dialog, updates = open_dialog()
    asked(dialog, updates)
    assert dialog.found.isVisible()
    assert dialog.found.title.text() == "LumeDesk 0.2.0, of 1 May 2026"
    assert dialog.found.notes.toPlainText() == "<b>Bold</b>\n⟨U+202E⟩turned"
    assert dialog.found.files.toPlainText() == f"LumeDesk-0.2.0.exe (windows, 34.5 MB)\n{SHA256}"
    assert dialog.found.page.text() == f"https://{PAGE_HOST}/0.2.0"
    assert dialog.message.text() == ""
    assert is_whole(dialog)


def test_files_for_this_system_come_first(
    open_dialog: Open, server: NoticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"windows": "a.exe", "macos": "b.dmg", "linux": "c.deb"}
    server.tell(files=[{"name": names[each], "platform": each, "sha256": SHA256, "bytes": 1} for each in names])
    monkeypatch.setattr("lumedesk.views.dialogs.updates.sys.platform", "darwin")
    dialog, updates = open_dialog()
    asked(dialog, updates)
    assert [line.split()[0] for line in dialog.found.files.toPlainText().splitlines()[::2]] == [
        "b.dmg",
        "a.exe",
        "c.deb",
    ]


def test_a_pre_release_is_called_one(open_dialog: Open, server: NoticeServer) -> None:
    server.tell(version="0.2.0-rc.1")
    dialog, updates = open_dialog()
    asked(dialog, updates)
    assert "0.2.0-rc.1, which is a pre-release" in dialog.found.title.text()


def test_a_refusal_is_told_whole_and_nothing_is_offered(open_dialog: Open, server: NoticeServer) -> None:
    server.answer = http(200, an_envelope(key=OTHER_KEY))
    dialog, updates = open_dialog()
    asked(dialog, updates)
    assert dialog.message.text() == (
        "The notice of releases was refused. Its signature doesn't match: it was altered on its way, or somebody else"
        " wrote it. This LumeDesk stays as it is."
    )
    assert not dialog.found.isVisible()
    assert is_whole(dialog)


def test_while_it_asks_it_says_so_and_keeps_the_keyboard(open_dialog: Open, server: NoticeServer) -> None:
    server.hold()
    dialog, updates = open_dialog()
    dialog.activateWindow()
    tab_to(dialog, "updates-ask")
    press(dialog, SPACE, SPACE)
    assert dialog.message.text() == "Asking localhost…"
    assert dialog.focusWidget() is dialog.ask_button
    server.release()
    until(lambda: not updates.is_asking, "an answer")
    assert len(server.requests) == 1


def test_working_offline_it_says_why_it_cannot_ask(open_dialog: Open, desk: Stage, server: NoticeServer) -> None:
    desk.session.set_offline(offline=True)
    dialog, _ = open_dialog()
    assert dialog.message.text() == "LumeDesk works offline, so it doesn't ask for updates."
    assert not dialog.ask_button.isEnabled()
    assert not server.requests


def test_closing_it_while_it_asks_is_fine(open_dialog: Open, server: NoticeServer, desk: Stage) -> None:
    server.hold()
    dialog, updates = open_dialog()
    dialog.ask_button.click()
    until(lambda: server.requests, "the request")
    press(dialog, ESCAPE)
    until(lambda: desk.window.dialog is None, "the dialog to close")
    server.release()
    until(lambda: not updates.is_asking, "an answer")
    assert updates.is_newer


# What it does


def test_the_choice_is_off_and_saved_by_keyboard(open_dialog: Open, tmp_path: Path) -> None:
    dialog, updates = open_dialog()
    assert not dialog.daily.isChecked()
    tab_to(dialog, "updates-daily")
    press(dialog, SPACE)
    until(lambda: updates.settings.is_daily, "the choice is saved")
    assert read_update_settings(tmp_path / "updates.json").is_daily
    assert dialog.daily.isChecked()


def test_a_choice_that_cannot_be_saved_is_undone_and_told(open_dialog: Open, tmp_path: Path) -> None:
    dialog, _ = open_dialog()
    (tmp_path / "updates.json").mkdir()
    dialog.daily.click()
    until(lambda: dialog.message.text(), "the failure")
    assert dialog.message.text().startswith("The settings were not saved.")
    assert not dialog.daily.isChecked()


def test_the_sandbox_says_that_it_never_asks_by_itself(open_dialog: Open) -> None:
    dialog, _ = open_dialog(profile=a_sandbox())
    assert dialog.daily_note.text() == "In the sandbox LumeDesk never asks by itself."
    assert dialog.ask_button.isEnabled()


def test_the_page_is_opened_in_the_browser_only_when_its_button_is_pressed(open_dialog: Open, browser: Browser) -> None:
    dialog, updates = open_dialog()
    asked(dialog, updates)
    assert browser.opened == []
    tab_to(dialog, "updates-open")
    press(dialog, ENTER)
    assert browser.opened == []
    press(dialog, SPACE)
    assert browser.opened == [f"https://{PAGE_HOST}/0.2.0"]


def test_a_page_that_leads_elsewhere_is_never_opened(open_dialog: Open, browser: Browser) -> None:
    dialog, updates = open_dialog()
    asked(dialog, updates)
    dialog.found.page.setText(f"https://{PAGE_HOST}.evil.example/")
    dialog.found.open_button.click()
    assert browser.opened == []
    assert dialog.message.text() == f"The link doesn't lead to https://{PAGE_HOST}."


def test_the_link_can_be_copied(open_dialog: Open) -> None:
    dialog, updates = open_dialog()
    asked(dialog, updates)
    dialog.found.copy_button.click()
    assert QGuiApplication.clipboard().text() == f"https://{PAGE_HOST}/0.2.0"
    assert dialog.found.copy_button.text() == "Copied"


# The banner


def test_the_banner_tells_and_leads_to_more(desk: Stage) -> None:
    notice = UpdateNotice(desk.window)
    wanted: list[bool] = []
    notice.wanted.connect(lambda: wanted.append(True))
    focus = QApplication.focusWidget()
    notice.say("LumeDesk 0.2.0 has been released.")
    settle()
    assert notice.banner.isVisible()
    assert notice.banner.text() == "LumeDesk 0.2.0 has been released."
    assert QApplication.focusWidget() is focus
    notice.banner.button.click()
    assert wanted == [True]
    assert not notice.banner.isVisible()


@pytest.mark.parametrize("opener", ["open_quote", "open_withdrawal"])
def test_the_banner_waits_until_a_quote_or_a_withdrawal_is_done(desk: Stage, opener: str) -> None:
    notice = UpdateNotice(desk.window)
    getattr(desk.window, opener)()
    first = desk.window.dialog
    assert first is not None
    notice.say("LumeDesk 0.2.0 has been released.")
    notice.say("LumeDesk 0.2.1 has been released.")
    settle()
    assert not notice.banner.isVisible()
    first.close()
    until(notice.banner.isVisible, "the banner")
    assert notice.banner.text() == "LumeDesk 0.2.1 has been released."


def test_the_banner_waits_for_the_next_dialog_too(desk: Stage) -> None:
    notice = UpdateNotice(desk.window)
    desk.window.open_quote()
    first = desk.window.dialog
    assert first is not None
    notice.say("LumeDesk 0.2.0 has been released.")
    first.finished.connect(lambda _result: desk.window.open_withdrawal())
    first.close()
    settle()
    second = desk.window.dialog
    assert second is not None
    assert not notice.banner.isVisible()
    second.close()
    until(notice.banner.isVisible, "the banner")


# Bringing it together


def test_the_menu_opens_the_dialog_and_a_daily_check_tells_by_the_banner(
    desk: Stage, server: NoticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.work.updates.source_of_this_build", lambda: (server.source, ""))
    updating = Updating(desk._desk, a_profile(), tmp_path / "data")
    desk.window.page_painted.emit()
    # Nobody chose anything, so nothing is even made.
    assert "updates" not in updating.__dict__
    desk.window.updates_wanted.emit()
    dialog = desk.window.dialog
    assert isinstance(dialog, UpdatesDialog)
    dialog.daily.click()
    until(lambda: updating.updates.settings.is_daily, "the choice is saved")
    dialog.close()
    until(lambda: desk.window.dialog is None, "the dialog to close")
    assert (tmp_path / "data" / "updates.json").is_file()
    later = Updating(desk._desk, a_profile(), tmp_path / "data")
    desk.window.page_painted.emit()
    until(lambda: "updates" in later.__dict__, "the settings to be read")
    assert later.updates._looks.isActive()
    later.updates.ask_if_due()
    until(lambda: later.notice.banner.isVisible(), "the banner")
    assert later.notice.banner.text().startswith("LumeDesk 0.2.0 has been released")
    assert later.notice.banner.property("look") == "moving-banner"
    later.notice.banner.button.click()
    shown = desk.window.dialog
    assert isinstance(shown, UpdatesDialog)
    assert shown.found.isVisible()
    assert not later.notice.banner.isVisible()


def test_a_refused_notice_is_a_warning_also_where_nobody_asked(
    desk: Stage, server: NoticeServer, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.work.updates.source_of_this_build", lambda: (server.source, ""))
    keep_daily(tmp_path / "updates.json", is_daily=True, at=NOW)
    server.answer = http(200, an_envelope(key=OTHER_KEY))
    updating = Updating(desk._desk, a_profile(), tmp_path)
    updating.updates.ask_if_due()
    until(lambda: updating.notice.banner.isVisible(), "the banner")
    assert "Its signature doesn't match" in updating.notice.banner.text()
    assert updating.notice.banner.property("look") == "warning-banner"
