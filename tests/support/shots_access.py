"""The gate, the set-up and the dialog for the key, each set up for its picture. What takes the pictures is shots.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Unauthorised, Unreachable, Wire
from lumedesk.domain.lock import LockSettings, Reason
from lumedesk.domain.profiles import OFFICIAL_URL, Profile, ProfileKind
from lumedesk.keychain import KeychainLocked, MemoryKeychain, NoKeychain, Vault
from lumedesk.views.dialogs.key import KeyDialog
from lumedesk.views.gate import GateWindow
from lumedesk.views.setup import SetupWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import address_problem
from lumedesk.work.engine import Ticket
from lumedesk.work.keys import Check, Keys, NotKept, Report, Verdict
from tests.support.clock import FakeClock
from tests.support.shots_pages import Camera
from tests.support.stage import settle

TREASURY = Profile("treasury", ProfileKind.PRODUCTION, "Treasury", OFFICIAL_URL, id="0123456789abcdef")
_PASSPHRASE = Secret("correct horse battery")
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
            put_away(dialog)
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
            put_away(dialog)


def put_away(dialog: Any) -> None:
    dialog.close()
    dialog.deleteLater()
    settle()


SCENES = {"gate": gate, "setup": setup, "key": key}
