"""The windows around keys, profiles and the lock, each set up for its picture. What takes the pictures is shots.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from lumedesk.app import Desk, Setup
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Unauthorised, Unreachable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.lock import LockSettings, Reason
from lumedesk.domain.profiles import OFFICIAL_URL, Colour, Listed, Profile, ProfileKind
from lumedesk.exports.support import support_bundle
from lumedesk.keychain import KeychainLocked, MemoryKeychain, NoKeychain, Vault
from lumedesk.logs import LOG_FILE
from lumedesk.store.lock_file import Cost, make_lock, write_lock
from lumedesk.store.paths import profile_paths
from lumedesk.views.dialogs.key import KeyDialog
from lumedesk.views.dialogs.profiles import ProfilesDialog
from lumedesk.views.dialogs.security import SecurityDialog
from lumedesk.views.dialogs.support import SupportDialog
from lumedesk.views.gate import GateWindow
from lumedesk.views.parts import clipboard
from lumedesk.views.setup import SetupWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import address_problem
from lumedesk.work.engine import Engine, Ticket
from lumedesk.work.keys import Check, Keys, NotKept, Report, Verdict
from lumedesk.work.locking import Locking
from lumedesk.work.session import Connection, Connector
from tests.support.clock import FakeClock
from tests.support.keys import STORE_KEY
from tests.support.sandbox import running_sandbox
from tests.support.shots_pages import Camera, record_page, staged, wait_for_answers, wait_for_rows
from tests.support.stage import LaidOut, LaidOutConnector, SandboxConnector, settle, until

TREASURY = Profile("treasury", ProfileKind.PRODUCTION, "Treasury", OFFICIAL_URL, id="0123456789abcdef")
_PASSPHRASE = Secret("correct horse battery")
_CHEAP = Cost(memory_kib=8, passes=1)
# As on a screen that has room for it.
_SETUP_SIZE = (1000, 860)
_NO_SERVICE = "No Secret Service answers on this session's D-Bus."

_HOST = "api.lumetrade.com"
_ADDRESS = Check("Address", Verdict.PASSED, f"{_HOST} answers as the API does.")
_SECURE = Check(
    "Secure connection",
    Verdict.PASSED,
    "The connection is encrypted, and the certificate is one this computer trusts.",
)
_KEY = Check("API key", Verdict.PASSED, "The key is accepted.")
_PERMISSION = Check("Permission", Verdict.PASSED, "The key may read accounts: it sees 7.")
_CLOCK = Check("Clock", Verdict.PASSED, "This computer's clock agrees with the server's.")
_UNTIMED = Check("Clock", Verdict.SKIPPED, "No answer of the API to compare with.")
_SLOW = "This computer's clock is 4 minutes behind the server's. Let the system set it from the network."


def _skipped(name: str) -> Check:
    return Check(name, Verdict.SKIPPED, "Not tried.")


GOOD = Report((_ADDRESS, _SECURE, _KEY, _PERMISSION, _CLOCK), frozenset({"acc_1"}))
WARNED = Report((*GOOD.steps[:4], Check("Clock", Verdict.WARNED, _SLOW)), frozenset({"acc_1"}))
NO_HOST = Report(
    (
        Check(
            "Address",
            Verdict.FAILED,
            f"The server's name {_HOST} can't be found (DNS). Is it spelled right, and is this computer online?",
        ),
        *map(_skipped, ("Secure connection", "API key", "Permission")),
        _UNTIMED,
    ),
    error=Unreachable("The name is unknown.", wire=Wire.NOT_SENT),
)
REFUSED = Report(
    (
        Check("Address", Verdict.PASSED, f"{_HOST} was found and answers."),
        _SECURE,
        Check("API key", Verdict.FAILED, "The server doesn't accept this key and secret (HTTP 401)."),
        _skipped("Permission"),
        _UNTIMED,
    ),
    error=Unauthorised("The key is unknown."),
)
_STRANGERS = (
    "This key sees none of this profile's accounts: it belongs to somebody else."
    " Make a profile of its own for it, so that neither's history is mixed with the other's."
)


class LaidOutWork:
    """What the set-up asks of the desk; a test ends as `outcome` says, and goes on for ever without one."""

    keychain_name = "Secret Service"

    def __init__(self) -> None:
        self.keychain_problem = ""
        self.outcome: Report | DeskError | None = None

    def address_problem(self, profile: Profile) -> str:
        return address_problem(profile)

    def test(self, _profile: Profile, _credentials: Any, owner: Any, done: Any, failed: Any) -> Ticket[Report]:
        if isinstance(self.outcome, DeskError):
            failed(self.outcome)
        elif self.outcome is not None:
            done(self.outcome)
        return Ticket(owner, done, failed)


class LaidOutKeys(Keys):
    """A profile's key whose test, owner and keeping are laid out. Without an outcome, a test goes on for ever."""

    def __init__(self, outcome: Report | None, owner_problem: str = "", trouble: DeskError | None = None) -> None:
        vault = Vault(MemoryKeychain(), TREASURY.id)
        super().__init__(None, None, TREASURY, vault, QApplication.instance())  # type: ignore[arg-type]
        self._outcome = outcome
        self._owner_problem = owner_problem
        self._trouble = trouble

    @property
    def keychain_name(self) -> str:
        return LaidOutWork.keychain_name

    def test(self, _credentials: Any, owner: Any, done: Any, failed: Any) -> Ticket[Report]:
        if self._outcome is not None:
            done(self._outcome)
        return Ticket(owner, done, failed)

    def owner_problem(self, _report: Report) -> str:
        return self._owner_problem

    def replace(self, _new: Any, _owner: Any, _done: Any, failed: Any, *, for_this_run_only: bool = False) -> None:
        if self._trouble is not None and not for_this_run_only:
            failed(self._trouble)


