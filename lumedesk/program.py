"""The program as a whole: the set-up, the gate in front of each profile, the desk behind it, and the way between them."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from lumedesk import __version__
from lumedesk.app import CannotStart, Claim, Desk, Setup, claim
from lumedesk.beginning import Beginning
from lumedesk.domain.clocks import Clock, SystemClock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.hardening import harden
from lumedesk.keychain import Keychain, KeychainTrouble, NoKeychain, system_keychain
from lumedesk.logs import default_log_dir, start_logging
from lumedesk.opening import PROFILES, QUIT, Found, Opening
from lumedesk.store.mirror import MirrorError
from lumedesk.store.paths import profile_paths
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import list_profiles, note_opened
from lumedesk.views.dialogs.profiles import ProfilesDialog
from lumedesk.views.gate import GateWindow
from lumedesk.views.parts.clipboard import Clipboard
from lumedesk.views.setup import SetupWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import KeyConnector
from lumedesk.work.engine import Engine
from lumedesk.work.keys import KeychainFailed, apart
from lumedesk.work.locking import Locking
from lumedesk.work.profiles import NotRemoved, remove
from lumedesk.workplace import Workplace

log = logging.getLogger(__name__)
_SANDBOX = "sandbox"
_SENDING = "An order is being sent. LumeDesk closes as soon as it is answered."


class NotDone(DeskError):
    """A profile that could not be removed."""

    title = "The profile wasn't removed"
    advice = ""


class Program(QObject):
    """One run of LumeDesk; it shows one profile at a time. `close` leaves nothing behind."""

    # The operator wants to end it, and nothing is being sent any more. UI thread.
    finished = Signal()

    def __init__(
        self,
        app: QApplication,
        data_dir: Path,
        *,
        offline: bool = False,
        keychain: Callable[[], Keychain] = system_keychain,
        scheme: Scheme = Scheme.SYSTEM,
        clock: Clock | None = None,
    ) -> None:
        """`keychain` is only ever called on a thread of its own."""
        super().__init__()
        self._app = app
        self._data_dir = data_dir
        self._offline = offline
        self._keychain = keychain
        self._clock = clock or SystemClock()
        self.look = Look(app, scheme)
        # For what isn't one profile's: the set-up, and removing profiles.
        self._engine = Engine(self)
        self._beginning: Beginning | None = None
        self.gate: GateWindow | None = None
        self.chooser: ProfilesDialog | None = None
        self.workplace: Workplace | None = None
        self._opening: Opening | None = None
        self._opened: _Opened | None = None

    @property
    def setup(self) -> SetupWindow | None:
        """The set-up's window, while there is one."""
        return None if self._beginning is None else self._beginning.window

    def start(self, profile: Profile | None) -> None:
        """Open a profile; None asks which, or what to do where there is none."""
        if profile is None:
            self.choose()
        else:
            self.open(profile)

    def quit(self) -> None:
        """End the program, once nothing is being sent any more; `finished` follows."""
        workplace = self.workplace
        if workplace is not None and workplace.is_sending:
            if self.gate is not None and not workplace.window.isVisible():
                self.gate.show_busy(_SENDING)
            workplace.desk.session.movements.changed.connect(self.quit, Qt.ConnectionType.SingleShotConnection)
            return
        self.finished.emit()

    def close(self) -> None:
        """End everything, in an order that loses nothing."""
        self._close_setup()
        self._close_chooser()
        self._leave()
        self._engine.stop()
        Clipboard.of(self._app).close()

    # What to open

    def choose(self, words: str = "") -> None:
        """Ask which profile to open; without any, begin with the set-up. `words` say what just went wrong."""
        listed = list_profiles(self._data_dir)
        if not listed:
            self.show_setup(words)
            return
        self._close_chooser()
        self.chooser = ProfilesDialog(listed, "", self.look)
        self.chooser.open_wanted.connect(self._switch)
        self.chooser.add_wanted.connect(self.show_setup)
        self.chooser.remove_wanted.connect(self._remove)
        self.chooser.rejected.connect(self._give_up_choice)
        self.chooser.show()
        if words:
            self.chooser.show_failure(words)

    def _give_up_choice(self) -> None:
        self.chooser = None
        if self.gate is None and self._beginning is None:
            self.quit()

    def _close_chooser(self) -> None:
        chooser, self.chooser = self.chooser, None
        if chooser is not None:
            chooser.rejected.disconnect(self._give_up_choice)
            chooser.close()
            chooser.deleteLater()

    def show_setup(self, words: str = "") -> None:
        """Ask what to open: the sandbox, or a server with a key. What is open already stays open meanwhile."""
        if self._beginning is None:
            self._beginning = Beginning(
                self._engine,
                self._clock,
                self.look,
                self._data_dir,
                self._keychain,
                can_rehearse=self.workplace is None,
                parent=self,
            )
            self._beginning.rehearsal_wanted.connect(self._rehearse)
            self._beginning.made.connect(self._enter_new)
            self._beginning.given_up.connect(self._give_up_setup)
        self._beginning.window.show()
        self._beginning.window.activateWindow()
        if words:
            self._beginning.tell(words)

    def _rehearse(self) -> None:
        self._close_setup()
        self.open(Profile(_SANDBOX, ProfileKind.SANDBOX))

    def _enter_new(self, profile: Profile, found: Found) -> None:
        self._close_setup()
        if self.workplace is not None and self.workplace.is_busy:
            # A draft, a dialog or an order is in the way; the new profile is in the list.
            self.workplace.tell(f"“{profile.title}” was made. Open it from Desk, Profiles, when you are done here.")
            return
        self._leave()
        if self._approach(profile, found.store_key):
            self._enter(found)

    def _give_up_setup(self) -> None:
        self._close_setup()
        if self.workplace is None and self.gate is None:
            self.quit()

    def _close_setup(self) -> None:
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            beginning.close()

    # From a profile's name to its desk

    def open(self, profile: Profile) -> None:
        """Leave what is open and open this profile, once it has what it needs."""
        self._close_setup()
        self._leave()
        if not self._approach(profile) or self._opened is None or self.gate is None:
            return
        opened = self._opened
        self._opening = Opening(
            self.gate,
            opened.engine,
            opened.locking,
            profile,
            profile_paths(self._data_dir, profile.name),
            self._keychain,
            offline=self._offline,
            is_owner=opened.claim.is_owner,
            parent=self,
        )
        self._opening.ready.connect(self._enter)
        self._opening.start()

    def _approach(self, profile: Profile, store_key: Secret | None = None) -> bool:
        """Put up the gate; with the `store_key` known, it is open already. False when the profile can't be opened."""
        paths = profile_paths(self._data_dir, profile.name)
        self.gate = GateWindow(self.look, self._clock, profile.title)
        self.gate.quit_wanted.connect(self.quit)
        self.gate.chosen.connect(self._choose_at_gate)
        try:
            # Nobody but the profile's owner writes to its keychain entries, so this comes first.
            claimed = claim(paths, profile)
        except CannotStart as error:
            self._stay_out(str(error))
            return False
        engine = Engine()
        locking = Locking(
            paths.lock,
            profile.id,
            engine,
            self._clock,
            store_key=store_key,
            view_only=not claimed.is_owner,
            parent=self,
        )
        if store_key is not None:
            locking.is_locked = False
        self._opened = _Opened(profile, engine, locking, claimed)
        return True

    def _enter(self, found: Found) -> None:
        if self._opened is None or self.gate is None:
            return
        opened = self._opened
        profile, locking = opened.profile, opened.locking
        if self._opening is not None:
            self._opening.deleteLater()
            self._opening = None
        paths = profile_paths(self._data_dir, profile.name)
        # Where no lasting keychain holds the key of the records, the passphrase must stay.
        locking.is_only_way_in = not (profile.is_sandbox or found.vault.keychain.is_lasting)
        try:
            connector = None if found.credentials is None else KeyConnector(profile, found.credentials)
            setup = Setup(profile, paths, found.store_key, found.offline or self._offline, connector)
            desk = Desk(self._app, setup, clock=self._clock, look=self.look, engine=opened.engine, claimed=opened.claim)
        except (CannotStart, MirrorError, ValueError) as error:
            self._stay_out(str(error))
            return
        self.workplace = Workplace(desk, self.gate, locking, profile, found.vault, self._data_dir)
        self.workplace.profile_wanted.connect(self._switch)
        self.workplace.setup_wanted.connect(self.show_setup)
        self.workplace.removal_wanted.connect(self._remove)
        self.workplace.window.closed.connect(self.quit)
        self._close_chooser()
        self.workplace.show()
        try:
            note_opened(self._data_dir, profile.name)
        except NotWritable as error:
            log.warning("%s", error)

    def _stay_out(self, why: str) -> None:
        if self.gate is not None:
            self.gate.show_trouble("This profile can't be opened", why, "", [PROFILES, QUIT])
            self.gate.show()

    def _choose_at_gate(self, name: str) -> None:
        if name == PROFILES[0]:
            self.choose()
        elif name == QUIT[0]:
            self.quit()

    def _leave(self) -> None:
        """Close what is open, if anything."""
        if self._opening is not None:
            self._opening.close()
            self._opening.deleteLater()
            self._opening = None
        if self._opened is not None:
            opened, self._opened = self._opened, None
            opened.locking.close()
            # What was left is kept in memory no longer than it is needed.
            opened.locking.store_key = None
            if self.workplace is not None:
                self.workplace.window.closed.disconnect(self.quit)
                self.workplace.close()
                self.workplace = None
            opened.engine.stop()
            opened.claim.release()
        if self.gate is not None:
            self.gate.hide()
            self.gate.deleteLater()
            self.gate = None

    # Other profiles

    def _profile(self, name: str) -> Profile | None:
        return next((each.profile for each in list_profiles(self._data_dir) if each.name == name), None)

    def _switch(self, name: str) -> None:
        profile = self._profile(name)
        if profile is None:
            return
        if self.workplace is not None and self.workplace.is_busy:
            self.workplace.tell("Finish what is open first: a draft would be lost, or an order's outcome not seen.")
            return
        self.open(profile)

    def _remove(self, name: str, wipe: bool) -> None:
        profile = self._profile(name)
        if profile is None:
            self._tell_removed(f"There is no profile {name!r} any more.")
            return
        opened = self._opened if self._opened is not None and self._opened.profile.name == name else None
        key = opened.locking.store_key if opened is not None else None
        if opened is not None:
            if self.workplace is not None and (doubt := self.workplace.open_orders):
                self._tell_removed(f"{doubt} Decide on the Movements page first.")
                return
            self._leave()
            # Something must be seen meanwhile: without a window the program would seem to have ended.
            self.gate = GateWindow(self.look, self._clock, profile.title)
            self.gate.show_busy("Removing the profile. The system's keychain may ask for its password.")
            self.gate.show()
        paths = profile_paths(self._data_dir, name)

        async def removed() -> None:
            try:
                keychain = None if profile.is_sandbox else await apart(self._keychain_or_none)
                await apart(lambda: remove(paths, profile, keychain, keeps_records=not wipe, store_key=key))
            except KeychainTrouble as trouble:
                raise KeychainFailed(trouble) from trouble
            except (NotRemoved, OSError) as error:
                raise NotDone(str(error)) from error

        self._engine.submit(
            removed(),
            self,
            lambda _nothing: self._tell_removed(),
            lambda error: self._tell_removed(f"{error.title}. {error.detail} {error.advice}".strip()),
        )

    def _keychain_or_none(self) -> Keychain | None:
        try:
            return self._keychain()
        except NoKeychain:
            return None

    def _tell_removed(self, words: str = "") -> None:
        if self.workplace is not None:
            self.workplace.tell_removed(words)
            return
        self._leave()
        self.choose(words)


class _Opened:
    """What one open profile holds on to, from the gate to its end."""

    def __init__(self, profile: Profile, engine: Engine, locking: Locking, claimed: Claim) -> None:
        self.profile = profile
        self.engine = engine
        self.locking = locking
        self.claim = claimed


def run(data_dir: Path, profile: Profile | None, *, offline: bool = False) -> int:
    """Open the program and stay until it is closed. Shape: the process's exit code."""
    logging_ = start_logging(default_log_dir())
    try:
        return _run(data_dir, profile, offline=offline)
    except Exception:
        # Told through the log, which leaves secrets out.
        log.critical("the program ended", exc_info=True)
        return 1
    finally:
        logging_.close()


def _run(data_dir: Path, profile: Profile | None, *, offline: bool) -> int:
    log.info("denied: %s", ", ".join(harden()))
    if sys.platform == "linux":
        # A desktop portal refuses its file dialogs to a process that nobody may look into.
        QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("LumeDesk")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("lumedesk")
    # Windows give way to one another here, and for a moment there may be none.
    app.setQuitOnLastWindowClosed(False)
    program = Program(app, data_dir, offline=offline)
    program.finished.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    program.start(profile)
    try:
        return app.exec()
    finally:
        program.close()
