"""The guided set-up, against real servers on this computer: what it asks, when it lets go on, and what it hands over."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QCloseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPlainTextEdit, QWidget

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.profiles import OFFICIAL_URL, Profile, ProfileKind
from lumedesk.domain.setup import SetupAnswers
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.views.setup import SetupStep, SetupWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import address_problem
from lumedesk.work.engine import Engine, Ticket, Unexpected
from lumedesk.work.keys import Report, try_connection
from tests.support.clock import FakeClock
from tests.support.raw_server import Connection, RawServer, Script, http
from tests.support.sandbox import running_sandbox
from tests.support.stage import settle, until

PASSPHRASE = "correct horse battery"


@dataclass
class Work:
    """What the program hands to the set-up: the real test of a connection; what is said of the keychain is laid out here."""

    engine: Engine
    clock: FakeClock
    keychain_problem: str = ""
    keychain_name: str = "Secret Service"
    tested: list[Profile] = field(default_factory=list)

    def address_problem(self, profile: Profile) -> str:
        return address_problem(profile)

    def test(
        self,
        profile: Profile,
        credentials: Credentials,
        owner: QObject,
        done: Callable[[Report], None],
        failed: Callable[[DeskError], None],
    ) -> Ticket[Report]:
        self.tested.append(profile)
        return try_connection(self.engine, self.clock, profile, credentials, owner, done, failed)


class Heard:
    """The signals of a set-up, in order."""

    def __init__(self, window: SetupWindow) -> None:
        self.all: list[Any] = []
        window.sandbox_wanted.connect(lambda: self.all.append("sandbox"))
        window.quit_wanted.connect(lambda: self.all.append("quit"))
        window.finished.connect(self.all.append)


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=0, speed=0) as address:
        yield address


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    look = Look(qapp, Scheme.LIGHT)
    yield look
    look.deleteLater()


@pytest.fixture
def work(engine: Engine, clock: FakeClock) -> Work:
    return Work(engine, clock)


@pytest.fixture
def open_window(look: Look, work: Work) -> Iterator[Callable[..., SetupWindow]]:
    opened: list[SetupWindow] = []

    def open_one(**settings: Any) -> SetupWindow:
        window = SetupWindow(look, work, **settings)
        opened.append(window)
        window.show()
        window.activateWindow()
        until(window.isActiveWindow, "the window to come to the front")
        return window

    yield open_one
    for window in opened:
        window.close()
        window.deleteLater()
    settle()


@pytest.fixture
def window(open_window: Callable[..., SetupWindow]) -> SetupWindow:
    return open_window()


@pytest.fixture
def connecting(window: SetupWindow) -> SetupWindow:
    """At the second step."""
    window.welcome_step.connect_button.click()
    assert window.step is SetupStep.CONNECT
    return window


@contextmanager
def serving(engine: Engine, *scripts: bytes | Script) -> Iterator[RawServer]:
    """A scripted server on the worker's loop."""
    server = RawServer(list(scripts))
    asyncio.run_coroutine_threadsafe(server.__aenter__(), engine._loop).result(10)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), engine._loop).result(10)


def closed_port() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def write(field: QLineEdit, text: str) -> None:
    """Put this in place of what stands there, as by pasting, and leave the field."""
    field.setFocus()
    field.selectAll()
    field.del_()
    field.insert(text)
    field.editingFinished.emit()


def fill(window: SetupWindow, base_url: str, credentials: Credentials) -> None:
    form = window.connect_step.form
    write(form.address, base_url)
    write(form.key, credentials.key)
    write(form.secret.field, credentials.secret.reveal())


def after_testing(window: SetupWindow) -> SetupWindow:
    trial = window.connect_step.trial
    trial.test_button.click()
    assert trial.is_busy
    until(lambda: not trial.is_busy, "the test")
    return window


def to_lock(window: SetupWindow, address: SandboxAddress) -> SetupWindow:
    fill(window, address.base_url, address.credentials)
    after_testing(window).next_button.click()
    assert window.step is SetupStep.LOCK
    return window


def write_passphrases(window: SetupWindow, first: str, second: str) -> None:
    write(window.lock_step.passphrase.field, first)
    write(window.lock_step.again.field, second)


# The first step


