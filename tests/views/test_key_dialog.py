"""Replacing a profile's key, against real servers and keychains: nothing changes unless it works, or the operator says so."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.keychain import Keychain, MemoryKeychain, Vault, system_keychain
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import ProfilePaths
from lumedesk.views.dialogs.key import KeyDialog
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.engine import Engine
from lumedesk.work.keys import Keys
from lumedesk.work.session import Session
from tests.support.clock import FakeClock
from tests.support.desk import AddressConnector, a_session
from tests.support.raw_server import Connection, RawServer, Script, http
from tests.support.sandbox import running_sandbox
from tests.support.secret_service import secret_service
from tests.support.stage import settle, until

NEW = Credentials("key-new", Secret("secret-new-canary"))
SOMEBODY_ELSES = http(200, b'[{"id":"acc_else","currency":"ZAR","balance":1}]')


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=0, speed=0) as address:
        yield address


@pytest.fixture
def session(
    engine: Engine, profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, look: Look
) -> Iterator[Session]:
    """At work with the operator's key, the accounts known."""
    session = a_session(engine, profile, AddressConnector(address.base_url, address.credentials), clock)
    session.start()
    until(lambda: session.records(Kind.ACCOUNTS), "the accounts")
    yield session
    session.stop()
    session.deleteLater()


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    look = Look(qapp, Scheme.LIGHT)
    yield look
    look.deleteLater()


class Desk:
    """What the dialog works on: the session's keys at `base_url`, kept in a vault that can be looked into."""

    def __init__(self, engine: Engine, session: Session, base_url: str, keychain: Keychain) -> None:
        profile = Profile("p", ProfileKind.CUSTOM, base_url=base_url)
        self.session = session
        self.vault = Vault(keychain, profile.id)
        self.keys = Keys(engine, session, profile, self.vault, session)
        self.fingerprint = session.key_fingerprint

    @property
    def is_changed(self) -> bool:
        """Whether another key is in use than at first."""
        return self.session.key_fingerprint != self.fingerprint


MakeDesk = Callable[..., Desk]
OpenDialog = Callable[..., KeyDialog]


@pytest.fixture
def make_desk(engine: Engine, session: Session, address: SandboxAddress) -> MakeDesk:
    def make(base_url: str = address.base_url, keychain: Keychain | None = None) -> Desk:
        return Desk(engine, session, base_url, keychain or MemoryKeychain())

    return make


@pytest.fixture
def open_dialog(look: Look) -> Iterator[OpenDialog]:
    opened: list[KeyDialog] = []

    def open_one(desk: Desk, why: str = "") -> KeyDialog:
        dialog = KeyDialog(desk.keys, look, None, why)
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


def enter(dialog: KeyDialog, credentials: Credentials) -> None:
    """Put these into the fields, as by pasting."""
    for field, text in ((dialog.key, credentials.key), (dialog.secret.field, credentials.secret.reveal())):
        field.selectAll()
        field.del_()
        field.insert(text)


def save(dialog: KeyDialog, credentials: Credentials) -> None:
    """Enter these, press the main button and wait until there is something to decide, or nothing more."""
    enter(dialog, credentials)
    dialog.save_button.click()
    assert not dialog.save_button.isEnabled()
    until(lambda: dialog.save_button.isEnabled() or not dialog.isVisible(), "what comes of it")


def is_empty(dialog: KeyDialog) -> bool:
    """Whether nothing is in the fields, also not for undoing."""
    fields = (dialog.key, dialog.secret.field)
    if any(field.text() for field in fields):
        return False
    for field in fields:
        field.setEchoMode(QLineEdit.EchoMode.Normal)
        field.undo()
    return not any(field.text() for field in fields)


