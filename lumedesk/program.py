"""The program as a whole: the set-up, the gate in front of each profile, the desk behind it, and the way between them."""

import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication

from lumedesk import __version__
from lumedesk.app import CannotStart, Desk, Setup
from lumedesk.domain.clocks import Clock, SystemClock
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.domain.setup import SetupAnswers
from lumedesk.hardening import harden
from lumedesk.keychain import Keychain, KeychainTrouble, MemoryKeychain, NoKeychain, Vault, system_keychain
from lumedesk.logs import default_log_dir, start_logging
from lumedesk.opening import Found, Opening
from lumedesk.store.mirror import MirrorError
from lumedesk.store.paths import profile_paths
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import free_name, list_profiles, note_opened
from lumedesk.views.gate import GateWindow
from lumedesk.views.parts.clipboard import Clipboard
from lumedesk.views.setup import SetupWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import KeyConnector, address_problem
from lumedesk.work.engine import Engine, Ticket
from lumedesk.work.keys import KeychainFailed, Report, apart, try_connection
from lumedesk.work.locking import Locking
from lumedesk.work.profiles import NotRemoved, ProfileExists, enrol, remove
from lumedesk.workplace import Workplace

log = logging.getLogger(__name__)
_SANDBOX = "sandbox"


class NotDone(DeskError):
    """Files of a profile that could not be made or removed."""

    title = "That didn't work"
    advice = "See the reason below."


