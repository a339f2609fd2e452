"""The set-up at work: its window, the keychain it looks for, the connection it tries, and the profile it makes."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Credentials
from lumedesk.domain.errors import DeskError
from lumedesk.domain.profiles import Profile
from lumedesk.domain.setup import SetupAnswers
from lumedesk.keychain import Keychain, KeychainTrouble, MemoryKeychain, NoKeychain, Vault
from lumedesk.opening import Found
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import free_name
from lumedesk.views.setup import SetupWindow
from lumedesk.views.theme import Look
from lumedesk.work.connecting import address_problem
from lumedesk.work.engine import Engine, Ticket
from lumedesk.work.keys import KeychainFailed, Report, apart, try_connection
from lumedesk.work.profiles import ProfileExists, enrol


class NotMade(DeskError):
    """A profile whose files could not be made."""

    title = "The profile wasn't made"
    advice = "See the reason below."


class Beginning(QObject):
    """One set-up, from its first question to the profile. Closing it drops what was still going on."""

    # The operator wants the sandbox. UI thread.
    rehearsal_wanted = Signal()
    # (Profile, Found): the profile is made and has all it needs. UI thread.
    made = Signal(object, object)
    # The operator closed the window. UI thread.
    given_up = Signal()

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        look: Look,
        data_dir: Path,
        keychain: Callable[[], Keychain],
        *,
        can_rehearse: bool,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._data_dir = data_dir
        self._keychain = keychain
        self._ticket: Ticket[Found] | None = None
        self._ground = Ground(engine, clock)
        self.window = SetupWindow(look, self._ground, can_rehearse=can_rehearse)
        self.window.sandbox_wanted.connect(self.rehearsal_wanted)
        self.window.finished.connect(self._enrol)
        self.window.quit_wanted.connect(self.given_up)
        # It has its answer long before the last step, where it is needed.
        engine.submit(self._ground.look_for_keychain(keychain), self, failed=self._ground.take_failure)

    def tell(self, words: str) -> None:
        """Say what went wrong."""
        self.window.show_failure(words)

    def close(self) -> None:
        """End it without a word."""
        if self._ticket is not None:
            self._ticket.cancel()
        # Closed by us, it isn't the operator's wish.
        self.window.quit_wanted.disconnect(self.given_up)
        self.window.close()
        self.window.deleteLater()
        self.deleteLater()

    def _enrol(self, answers: SetupAnswers) -> None:
        credentials = answers.credentials
        if credentials is None:
            return
        profile = answers.profile(free_name(self._data_dir, answers.title))
        work = self._enrolled(profile, credentials, answers)
        self._ticket = self._engine.submit(
            work,
            self,
            lambda found: self.made.emit(profile, found),
            lambda error: self.tell(f"{error.title}. {error.advice} {error.detail}".strip()),
        )

    async def _enrolled(self, profile: Profile, credentials: Credentials, answers: SetupAnswers) -> Found:
        def make() -> Found:
            try:
                keychain = self._keychain()
            except NoKeychain:
                if answers.passphrase is None:
                    raise
                keychain = MemoryKeychain()
            enrol(self._data_dir, profile, credentials, keychain, answers.passphrase)
            vault = Vault(keychain, profile.id)
            key = vault.store_key()
            if key is None:
                raise NotMade("The key of the new records wasn't kept.")
            return Found(key, vault, credentials, offline=False)

        try:
            return await apart(make)
        except KeychainTrouble as trouble:
            raise KeychainFailed(trouble) from trouble
        except (ProfileExists, NotWritable, OSError) as error:
            raise NotMade(str(error)) from error


class Ground:
    """What the set-up's window stands on."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self.keychain_name = "the system's keychain"
        self.keychain_problem = ""

    async def look_for_keychain(self, keychain: Callable[[], Keychain]) -> None:
        """See whether there is one, without asking the operator for anything. For the worker."""
        try:
            self.keychain_name = (await apart(keychain)).name
        except KeychainTrouble as trouble:
            self.keychain_problem = str(trouble) or trouble.title

    def take_failure(self, error: DeskError) -> None:
        """A keychain that can't even be looked for is none."""
        self.keychain_problem = error.detail or error.title

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