def test_the_sandbox_is_offered_first_and_closes_the_window_off_until_it_is_there(window: SetupWindow) -> None:
    heard = Heard(window)
    assert window.welcome_step.sandbox_button.hasFocus()
    window.welcome_step.sandbox_button.click()
    window.welcome_step.sandbox_button.click()
    assert heard.all == ["sandbox"]
    assert "sandbox" in window.hint.text()
    assert not window.welcome_step.connect_button.isEnabled()
    window.show_failure("It didn't start.")
    assert window.message.text() == "It didn't start."
    assert window.welcome_step.connect_button.isEnabled()


def test_where_there_is_no_sandbox_to_try_it_begins_with_the_key(open_window: Callable[..., SetupWindow]) -> None:
    window = open_window(can_rehearse=False)
    assert window.step is SetupStep.CONNECT
    assert not window.back_button.isVisible()
    window.go_back()
    assert window.step is SetupStep.CONNECT
    assert window.quit_button.text() == "Cancel"


# The form


def test_the_kinds_are_those_with_a_key_and_only_production_has_an_address(connecting: SetupWindow) -> None:
    form = connecting.connect_step.form
    kinds = [form.kind.itemData(at) for at in range(form.kind.count())]
    assert kinds == ["production", "staging", "custom"]
    assert (form.title.text(), form.address.text()) == ("Production", OFFICIAL_URL)
    form.kind.choose("staging")
    assert (form.title.text(), form.address.text()) == ("Staging", "")
    assert form.mark.text() == "Test system"


def test_a_name_and_an_address_that_were_typed_stay_when_the_kind_changes(connecting: SetupWindow) -> None:
    form = connecting.connect_step.form
    write(form.title, "Group treasury")
    write(form.address, "https://own.example.com")
    form.kind.choose("custom")
    form.kind.choose("production")
    assert (form.title.text(), form.address.text()) == ("Group treasury", "https://own.example.com")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("address", "http://api.example.com", "must begin with https://"),
        ("address", "https://user:pw@example.com", "must not hold a user name"),
        ("proxy", "proxy:8080", "The proxy must begin"),
        ("extra_ca", "/there/is/no/such.pem", "no such CA file"),
        ("key", "k\u00e9y", "API key holds characters"),
    ],
)
def test_what_cannot_be_used_is_said_below_its_field(connecting: SetupWindow, name: str, text: str, words: str) -> None:
    form = connecting.connect_step.form
    form.more_button.click()
    fill(connecting, "https://api.example.com", Credentials("key", Secret("secret")))
    field = getattr(form, name)
    write(field, text)
    entry = form._entries[field]
    assert entry.problem.isVisible()
    assert words in entry.problem.text()
    assert field.accessibleDescription() == entry.problem.text()
    assert words in connecting.hint.text()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert not entry.problem.isVisible()


def test_plain_http_is_for_this_computer(connecting: SetupWindow) -> None:
    fill(connecting, "http://127.0.0.1:1", Credentials("key", Secret("secret")))
    assert connecting.hint.text() == "Test the connection to go on."


def test_a_field_that_is_still_empty_is_no_mistake_but_is_named_beside_the_buttons(connecting: SetupWindow) -> None:
    form = connecting.connect_step.form
    form.key.setFocus()
    form.secret.field.setFocus()
    assert not any(entry.problem.isVisible() for entry in form._entries.values())
    assert connecting.hint.text() == "Enter the API key."
    assert not connecting.next_button.isEnabled()


def test_testing_with_a_field_missing_leads_to_that_field(connecting: SetupWindow, work: Work) -> None:
    form = connecting.connect_step.form
    write(form.key, "key")
    connecting.connect_step.trial.test_button.click()
    assert form.secret.field.hasFocus()
    assert form._entries[form.secret.field].problem.text() == "Enter the API secret."
    assert work.tested == []


def test_testing_with_a_wrong_proxy_shows_the_field_it_is_in(connecting: SetupWindow) -> None:
    form = connecting.connect_step.form
    fill(connecting, "https://api.example.com", Credentials("key", Secret("secret")))
    form.more_button.click()
    write(form.proxy, "nonsense")
    form.more_button.click()
    assert not form.proxy.isVisible()
    connecting.connect_step.test()
    assert form.proxy.isVisible()
    assert form.proxy.hasFocus()


