"""The program as a whole: the set-up, the gate in front of each profile, the desk behind it, and the way between them."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from lumedesk.app import CannotStart, Claim, Desk, Setup, claim
from lumedesk.domain.clocks import Clock, SystemClock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.keychain import Keychain, KeychainTrouble, NoKeychain, system_keychain
from lumedesk.opening import PROFILES, QUIT, Found, Opening
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.paths import profile_paths
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import list_profiles, note_opened
from lumedesk.updating import Updating
from lumedesk.views.gateway import Gateway
from lumedesk.views.main_window import MainWindow
from lumedesk.views.pages.book import PLACES
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import KeyConnector
from lumedesk.work.engine import Engine
from lumedesk.work.locking import Locking
from lumedesk.work.sweeping import Sweeper
from lumedesk.workplace import Workplace

if TYPE_CHECKING:
    from lumedesk.beginning import Beginning
    from lumedesk.views.dialogs.profiles import ProfilesDialog
    from lumedesk.views.gate import GateWindow
    from lumedesk.views.setup import SetupWindow

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
        window: MainWindow | None = None,
        page: str = "",
    ) -> None:
        """`keychain` is only ever called on a thread of its own.

        `window` is on the screen already, with nothing in it yet: the first profile that is opened fills it. `page` is the
        name of the page that it is opened at.
        """
        super().__init__()
        self._app = app
        self._data_dir = data_dir
        self._offline = offline
        self._page = page
        self._keychain = keychain
        self._clock = clock or SystemClock()
        self.look = Look(app, scheme)
        self._sweeper = Sweeper(self)
        # For what isn't one profile's: the set-up, and removing profiles.
        self._engine = Engine(self)
        self._beginning: Beginning | None = None
        self._gateway: Gateway | None = None
        self._outlined = window
        if window is not None:
            window.closed.connect(self.quit)
        self.chooser: ProfilesDialog | None = None
        self.workplace: Workplace | None = None
        self._opening: Opening | None = None
        self._opened: _Opened | None = None

    @property
    def gate(self) -> "GateWindow | None":
        """The window in front of the profile that is open or being opened; None without one."""
        return None if self._gateway is None else self._gateway.window

    @property
    def setup(self) -> "SetupWindow | None":
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
            if self._gateway is not None and not workplace.window.isVisible():
                self._gateway.window.show_busy(_SENDING)
            workplace.desk.session.movements.changed.connect(self.quit, Qt.ConnectionType.SingleShotConnection)
            return
        self.finished.emit()

    def close(self) -> None:
        """End everything, in an order that loses nothing."""
        self._close_setup()
        self._close_chooser()
        self._leave()
        self._drop_outline()
        self._engine.stop()
        self._sweeper.close()
        from lumedesk.views.parts.clipboard import Clipboard

        Clipboard.of(self._app).close()

    # What to open

    def choose(self, words: str = "") -> None:
        """Ask which profile to open; without any, begin with the set-up. `words` say what just went wrong."""
        listed = list_profiles(self._data_dir)
        if not listed:
            self.show_setup(words)
            return
        self._close_chooser()
        self._drop_outline()
        from lumedesk.views.dialogs.profiles import ProfilesDialog

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
        if self._gateway is None and self._beginning is None:
            self.quit()

    def _close_chooser(self) -> None:
        chooser, self.chooser = self.chooser, None
        if chooser is not None:
            chooser.rejected.disconnect(self._give_up_choice)
            chooser.close()
            chooser.deleteLater()

    def show_setup(self, words: str = "") -> None:
        """Ask what to open: the sandbox, or a server with a key. What is open already stays open meanwhile."""
        self._drop_outline()
        if self._beginning is None:
            from lumedesk.beginning import Beginning

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
        if self.workplace is None and self._gateway is None:
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
        if not self._approach(profile) or self._opened is None or self._gateway is None:
            return
        opened = self._opened
        self._opening = Opening(
            self._gateway,
            opened.locking,
            profile,
            profile_paths(self._data_dir, profile.name),
            self._keychain,
            offline=self._offline,
            is_owner=opened.claim.is_owner,
            parent=self,
        )
        self._opening.ready.connect(self._enter)
        self._opening.gate_shown.connect(self._hide_outline)
        self._opening.start()

    def _approach(self, profile: Profile, store_key: Secret | None = None) -> bool:
        """Put up the gate; with the `store_key` known, it is open already. False when the profile can't be opened."""
        paths = profile_paths(self._data_dir, profile.name)
        self._gateway = Gateway(partial(self._make_gate, profile.title))
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

    def _make_gate(self, title: str) -> "GateWindow":
        from lumedesk.views.gate import GateWindow

        gate = GateWindow(self.look, self._clock, title)
        gate.quit_wanted.connect(self.quit)
        gate.chosen.connect(self._choose_at_gate)
        return gate

    def _hide_outline(self) -> None:
        """The gate has something to say: two windows would be one too many."""
        if self._outlined is not None:
            self._outlined.hide()

    def _take_outline(self) -> MainWindow | None:
        window, self._outlined = self._outlined, None
        if window is not None:
            window.closed.disconnect(self.quit)
        return window

    def _drop_outline(self) -> None:
        window = self._take_outline()
        if window is not None:
            window.close()
            window.deleteLater()

    def _enter(self, found: Found) -> None:
        if self._opened is None or self._gateway is None:
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
            desk = Desk(
                self._app,
                setup,
                clock=self._clock,
                look=self.look,
                engine=opened.engine,
                claimed=opened.claim,
                window=self._take_outline(),
            )
        except (CannotStart, MirrorError, ValueError) as error:
            self._stay_out(str(error))
            return
        self.workplace = Workplace(desk, self._gateway, locking, profile, found.vault, self._data_dir)
        self.workplace.profile_wanted.connect(self._switch)
        self.workplace.setup_wanted.connect(self.show_setup)
        self.workplace.removal_wanted.connect(self._remove)
        self.workplace.window.closed.connect(self.quit)
        Updating(desk, profile, self._data_dir)
        self._close_chooser()
        self.workplace.window.page_painted.connect(self._sweeper.keep)
        if self._page:
            self.workplace.window.go_to(next(place.key for place in PLACES if place.name == self._page))
            self._page = ""
        self.workplace.show()
        try:
            note_opened(self._data_dir, profile.name)
        except NotWritable as error:
            log.warning("%s", error)

    def _stay_out(self, why: str) -> None:
        self._hide_outline()
        if self._gateway is not None:
            gate = self._gateway.window
            gate.show_trouble("This profile can't be opened", why, "", [PROFILES, QUIT])
            gate.show()

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
        if self._gateway is not None:
            self._gateway.discard()
            self._gateway = None

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
            self._gateway = Gateway(partial(self._make_gate, profile.title))
            gate = self._gateway.window
            gate.show_busy("Removing the profile. The system's keychain may ask for its password.")
            gate.show()
        paths = profile_paths(self._data_dir, name)

        from lumedesk.work.apart import KeychainFailed, apart
        from lumedesk.work.profiles import NotRemoved, remove

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