class Program(QObject):
    """One run of LumeDesk; it shows one profile at a time. `close` leaves nothing behind."""

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
        self.setup: SetupWindow | None = None
        self.gate: GateWindow | None = None
        self.workplace: Workplace | None = None
        self._opening: Opening | None = None
        self._opened: tuple[Profile, Engine, Locking] | None = None
        self._setup_note = ""

    def start(self, profile: Profile | None) -> None:
        """Open a profile; None asks first what to do."""
        if profile is None:
            self.show_setup()
        else:
            self.open(profile)

    def close(self) -> None:
        """End everything, in an order that loses nothing."""
        self._close_setup()
        self._leave()
        self._engine.stop()
        Clipboard.of(self._app).close()

    # The set-up

    def show_setup(self) -> None:
        """Ask what to open: the sandbox, or a server with a key. What is open already stays open meanwhile."""
        if self.setup is not None:
            self.setup.raise_()
            return
        ground = Ground(self._engine, self._clock)
        self._engine.submit(ground.look_for_keychain(self._keychain), self, self._show_setup)

    def _show_setup(self, ground: "Ground") -> None:
        self.setup = SetupWindow(self.look, ground, can_rehearse=self.workplace is None)
        self.setup.sandbox_wanted.connect(self._rehearse)
        self.setup.finished.connect(self._enrol)
        self.setup.quit_wanted.connect(self._give_up_setup)
        self.setup.show()
        if self._setup_note:
            self.setup.show_failure(self._setup_note)
            self._setup_note = ""

    def _rehearse(self) -> None:
        self._close_setup()
        self.open(Profile(_SANDBOX, ProfileKind.SANDBOX))

    def _enrol(self, answers: SetupAnswers) -> None:
        profile = answers.profile(free_name(self._data_dir, answers.title))
        credentials, passphrase = answers.credentials, answers.passphrase
        if credentials is None:
            return

        def make() -> Vault:
            try:
                keychain = self._keychain()
            except NoKeychain:
                if passphrase is None:
                    raise
                keychain = MemoryKeychain()
            enrol(self._data_dir, profile, credentials, keychain, passphrase)
            return Vault(keychain, profile.id)

        async def enrolled() -> Found:
            try:
                vault = await apart(make)
                key = await apart(vault.store_key)
            except KeychainTrouble as trouble:
                raise KeychainFailed(trouble) from trouble
            except (ProfileExists, NotWritable, OSError) as error:
                raise NotDone(str(error)) from error
            if key is None:
                raise NotDone("The key of the new records wasn't kept.")
            return Found(key, vault, credentials, offline=False)

        self._engine.submit(enrolled(), self, partial(self._enter_new, profile), self._tell_setup)

    def _enter_new(self, profile: Profile, found: Found) -> None:
        self._close_setup()
        self._leave()
        self._approach(profile, found.store_key)
        self._enter(found)

    def _tell_setup(self, error: DeskError) -> None:
        if self.setup is not None:
            self.setup.show_failure(f"{error.title}. {error.advice} {error.detail}".strip())

    def _give_up_setup(self) -> None:
        self._close_setup()
        if self.workplace is None:
            self._app.quit()

    def _close_setup(self) -> None:
        setup, self.setup = self.setup, None
        if setup is not None:
            # Closed by us, it isn't the operator's wish to quit.
            setup.quit_wanted.disconnect(self._give_up_setup)
            setup.close()
            setup.deleteLater()

    # From a profile's name to its desk

    def open(self, profile: Profile) -> None:
        """Leave what is open and open this profile, once it has what it needs."""
        self._leave()
        engine, locking = self._approach(profile)
        if self.gate is None:
            return
        paths = profile_paths(self._data_dir, profile.name)
        self._opening = Opening(
            self.gate, engine, locking, profile, paths, self._keychain, offline=self._offline, parent=self
        )
        self._opening.ready.connect(self._enter)
        self._opening.start()

    def _approach(self, profile: Profile, store_key: Secret | None = None) -> tuple[Engine, Locking]:
        """Put up the gate. With the `store_key` known, it is open already."""
        paths = profile_paths(self._data_dir, profile.name)
        engine = Engine()
        locking = Locking(paths.lock, profile.id, engine, self._clock, store_key=store_key, parent=self)
        if store_key is not None:
            locking.is_locked = False
        self._opened = profile, engine, locking
        self.gate = GateWindow(self.look, self._clock, profile.title)
        self.gate.quit_wanted.connect(self._app.quit)
        return engine, locking

    def _enter(self, found: Found) -> None:
        if self._opened is None or self.gate is None:
            return
        profile, engine, locking = self._opened
        if self._opening is not None:
            self._opening.deleteLater()
            self._opening = None
        connector = None
        if found.credentials is not None:
            connector = KeyConnector(profile, found.credentials)
        offline = found.offline or self._offline
        paths = profile_paths(self._data_dir, profile.name)
        setup = Setup(profile, paths, found.store_key, offline, connector)
        try:
            desk = Desk(self._app, setup, clock=self._clock, look=self.look, engine=engine)
        except (CannotStart, MirrorError) as error:
            self.gate.show_trouble("This profile can't be opened", str(error), "", [])
            return
        self.workplace = Workplace(desk, self.gate, locking, profile, found.vault, self._data_dir)
        self.workplace.profile_wanted.connect(self._switch)
        self.workplace.setup_wanted.connect(self.show_setup)
        self.workplace.removal_wanted.connect(self._remove)
        self.workplace.show()
        try:
            note_opened(self._data_dir, profile.name)
        except NotWritable as error:
            log.warning("%s", error)

    def _leave(self) -> None:
        """Close what is open, if anything."""
        if self._opening is not None:
            self._opening.close()
            self._opening.deleteLater()
            self._opening = None
        if self._opened is not None:
            _, engine, locking = self._opened
            locking.close()
            if self.workplace is not None:
                self.workplace.close()
                self.workplace = None
            engine.stop()
            self._opened = None
        if self.gate is not None:
            self.gate.hide()
            self.gate.deleteLater()
            self.gate = None

    # Other profiles

    def _switch(self, name: str) -> None:
        profile = next((each.profile for each in list_profiles(self._data_dir) if each.name == name), None)
        if profile is not None and self._may_leave():
            self.open(profile)

    def _may_leave(self) -> bool:
        """False while a dialog shows an order under way: its outcome must be seen."""
        return self.workplace is None or self.workplace.may_close()

    def _remove(self, name: str, wipe: bool) -> None:
        profile = next((each.profile for each in list_profiles(self._data_dir) if each.name == name), None)
        is_open = self._opened is not None and self._opened[0].name == name
        if profile is None or (is_open and not self._may_leave()):
            return
        if is_open:
            self._leave()
        paths = profile_paths(self._data_dir, name)

        async def removed() -> None:
            try:
                keychain = None if profile.is_sandbox else await apart(self._keychain)
                await apart(lambda: remove(paths, profile, keychain, keeps_records=not wipe))
            except KeychainTrouble as trouble:
                raise KeychainFailed(trouble) from trouble
            except (NotRemoved, OSError) as error:
                raise NotDone(str(error)) from error

        def go_on(_nothing: None) -> None:
            if self.workplace is not None:
                self.workplace.tell_removed()
            else:
                self.show_setup()

        def complain(error: DeskError) -> None:
            if self.workplace is not None:
                self.workplace.tell_removed(error)
            else:
                # Its window is gone already; the set-up is where the operator looks now.
                self._setup_note = f"{error.title}. {error.detail} {error.advice}"
                self.show_setup()

        self._engine.submit(removed(), self, go_on, complain)


class Ground:
    """What the set-up stands on."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self.keychain_name = ""
        self.keychain_problem = ""

    async def look_for_keychain(self, keychain: Callable[[], Keychain]) -> "Ground":
        """See whether there is one, without asking the operator for anything. For the worker."""
        try:
            self.keychain_name = (await apart(keychain)).name
        except KeychainTrouble as trouble:
            self.keychain_problem = str(trouble) or trouble.title
        return self

    def address_problem(self, profile: Profile) -> str:
        """Why the profile's address, proxy or CA file can't be used; empty when they can."""
        return address_problem(profile)

    def test(
        self,
        profile: Profile,
        credentials: Credentials,
        owner: QObject,
        done: Callable[[Report], None],
        failed: Callable[[DeskError], None],
    ) -> Ticket[Report]:
        """Try the connection. Errors: ValueError for an address that can't be used."""
        return try_connection(self._engine, self._clock, profile, credentials, owner, done, failed)


def run(data_dir: Path, profile: Profile | None, *, offline: bool = False) -> int:
    """Open the program and stay until it is closed. Shape: the process's exit code."""
    logging_ = start_logging(default_log_dir())
    try:
        return _run(data_dir, profile, offline=offline)
    except (CannotStart, MirrorError):
        raise
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
    program = Program(app, data_dir, offline=offline)
    program.start(profile)
    try:
        return app.exec()
    finally:
        program.close()