def test_a_ca_file_is_chosen_from_a_dialog(connecting: SetupWindow, tmp_path: Path) -> None:
    form = connecting.connect_step.form
    authority = tmp_path / "own.pem"
    authority.write_text("x")
    form.more_button.click()
    form.browse_button.click()
    dialog = form.findChild(QFileDialog, "setup-browse-dialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(authority))
    dialog.reject()
    assert form.answers().extra_ca == str(authority)
    until(lambda: form.findChild(QFileDialog) is None, "the dialog to go")


# The test of the connection


def test_a_connection_that_works_lets_go_on(connecting: SetupWindow, address: SandboxAddress) -> None:
    fill(connecting, address.base_url, address.credentials)
    assert not connecting.next_button.isEnabled()
    trial = after_testing(connecting).connect_step.trial
    assert trial.verdict.text().startswith("The connection works")
    assert [row.title.text() for row in trial.checks.rows] == [
        "Address",
        "Secure connection",
        "API key",
        "Permission",
        "Clock",
    ]
    assert [row.word.text() for row in trial.checks.rows[:4]] == ["Passed", "Not tried", "Passed", "Passed"]
    assert "API key: Passed. The key is accepted." in trial.checks.text()
    assert not trial.go_on_anyway.isVisible()
    assert connecting.next_button.isEnabled()


def test_a_key_that_is_refused_leaves_no_way_on(connecting: SetupWindow, address: SandboxAddress) -> None:
    fill(connecting, address.base_url, Credentials("wrong", Secret("wrong")))
    trial = after_testing(connecting).connect_step.trial
    assert trial.checks.rows[2].word.text() == "Failed"
    assert "401" in trial.checks.rows[2].words.toPlainText()
    assert trial.checks.rows[3].word.text() == "Not tried"
    assert not trial.go_on_anyway.isVisible()
    assert not connecting.next_button.isEnabled()
    connecting.go_on()
    assert connecting.step is SetupStep.CONNECT


def test_without_a_network_one_may_go_on_by_saying_so(connecting: SetupWindow) -> None:
    fill(connecting, closed_port(), Credentials("key", Secret("secret")))
    trial = after_testing(connecting).connect_step.trial
    assert trial.checks.rows[0].word.text() == "Failed"
    assert not connecting.next_button.isEnabled()
    trial.go_on_anyway.click()
    assert connecting.next_button.isEnabled()
    trial.go_on_anyway.click()
    assert not connecting.next_button.isEnabled()
    trial.go_on_anyway.click()
    connecting.next_button.click()
    assert connecting.step is SetupStep.LOCK


def test_a_defect_in_the_test_is_said_and_may_be_passed_over(connecting: SetupWindow) -> None:
    fill(connecting, closed_port(), Credentials("key", Secret("secret")))
    connecting.connect_step._take_failure(Unexpected("boom", wire=Wire.NOT_SENT))
    trial = connecting.connect_step.trial
    assert "The desk made a mistake" in trial.verdict.text()
    assert trial.go_on_anyway.isVisible()


@pytest.mark.parametrize("name", ["title", "address", "key", "secret", "proxy", "extra_ca"])
def test_editing_a_field_drops_the_result(connecting: SetupWindow, address: SandboxAddress, name: str) -> None:
    fill(connecting, address.base_url, address.credentials)
    form, trial = connecting.connect_step.form, after_testing(connecting).connect_step.trial
    form.more_button.click()
    field = getattr(form, name)
    field = getattr(field, "field", field)
    QTest.keyClicks(field, "x")
    assert (trial.is_good, trial.checks.isVisible(), trial.verdict.isVisible()) == (False, False, False)
    assert trial.checks.rows == []
    assert not connecting.next_button.isEnabled()


def test_a_promise_to_go_on_without_a_connection_ends_with_its_test(connecting: SetupWindow) -> None:
    fill(connecting, closed_port(), Credentials("key", Secret("secret")))
    trial = after_testing(connecting).connect_step.trial
    trial.go_on_anyway.click()
    after_testing(connecting)
    assert trial.go_on_anyway.isVisible()
    assert not trial.go_on_anyway.isChecked()
    assert not connecting.next_button.isEnabled()


class HeldAnswer:
    """A server's script that answers once it is let go, and notes when its client has gone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._may_answer = asyncio.Event()
        self._is_over = threading.Event()

    async def __call__(self, connection: Connection) -> None:
        try:
            await connection.request()
            await self._may_answer.wait()
            await connection.send(http(200, b"[]"))
            await connection.reader.read()
        finally:
            self._is_over.set()

    def let_go(self) -> None:
        """Answer, and wait until whatever came of it has reached this thread."""
        self._engine._loop.call_soon_threadsafe(self._may_answer.set)
        until(self._is_over.is_set, "the client to go")
        pass_through(self._engine)


def pass_through(engine: Engine) -> None:
    """Wait until everything that was on its way has come."""
    passed: list[Any] = []

    async def nothing() -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    owner = QObject()
    engine.submit(nothing(), owner, passed.append)
    until(lambda: passed, "the worker")


def heard_request(server: RawServer) -> None:
    until(lambda: server.requests, "the request")


def test_a_test_can_be_cancelled(connecting: SetupWindow, engine: Engine) -> None:
    script = HeldAnswer(engine)
    trial = connecting.connect_step.trial
    with serving(engine, script) as server:
        fill(connecting, server.url, Credentials("key", Secret("secret")))
        trial.test_button.setFocus()
        trial.test_button.click()
        assert trial.cancel_button.hasFocus()
        assert str(server.port) in trial.busy.text()
        heard_request(server)
        trial.cancel_button.click()
        assert trial.test_button.hasFocus()
        script.let_go()
    assert (trial.is_busy, trial.is_good, trial.checks.rows) == (False, False, [])


def test_an_answer_about_another_key_than_the_one_that_stands_there_is_dropped(
    connecting: SetupWindow, engine: Engine
) -> None:
    script = HeldAnswer(engine)
    trial = connecting.connect_step.trial
    with serving(engine, script) as server:
        fill(connecting, server.url, Credentials("key", Secret("secret")))
        trial.test_button.click()
        heard_request(server)
        QTest.keyClicks(connecting.connect_step.form.key, "2")
        assert not trial.is_busy
        script.let_go()
    assert (trial.is_good, trial.checks.rows) == (False, [])
    assert not connecting.next_button.isEnabled()


def test_closing_the_window_ends_the_test(connecting: SetupWindow, engine: Engine) -> None:
    script = HeldAnswer(engine)
    with serving(engine, script) as server:
        fill(connecting, server.url, Credentials("key", Secret("secret")))
        connecting.connect_step.test()
        heard_request(server)
        connecting.close()
        script.let_go()
    assert connecting.connect_step.trial.checks.rows == []


# The passphrase


def test_a_passphrase_is_handed_over_with_the_answers(connecting: SetupWindow, address: SandboxAddress) -> None:
    heard = Heard(connecting)
    connecting.connect_step.form.view_only.click()
    to_lock(connecting, address)
    assert "Secret Service" in connecting.lock_step.kept.text()
    assert not connecting.finish_button.isEnabled()
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    connecting.finish_button.click()
    (answers,) = heard.all
    assert answers == SetupAnswers(
        "Production",
        ProfileKind.PRODUCTION,
        address.base_url,
        is_view_only=True,
        credentials=address.credentials,
        passphrase=Secret(PASSPHRASE),
    )


def test_the_passphrase_can_be_skipped_even_when_one_was_typed(
    connecting: SetupWindow, address: SandboxAddress
) -> None:
    heard = Heard(connecting)
    to_lock(connecting, address)
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    connecting.skip_button.click()
    assert heard.all[0].passphrase is None
    assert heard.all[0].credentials == address.credentials


def test_two_different_passphrases_are_told(connecting: SetupWindow, address: SandboxAddress) -> None:
    heard = Heard(connecting)
    to_lock(connecting, address)
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE + "x")
    assert connecting.lock_step._again.problem.text() == "The two passphrases differ."
    assert connecting.hint.text() == "The two passphrases differ."
    connecting.finish()
    write_passphrases(connecting, "short", "short")
    assert "at least 10" in connecting.hint.text()
    connecting.finish()
    assert heard.all == []


def test_without_a_keychain_there_must_be_a_passphrase(
    connecting: SetupWindow, address: SandboxAddress, work: Work
) -> None:
    work.keychain_problem = "No Secret Service answers."
    heard = Heard(connecting)
    to_lock(connecting, address)
    assert connecting.lock_step.why.text() == (
        "This computer has no usable keychain (No Secret Service answers). The API secret is then kept in memory only and"
        " asked for at each start; the passphrase protects the local records."
    )
    assert not connecting.skip_button.isVisible()
    connecting.skip()
    connecting.finish()
    assert heard.all == []
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    connecting.finish_button.click()
    assert heard.all[0].passphrase == Secret(PASSPHRASE)


def test_a_profile_that_could_not_be_set_up_can_be_tried_again(
    connecting: SetupWindow, address: SandboxAddress, work: Work
) -> None:
    heard = Heard(connecting)
    to_lock(connecting, address).skip_button.click()
    connecting.skip()
    connecting.go_back()
    assert len(heard.all) == 1
    assert connecting.step is SetupStep.LOCK
    assert not connecting.skip_button.isEnabled()
    work.keychain_problem = "The keychain is locked."
    connecting.show_failure("The keychain is locked.")
    assert connecting.message.text() == "The keychain is locked."
    # What is known of the keychain by now holds.
    assert not connecting.skip_button.isVisible()
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    connecting.finish_button.click()
    assert len(heard.all) == 2


# Going back, going away


def test_going_back_and_forth_loses_nothing(connecting: SetupWindow, address: SandboxAddress) -> None:
    form = connecting.connect_step.form
    write(form.title, "Group treasury")
    to_lock(connecting, address)
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    before = form.answers()
    for _ in range(2):
        connecting.back_button.click()
    assert connecting.step is SetupStep.WELCOME
    connecting.go_on()
    assert connecting.connect_step.trial.is_good
    connecting.go_on()
    assert connecting.step is SetupStep.LOCK
    assert form.answers() == before
    assert connecting.lock_step.answer() == Secret(PASSPHRASE)


def test_nothing_stays_revealed_behind_another_step(connecting: SetupWindow, address: SandboxAddress) -> None:
    to_lock(connecting, address)
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    connecting.lock_step.passphrase.show_button.click()
    assert connecting.lock_step.passphrase.field.echoMode() is QLineEdit.EchoMode.Normal
    connecting.back_button.click()
    connecting.connect_step.form.secret.show_button.click()
    connecting.go_on()
    assert connecting.lock_step.passphrase.field.echoMode() is QLineEdit.EchoMode.Password
    assert connecting.connect_step.form.secret.field.echoMode() is QLineEdit.EchoMode.Password


def test_nothing_typed_stays_when_the_window_closes(connecting: SetupWindow, address: SandboxAddress) -> None:
    heard = Heard(connecting)
    to_lock(connecting, address)
    write_passphrases(connecting, PASSPHRASE, PASSPHRASE)
    connecting.lock_step.passphrase.show_button.click()
    connecting.close()
    secrets = [connecting.connect_step.form.secret, connecting.lock_step.passphrase, connecting.lock_step.again]
    fields = [connecting.connect_step.form.key, *(each.field for each in secrets)]
    assert [each.text() for each in fields] == [""] * 4
    for each in fields:
        each.setEchoMode(QLineEdit.EchoMode.Normal)
        each.undo()
    assert [each.text() for each in fields] == [""] * 4
    assert heard.all == ["quit"]


def test_closing_what_is_done_asks_for_nothing(connecting: SetupWindow, address: SandboxAddress) -> None:
    heard = Heard(connecting)
    to_lock(connecting, address).skip_button.click()
    connecting.close()
    assert len(heard.all) == 1
    assert not connecting.connect_step.form.secret.text()


class FramesClose(QCloseEvent):
    """Stands for the one that the window system sends: no program can make a close event of that kind."""

    def spontaneous(self) -> bool:
        return True


def test_the_operator_gets_out_also_while_something_is_being_done(
    connecting: SetupWindow, address: SandboxAddress
) -> None:
    heard = Heard(connecting)
    to_lock(connecting, address).skip_button.click()
    assert connecting.quit_button.isEnabled()
    connecting.closeEvent(FramesClose())
    assert heard.all[1:] == ["quit"]


def test_quitting_is_said_once(window: SetupWindow) -> None:
    heard = Heard(window)
    window.quit_wanted.connect(window.close)
    window.quit_button.click()
    assert heard.all == ["quit"]
    assert not window.isVisible()


# By keyboard, and for people who can't see


def press(key: Qt.Key) -> None:
    QTest.keyClick(QApplication.focusWidget(), key)


def focused() -> str:
    widget = QApplication.focusWidget()
    return widget.objectName() if widget is not None else ""


def tab_to(name: str) -> None:
    for _ in range(40):
        if focused() == name:
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError(f"{name} isn't reached by Tab; the keyboard is at {focused()}")


def type_into(name: str, text: str) -> None:
    tab_to(name)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(QApplication.focusWidget(), text)


def test_the_keyboard_alone_is_enough(window: SetupWindow, address: SandboxAddress) -> None:
    heard = Heard(window)
    tab_to("setup-connect")
    press(Qt.Key.Key_Return)
    assert window.step is SetupStep.CONNECT
    type_into("setup-address", address.base_url)
    type_into("setup-key", address.credentials.key)
    type_into("setup-secret", address.credentials.secret.reveal())
    # Enter tests first, and goes on once that is done; one too many does nothing.
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Return)
    assert window.connect_step.trial.is_busy
    until(lambda: window.connect_step.trial.is_good, "the test")
    assert focused() == "setup-secret"
    press(Qt.Key.Key_Return)
    assert window.step is SetupStep.LOCK
    press(Qt.Key.Key_Return)
    assert heard.all == []
    type_into("setup-passphrase", PASSPHRASE)
    type_into("setup-passphrase-again", PASSPHRASE)
    press(Qt.Key.Key_Enter)
    assert [type(each) for each in heard.all] == [SetupAnswers]


def test_after_a_test_by_its_button_the_keyboard_is_at_what_is_next(
    connecting: SetupWindow, address: SandboxAddress
) -> None:
    fill(connecting, address.base_url, address.credentials)
    tab_to("setup-test")
    press(Qt.Key.Key_Space)
    until(lambda: connecting.connect_step.trial.is_good, "the test")
    assert focused() == "setup-next"
    press(Qt.Key.Key_Return)
    assert connecting.step is SetupStep.LOCK


def test_tab_follows_the_form(connecting: SetupWindow) -> None:
    connecting.connect_step.form.more_button.click()
    connecting.connect_step.form.kind.setFocus()
    order = [focused()]
    while (not order[1:] or order[-1] != order[0]) and len(order) < 40:
        press(Qt.Key.Key_Tab)
        order.append(focused())
    assert order == [
        "setup-kind",
        "setup-profile-title",
        "setup-address",
        "setup-key",
        "setup-secret",
        "setup-secret-show",
        "setup-view-only",
        "setup-more",
        "setup-proxy",
        "setup-extra-ca",
        "setup-browse",
        "setup-test",
        "setup-quit",
        "setup-back",
        "setup-kind",
    ]


def spoken(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def test_every_control_has_a_name_and_a_spoken_one(connecting: SetupWindow, address: SandboxAddress) -> None:
    fill(connecting, address.base_url, Credentials("wrong", Secret("wrong")))
    after_testing(connecting)
    named = [each.objectName() for each in connecting.findChildren(QWidget) if each.objectName()]
    assert {name: count for name, count in Counter(named).items() if count > 1 and not name.startswith("qt_")} == {}
    controls = [each for each in connecting.findChildren(QWidget) if each.focusPolicy() != Qt.FocusPolicy.NoFocus]
    controls = [each for each in controls if not each.objectName().startswith("qt_")]
    assert len(controls) > 20
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    assert [each.objectName() for each in controls if not spoken(each)] == []


def test_what_a_server_says_is_shown_to_the_letter(connecting: SetupWindow, engine: Engine) -> None:
    evil = {"Location": "https://evil.example/<b>now</b>"}
    with serving(engine, http(302, headers=evil)) as server:
        fill(connecting, server.url, Credentials("key", Secret("secret")))
        row = after_testing(connecting).connect_step.trial.checks.rows[0]
    assert isinstance(row.words, QPlainTextEdit)
    assert "<b>now</b>" in row.words.toPlainText()
    assert row.words.width() <= connecting.connect_step.trial.width()


def test_showing_a_result_opens_no_window_of_its_own(connecting: SetupWindow, address: SandboxAddress) -> None:
    opened: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                opened.append(f"{type(watched).__name__} {watched.objectName()}")
            return False

    fill(connecting, address.base_url, address.credentials)
    watch = Watch()
    QApplication.instance().installEventFilter(watch)  # type: ignore[union-attr]
    after_testing(connecting)
    connecting.go_on()
    QApplication.instance().removeEventFilter(watch)  # type: ignore[union-attr]
    assert connecting.step is SetupStep.LOCK
    assert opened == []
