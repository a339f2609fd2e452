"""The pages of the main window in their order. Each is loaded and made when it is first looked at: most starts need one."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lumedesk.domain.kinds import Kind
from lumedesk.views.pages.page import Page
from lumedesk.views.theme import Look
from lumedesk.work.session import Session

# What a page stands for: a kind of record, None for the overview, or the name of the desk's own records.
PageKey = Kind | str | None


class Place(NamedTuple):
    """A page as the navigation has it, made or not. `name` is that of its controls."""

    key: PageKey
    name: str
    title: str
    icon: str
    make: Callable[[Session, Look], Page]


def _overview(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.overview import OverviewPage

    return OverviewPage(session, look)


def _accounts(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.holdings import AccountsPage

    return AccountsPage(session, look)


def _wallets(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.holdings import WalletsPage

    return WalletsPage(session, look)


def _trades(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.histories import TradesPage

    return TradesPage(session, look)


def _deposits(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.histories import DepositsPage

    return DepositsPage(session, look)


def _withdrawals(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.histories import WithdrawalsPage

    return WithdrawalsPage(session, look)


def _beneficiaries(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.holdings import BeneficiariesPage

    return BeneficiariesPage(session, look)


def _movements(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.own import MovementsPage

    return MovementsPage(session, look)


def _audit(session: Session, look: Look) -> Page:
    from lumedesk.views.pages.own import AuditPage

    return AuditPage(session, look)


PLACES = (
    Place(None, "overview", "Overview", "layout-dashboard", _overview),
    Place(Kind.ACCOUNTS, "accounts", "Accounts", "landmark", _accounts),
    Place(Kind.WALLETS, "wallets", "Wallets", "wallet", _wallets),
    Place(Kind.TRADES, "trades", "Trades", "arrow-left-right", _trades),
    Place(Kind.DEPOSITS, "deposits", "Deposits", "arrow-down-to-line", _deposits),
    Place(Kind.WITHDRAWALS, "withdrawals", "Withdrawals", "arrow-up-from-line", _withdrawals),
    Place(Kind.BENEFICIARIES, "beneficiaries", "Beneficiaries", "users", _beneficiaries),
    Place("movements", "movements", "Movements", "send", _movements),
    Place("audit", "audit", "Audit log", "shield-check", _audit),
)


class Book(Mapping[PageKey, tuple[Page, str]]):
    """Each page with its icon, by what it stands for. Looking one up makes it."""

    def __init__(self, session: Session, look: Look, bind: Callable[[Page], None]) -> None:
        """`bind` is called once with each page, right after it was made."""
        self._session = session
        self._look = look
        self._bind = bind
        self._places = {place.key: place for place in PLACES}
        # The pages that are there already.
        self.pages_made: dict[PageKey, Page] = {}

    def __getitem__(self, key: PageKey) -> tuple[Page, str]:
        place = self._places[key]
        page = self.pages_made.get(key)
        if page is None:
            page = self.pages_made[key] = place.make(self._session, self._look)
            self._bind(page)
        return page, place.icon

    def __iter__(self) -> Iterator[PageKey]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