@contextmanager
def looked_at() -> Iterator[Look]:
    """The desk's look, for windows without a desk behind them."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    look = Look(app, Scheme.LIGHT)
    try:
        yield look
    finally:
        settle()
        look.deleteLater()
        settle()


def gate(camera: Camera, _home: Path) -> None:
    """Locked, refused with a wait, waiting for the keychain, in trouble with it, and asking for the key."""
    with looked_at() as look:
        window = GateWindow(look, FakeClock(), TREASURY.title)
        window.ask_passphrase(LockSettings().told(Reason.IDLE))
        window.show()
        camera.take(window, "gate-locked")
        window.show_refusal("That isn't the passphrase.", 8)
        camera.take(window, "gate-wait")
        window.show_busy("Waiting for the system's keychain. It may ask for its password in a window of its own.")
        camera.take(window, "gate-keychain")
        ways = [("try", "Try again", "primary"), ("once", "Enter the key for this run", "")]
        ways += [("offline", "Work offline", ""), ("quit", "Quit LumeDesk", "")]
        trouble = NoKeychain(_NO_SERVICE)
        window.show_trouble(trouble.title, trouble.advice, str(trouble), ways)
        camera.take(window, "gate-trouble")
        window.ask_key("The keychain holds no API key for this profile. Enter it once; it is kept in Secret Service.")
        camera.take(window, "gate-key")
        window.connect_button.click()
        camera.take(window, "gate-key-missing")
        window.hide()
        window.deleteLater()


def setup(camera: Camera, _home: Path) -> None:
    """Each step, and what a test can find."""
    work = LaidOutWork()
    with looked_at() as look:
        window = SetupWindow(look, work)
        window.resize(*_SETUP_SIZE)
        window.show()
        camera.take(window, "setup-welcome")
        window.go_on()
        camera.take(window, "setup-connect")
        _complain_of_each_field(window)
        camera.take(window, "setup-connect-problems")
        _fill_in(window)
        camera.take(window, "setup-connect-ready")
        window.connect_step.test()
        camera.take(window, "setup-testing")
        window.connect_step.drop()
        outcomes = {"passed": GOOD, "warned": WARNED, "no-host": NO_HOST, "refused": REFUSED}
        for name, outcome in outcomes.items():
            work.outcome = outcome
            window.connect_step.test()
            camera.take(window, f"setup-test-{name}")
            window.connect_step.drop()
        window.connect_step.form.more_button.click()
        work.outcome = NO_HOST
        window.connect_step.test()
        window.connect_step.trial.go_on_anyway.click()
        camera.take(window, "setup-test-anyway")
        _lock(camera, window, work)
        window.close()
        window.deleteLater()
        further = SetupWindow(look, work, can_rehearse=False)
        further.resize(further.minimumSize())
        further.show()
        camera.take(further, "setup-further")
        further.close()
        further.deleteLater()


def _complain_of_each_field(window: SetupWindow) -> None:
    form = window.connect_step.form
    form.kind.choose(ProfileKind.STAGING.value)
    form.more_button.click()
    texts = {form.address: "http://staging.example.com", form.key: "a b", form.proxy: "proxy", form.extra_ca: "/no.pem"}
    for field, text in texts.items():
        field.setText(text)
        field.textEdited.emit(text)
        field.editingFinished.emit()


def _fill_in(window: SetupWindow) -> None:
    form = window.connect_step.form
    form.reset()
    form.key.setText("lk_live_7f31")
    form.secret.field.setText("s" * 40)
    form.edited.emit()


def _lock(camera: Camera, window: SetupWindow, work: LaidOutWork) -> None:
    lock = window.lock_step
    window.go_on()
    camera.take(window, "setup-lock")
    lock.passphrase.field.setText(_PASSPHRASE.reveal())
    lock.again.field.setText("correct horse")
    lock.changed.emit()
    lock.again.field.editingFinished.emit()
    camera.take(window, "setup-lock-differs")
    lock.reset()
    work.keychain_problem = _NO_SERVICE
    window.go_back()
    window.go_on()
    camera.take(window, "setup-lock-required")
    for each in (lock.passphrase, lock.again):
        each.field.setText(_PASSPHRASE.reveal())
    lock.changed.emit()
    window.finish()
    camera.take(window, "setup-finishing")
    locked = KeychainLocked("")
    window.show_failure(f"{locked.title}. {locked.advice}")
    camera.take(window, "setup-failed")


def key(camera: Camera, _home: Path) -> None:
    """Rotating, asked for after a refusal, and what stands in the way of a new one."""
    not_kept = NotKept(KeychainLocked("Nobody answered the question for its password."))
    states: dict[str, tuple[Report | None, str, DeskError | None]] = {
        "testing": (None, "", None),
        "saving": (GOOD, "", None),
        "refused": (REFUSED, "", None),
        "no-host": (NO_HOST, "", None),
        "strangers": (GOOD, _STRANGERS, None),
        "not-kept": (GOOD, "", not_kept),
    }
    with looked_at() as look:
        for name, why in (("key", ""), ("key-asked", "The server doesn't accept the API key any more.")):
            dialog = KeyDialog(LaidOutKeys(None), look, None, why)
            dialog.show()
            camera.take(dialog, name)
            _put_away(dialog)
        for name, laid_out in states.items():
            keys = LaidOutKeys(*laid_out)
            dialog = KeyDialog(keys, look)
            keys.setParent(dialog)
            dialog.key.setText("lk_live_9c02")
            dialog.secret.field.setText("s" * 40)
            dialog.show()
            settle()
            dialog.test()
            camera.take(dialog, f"key-{name}")
            _put_away(dialog)


def _put_away(dialog: Any) -> None:
    dialog.close()
    dialog.deleteLater()
    settle()


LISTED = (
    Listed("treasury", TREASURY),
    Listed(
        "board",
        Profile("board", ProfileKind.PRODUCTION, "Board", OFFICIAL_URL, colour=Colour.GREY, is_view_only=True),
    ),
    Listed("staging", Profile("staging", ProfileKind.STAGING, "", "https://staging.lumetrade.example:8443")),
    Listed("lab", Profile("lab", ProfileKind.CUSTOM, "Lab", "http://localhost:8080")),
    Listed("sandbox", Profile("sandbox", ProfileKind.SANDBOX)),
    Listed("old-desk", None, "old-desk/profile.json doesn't describe a profile this LumeDesk knows."),
)


def profiles(camera: Camera, _home: Path) -> None:
    """The list, one that can't be read, and the question before one is removed."""
    with looked_at() as look:
        dialog = ProfilesDialog(LISTED, TREASURY.name, look)
        dialog.show()
        camera.take(dialog, "profiles")
        dialog.list.setCurrentRow(len(LISTED) - 1)
        camera.take(dialog, "profiles-unreadable")
        dialog.list.setCurrentRow(0)
        dialog.ask_to_remove()
        camera.take(dialog, "profiles-remove")
        dialog.removal.wipe.click()
        camera.take(dialog, "profiles-wipe")
        dialog.removal.typed.setText(TREASURY.title)
        camera.take(dialog, "profiles-wipe-typed")
        dialog.confirm_button.click()
        camera.take(dialog, "profiles-removing")
        dialog.show_failure("The keychain is locked. Unlock it with the system's own password program, then try again.")
        camera.take(dialog, "profiles-failed")
        _put_away(dialog)
        empty = ProfilesDialog((), "", look)
        empty.show()
        camera.take(empty, "profiles-none")
        _put_away(empty)


