"""A window that stood there before its desk: what is known is shown first, and nothing is sent before the books are open."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lumedesk.app import Desk, Setup
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.profiles import write_profile
from lumedesk.views.main_window import MainWindow
from lumedesk.views.theme import Scheme
from lumedesk.work.session import Connection
from tests.support.keys import STORE_KEY, a_profile

Fill = Callable[[], Desk]


@pytest.fixture
def paths(tmp_path: Path) -> ProfilePaths:
    paths = profile_paths(tmp_path, a_profile().name)
    make_private_folder(paths.folder)
    return paths


@pytest.fixture
def fill(qapp: QApplication, paths: ProfilePaths) -> Iterator[Fill]:
    """Put a desk that works offline into a window that has only its outlines."""
    desks: list[Desk] = []

    def fill_one() -> Desk:
        profile = a_profile()
        window = MainWindow(None, None, profile)
        desks.append(Desk(qapp, Setup(profile, paths, STORE_KEY, offline=True), Scheme.LIGHT, window=window))
        return desks[-1]

    yield fill_one
    for desk in desks:
        desk.close()


def _why_not(window: MainWindow) -> list[str]:
    buttons = window.overview.quote_button, window.overview.withdraw_button
    assert not any(each.isEnabled() for each in buttons)
    assert not any(each.isEnabled() for each in (window.quote_action, window.withdraw_action, window.account_action))
    return [each.accessibleDescription() for each in buttons]


def test_before_its_rows_are_painted_nothing_can_be_sent_and_no_book_is_open(fill: Fill, paths: ProfilePaths) -> None:
    desk = fill()
    assert desk.window.overview.isVisibleTo(desk.window)
    assert _why_not(desk.window) == ["The record of movements is being opened."] * 2
    assert not paths.journal.exists()


def test_what_the_books_say_follows_the_rows(fill: Fill, paths: ProfilePaths, qtbot: QtBot) -> None:
    write_profile(paths, a_profile())
    paths.journal.write_bytes(b"no book" * 1000)
    desk = fill()
    with qtbot.waitSignal(desk.window.page_painted):
        desk.window.show()
    assert desk.session.movements.refusal
    assert _why_not(desk.window) == [desk.session.cannot_send] * 2
    assert desk.window.notices.refusal.isVisible()


def test_a_window_that_nobody_sees_is_complete_too(fill: Fill, paths: ProfilePaths, qtbot: QtBot) -> None:
    desk = fill()
    # To ask the session would open the books.
    qtbot.waitUntil(paths.journal.exists)
    assert _why_not(desk.window) == [desk.session.cannot_send] * 2


def test_a_desk_closed_before_its_first_rows_leaves_nothing_open(fill: Fill, paths: ProfilePaths) -> None:
    desk = fill()
    desk.close()
    again = fill().session
    assert again.connection is Connection.OFFLINE, "the profile is free again"
    assert not again.movements.refusal
