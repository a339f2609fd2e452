"""The key of a profile: tried before it is used, kept in the keychain, replaced while the desk runs."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from lumedesk.api.probe import Check, Report, Verdict, test_connection
from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Credentials
from lumedesk.domain.errors import DeskError, Offline
from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import KeychainTrouble, Vault
from lumedesk.work.apart import KeychainFailed, apart
from lumedesk.work.connecting import KeyConnector, endpoint_of
from lumedesk.work.engine import Engine, Ticket
from lumedesk.work.session import Session

__all__ = ["Check", "KeychainFailed", "Keys", "NotKept", "Report", "Verdict", "apart", "try_connection"]


class NotKept(KeychainFailed):
    """Credentials that the keychain didn't take. They may still be used until the desk is closed."""


def try_connection(
    engine: Engine,
    clock: Clock,
    profile: Profile,
    credentials: Credentials,
    owner: QObject,
    done: Callable[[Report], None],
    failed: Callable[[DeskError], None],
) -> Ticket[Report]:
    """Try these credentials at the profile's server, with one read. Errors: ValueError for an address that can't be used."""
    endpoint = endpoint_of(profile)
    return engine.submit(test_connection(endpoint, credentials, clock), owner, done, failed)


class Keys(QObject):
    """The key of the open profile. Lives on the UI thread."""

    def __init__(self, engine: Engine, session: Session, profile: Profile, vault: Vault, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._session = session
        self._profile = profile
        self._vault = vault

    @property
    def keychain_name(self) -> str:
        """Where a key is kept, in words."""
        return self._vault.keychain.name

    def test(
        self,
        credentials: Credentials,
        owner: QObject,
        done: Callable[[Report], None],
        failed: Callable[[DeskError], None],
    ) -> Ticket[Report]:
        """Try a key at the profile's server; nothing is kept."""
        return try_connection(self._engine, self._session.clock, self._profile, credentials, owner, done, failed)

    def owner_problem(self, report: Report) -> str:
        """Why a key that works must not be used here: it belongs to somebody else. Empty when nothing speaks for that."""
        known = {account.id for account in self._session.records(Kind.ACCOUNTS) if account.id}
        if not known or not report.account_ids or known & report.account_ids:
            return ""
        return (
            "This key sees none of this profile's accounts: it belongs to somebody else."
            " Make a profile of its own for it, so that neither's history is mixed with the other's."
        )

    def replace(
        self,
        credentials: Credentials,
        owner: QObject,
        done: Callable[[], None],
        failed: Callable[[DeskError], None],
        *,
        for_this_run_only: bool = False,
    ) -> None:
        """Keep these and go on with them. `failed` gets NotKept when the keychain doesn't take them; then nothing changed."""

        async def keep() -> None:
            if not self._session.can_change_key:
                raise Offline
            if for_this_run_only:
                return
            try:
                await apart(lambda: self._vault.keep(credentials))
            except KeychainTrouble as trouble:
                raise NotKept(trouble) from trouble

        def go_on(_nothing: None) -> None:
            self._session.reconnect(KeyConnector(self._profile, credentials))
            self._session.movements.note("key changed", "", {"for this run only": str(for_this_run_only).lower()})
            done()

        self._engine.submit(keep(), owner, go_on, failed)