def security(camera: Camera, home: Path) -> None:
    """Without a passphrase, with one, and refused."""
    path, engine = home / "lock.json", Engine()
    try:
        with looked_at() as look:
            assert look
            dialog = _security_dialog(path, engine)
            camera.take(dialog, "security")
            _put_away(dialog)
            write_lock(path, make_lock(_PASSPHRASE, STORE_KEY, TREASURY.id, LockSettings(), _CHEAP))
            dialog = _security_dialog(path, engine)
            camera.take(dialog, "security-set")
            for field in (dialog.old, dialog.new, dialog.again):
                field.field.setText("not this one at all")
            dialog.set_button.click()
            until(dialog.message.text, "the refusal")
            camera.take(dialog, "security-refused")
            _put_away(dialog)
    finally:
        engine.stop()


def _security_dialog(path: Path, engine: Engine) -> SecurityDialog:
    locking = Locking(path, TREASURY.id, engine, FakeClock(), store_key=STORE_KEY, cost=_CHEAP)
    dialog = SecurityDialog(locking)
    locking.setParent(dialog)
    dialog.show()
    settle()
    return dialog


def support(camera: Camera, home: Path) -> None:
    """The parts of a bundle, before and after it is saved."""
    logged = (
        '{"time": "2026-05-11T10:15:30.120Z", "level": "INFO", "logger": "lumedesk.program", "message": "denied: core'
        ' dumps, attaching"}\n'
        '{"time": "2026-05-11T10:15:31.004Z", "level": "WARNING", "logger": "lumedesk.work.polling", "message":'
        ' "accounts: the server answered 503; next try in 30 s"}\n'
    )
    (home / LOG_FILE).write_text(logged * 12, encoding="utf-8")
    facts = {"profile": "production", "view only": False, "proxy": False, "connection": "online", "accounts": 7}
    with looked_at() as look:
        assert look
        dialog = SupportDialog(support_bundle(facts, home, qt="6"), lambda *_: None)
        dialog.show()
        camera.take(dialog, "support")
        dialog.names.setCurrentRow(2)
        camera.take(dialog, "support-log")
        dialog._file = home / "lumedesk-support.zip"
        dialog._tell_saved(None)
        camera.take(dialog, "support-saved")
        _put_away(dialog)