def test_a_key_that_works_takes_the_old_ones_place(
    make_desk: MakeDesk, open_dialog: OpenDialog, address: SandboxAddress
) -> None:
    desk = make_desk()
    dialog = open_dialog(desk)
    assert dialog.windowTitle() == "Change the API key"
    # Space around it came along from where it was copied.
    save(dialog, Credentials(f" {address.view_only.key}\n", Secret(f"{address.view_only.secret.reveal()} ")))
    assert not dialog.isVisible()
    assert desk.vault.credentials() == address.view_only
    until(lambda: desk.is_changed, "the other key")
    assert is_empty(dialog)


def test_a_refused_key_is_said_step_by_step_and_nothing_changes(make_desk: MakeDesk, open_dialog: OpenDialog) -> None:
    desk = make_desk()
    dialog = open_dialog(desk)
    save(dialog, NEW)
    assert dialog.message.text() == "The key wasn't changed: the test failed."
    assert dialog.checks.rows[2].accessibleName().startswith("API key: Failed.")
    assert not dialog.untested_button.isVisible()
    assert not dialog.once_button.isVisible()
    assert dialog.close_button.text() == "Cancel"
    assert (desk.vault.credentials(), desk.is_changed) == (None, False)


def test_somebody_elses_key_is_refused(make_desk: MakeDesk, open_dialog: OpenDialog, engine: Engine) -> None:
    with serving(engine, SOMEBODY_ELSES) as server:
        desk = make_desk(server.url)
        dialog = open_dialog(desk)
        save(dialog, NEW)
    assert "belongs to somebody else" in dialog.message.text()
    assert not dialog.untested_button.isVisible()
    assert (desk.vault.credentials(), desk.is_changed) == (None, False)


def test_without_a_network_it_is_saved_only_when_the_operator_says_so(
    make_desk: MakeDesk, open_dialog: OpenDialog
) -> None:
    desk = make_desk(closed_port())
    dialog = open_dialog(desk)
    save(dialog, NEW)
    assert dialog.checks.rows[0].accessibleName().startswith("Address: Failed.")
    assert "can be saved without a test" in dialog.message.text()
    assert desk.vault.credentials() is None
    dialog.untested_button.click()
    until(lambda: not dialog.isVisible(), "the dialog to close")
    assert desk.vault.credentials() == NEW
    until(lambda: desk.is_changed, "the other key")


def test_another_key_than_the_one_that_was_tested_is_never_saved(make_desk: MakeDesk, open_dialog: OpenDialog) -> None:
    desk = make_desk(closed_port())
    dialog = open_dialog(desk)
    save(dialog, NEW)
    dialog.key.insert("x")
    assert not dialog.untested_button.isVisible()
    assert not dialog.checks.isVisible()
    assert not dialog.message.isVisible()
    dialog.untested_button.click()
    assert dialog.save_button.isEnabled()
    assert desk.vault.credentials() is None


def test_what_the_keychain_refuses_can_be_used_for_this_run(
    make_desk: MakeDesk, open_dialog: OpenDialog, engine: Engine
) -> None:
    too_long = Credentials("key-new", Secret("s" * 1300))
    with serving(engine, http(200, b"[]")) as server:
        desk = make_desk(server.url)
        dialog = open_dialog(desk)
        save(dialog, too_long)
        told = dialog.message.text()
        assert "This is too long for a keychain" in told
        assert "Check that only the key itself was pasted." in told
        assert "an entry holds 1,280" in told
        assert "asked for it again at the next start" in told
        assert (desk.vault.credentials(), desk.is_changed) == (None, False)
        dialog.once_button.click()
        until(lambda: not dialog.isVisible(), "the dialog to close")
        until(lambda: desk.is_changed, "the other key")
        assert desk.vault.credentials() is None
        assert is_empty(dialog)


def test_a_keychain_that_is_gone_is_said_and_nothing_changes(
    make_desk: MakeDesk, open_dialog: OpenDialog, address: SandboxAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secret_service() as service:
        service.use(monkeypatch)
        desk = make_desk(keychain=system_keychain())
        service.stop()
        dialog = open_dialog(desk)
        save(dialog, address.view_only)
        assert dialog.isVisible()
        assert dialog.once_button.isVisible()
        assert "The key wasn't changed." in dialog.message.text()
        assert not desk.is_changed


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


def test_cancelling_a_test_leaves_everything(make_desk: MakeDesk, open_dialog: OpenDialog, engine: Engine) -> None:
    script = HeldAnswer(engine)
    with serving(engine, script) as server:
        desk = make_desk(server.url)
        dialog = open_dialog(desk)
        enter(dialog, NEW)
        dialog.save_button.click()
        until(lambda: server.requests, "the request")
        dialog.close_button.click()
        script.let_go()
    assert not dialog.isVisible()
    assert dialog.checks.rows == []
    assert (desk.vault.credentials(), desk.is_changed) == (None, False)
    assert is_empty(dialog)


class SlowKeychain(MemoryKeychain):
    """A keychain whose owner takes time to answer its question."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.answered = threading.Event()

    def write(self, entry: str, secret: Secret) -> None:
        self.asked.set()
        assert self.answered.wait(20)
        super().write(entry, secret)


def test_a_key_that_is_being_kept_is_used_also_when_the_dialog_is_gone_by_then(
    make_desk: MakeDesk, look: Look, address: SandboxAddress
) -> None:
    keychain = SlowKeychain()
    desk = make_desk(keychain=keychain)
    dialog = KeyDialog(desk.keys, look)
    dialog.show()
    enter(dialog, address.view_only)
    dialog.save_button.click()
    until(keychain.asked.is_set, "the keychain's question")
    assert "may ask for its own password" in dialog.message.text()
    assert dialog.close_button.text() == "Close"
    dialog.close()
    dialog.deleteLater()
    settle()
    keychain.answered.set()
    until(lambda: desk.is_changed, "the other key")
    assert desk.vault.credentials() == address.view_only


def test_enter_in_a_field_tests_and_names_what_is_missing(make_desk: MakeDesk, open_dialog: OpenDialog) -> None:
    dialog = open_dialog(make_desk())
    assert dialog.key.hasFocus()
    QTest.keyClick(dialog.key, Qt.Key.Key_Return)
    assert dialog._key_entry.problem.text() == "Enter the API key."
    QTest.keyClicks(dialog.key, "key")
    assert not dialog._key_entry.problem.isVisible()
    QTest.keyClick(dialog.key, Qt.Key.Key_Return)
    assert dialog._secret_entry.problem.text() == "Enter the API secret."
    assert dialog.secret.field.hasFocus()
    QTest.keyClicks(dialog.secret.field, "secret")
    QTest.keyClick(dialog.secret.field, Qt.Key.Key_Return)
    until(lambda: dialog.checks.rows, "the report")


def test_after_a_401_it_says_why_and_that_nothing_is_lost(make_desk: MakeDesk, open_dialog: OpenDialog) -> None:
    dialog = open_dialog(make_desk(), "The server refused it at 10:15.")
    assert dialog.windowTitle() == "The API key isn't accepted"
    assert "The server refused it at 10:15." in dialog.subtitle.text()
    assert "Nothing typed elsewhere is lost" in dialog.subtitle.text()


def test_all_that_is_shown_fits_into_the_dialog(make_desk: MakeDesk, open_dialog: OpenDialog) -> None:
    dialog = open_dialog(make_desk(closed_port()))
    before = dialog.height()
    save(dialog, NEW)
    until(lambda: dialog.height() > before, "the dialog to grow")
    settle()
    bottom = dialog.save_button.mapTo(dialog, dialog.save_button.rect().bottomLeft()).y()
    assert bottom < dialog.height()
    for shown in (dialog.key, dialog.secret.field, *(row.words for row in dialog.checks.rows if row.words.isVisible())):
        assert shown.height() >= shown.minimumSizeHint().height() or shown.height() == shown.minimumHeight()
        assert shown.mapTo(dialog, shown.rect().bottomLeft()).y() < bottom
    dialog.key.insert("x")
    until(lambda: dialog.height() == before, "the dialog to shrink")