def hidden(camera: Camera, home: Path) -> None:
    """Amounts hidden for a screen that others see."""
    with running_sandbox(speed=0) as address, staged(home / "filled", SandboxConnector(address)) as stage:
        wait_for_rows(stage)
        stage.window.hide_action.trigger()
        camera.take(stage.window, "hidden-overview")
        page = record_page(stage.window, Kind.TRADES)
        stage.window.go_to(Kind.TRADES)
        page.view.selectRow(0)
        until(page.detail.isVisible, "the details")
        camera.take(stage.window, "hidden-trades")
        stage.window.hide_action.trigger()


@contextmanager
def desk_of(profile: Profile, folder: Path, connector: Connector | None) -> Iterator[Desk]:
    """A shown desk of any profile, at work through `connector`, or offline."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    setup = Setup(profile, profile_paths(folder, profile.name), STORE_KEY, connector is None, connector)
    desk = Desk(app, setup, Scheme.LIGHT)
    try:
        desk.window.show()
        settle()
        yield desk
    finally:
        desk.close()
        desk.look.deleteLater()
        settle()


def view_only(camera: Camera, home: Path) -> None:
    """A profile that never shows a button that moves money."""
    profile = LISTED[1].profile
    assert profile is not None
    with running_sandbox(speed=0) as address, desk_of(profile, home, SandboxConnector(address)) as desk:
        wait_for_rows(desk)  # type: ignore[arg-type]
        for kind, name in (
            (None, "overview"),
            (Kind.WITHDRAWALS, "withdrawals"),
            (Kind.BENEFICIARIES, "beneficiaries"),
        ):
            desk.window.go_to(kind)
            camera.take(desk.window, f"view-only-{name}")


def notices(camera: Camera, home: Path) -> None:
    """What is said above every page: the key is refused, the clipboard was changed."""
    answers = LaidOut(accounts=(([]), Unauthorised("The key is unknown.")))
    with desk_of(TREASURY, home, LaidOutConnector(answers)) as desk:
        wait_for_answers(desk.session)
        ours, found = "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
        desk.window.notices.warn(clipboard._told(ours, found))
        camera.take(desk.window, "notices-clipboard")
        desk.session.refresh()
        until(lambda: desk.session.connection is Connection.REFUSED, "the refusal")
        camera.take(desk.window, "notices-both")
        desk.window.notices.word.button.click()
        camera.take(desk.window, "notices-key")


def colours(camera: Camera, home: Path) -> None:
    """The window in each colour a profile can carry."""
    for colour in Colour:
        profile = Profile(colour.value, ProfileKind.CUSTOM, f"The {colour.value} one", OFFICIAL_URL, colour=colour)
        with desk_of(profile, home, None) as desk:
            desk.window.resize(desk.window.minimumSize())
            camera.take(desk.window, f"colours-{colour.value}")


SCENES = {
    "gate": gate,
    "setup": setup,
    "key": key,
    "profiles": profiles,
    "security": security,
    "support": support,
    "hidden": hidden,
    "view-only": view_only,
    "notices": notices,
    "colours": colours,
}
