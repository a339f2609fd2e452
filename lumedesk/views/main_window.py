"""The main window: navigation, pages, status bar and menus. Opens the dialogs; knows no rules of its own.

It is on the screen before the desk behind it is there, so nothing that takes time to load is imported up here.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from lumedesk.domain.profiles import Colour, Profile
from lumedesk.domain.text import shown
from lumedesk.views.outline import Outline

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QAction, QCloseEvent, QPaintEvent

    from lumedesk.domain.kinds import Kind
    from lumedesk.views.dialogs.dialog import Dialog
    from lumedesk.views.pages.histories import DepositsPage, TradesPage, WithdrawalsPage
    from lumedesk.views.pages.holdings import AccountsPage, BeneficiariesPage, WalletsPage
    from lumedesk.views.pages.overview import OverviewPage
    from lumedesk.views.pages.own import AuditPage, MovementsPage
    from lumedesk.views.pages.page import Page
    from lumedesk.views.theme import Look
    from lumedesk.work.session import Session

_AGE_MS = 1_000
_NOT_YET = "The record of movements is being opened."
_TONES = {
    Colour.RED: "failed",
    Colour.AMBER: "waiting",
    Colour.GREEN: "done",
    Colour.BLUE: "moving",
    Colour.GREY: "unknown",
}
# The buttons of pages that send money, by the name of their attribute.
_SENDING = ("quote_button", "withdraw_button", "create_button", "pay_button")


class MainWindow(QMainWindow):
    """One profile's desk. Made with its session it is whole; made without, it shows its outlines until `fill`.

    What is filled shows what is known. What money may move, and why not, it says once it is complete.
    """

    # What is beyond one profile's data, or needs its secrets, is done by whoever built the window. UI thread.
    lock_wanted = Signal()
    security_wanted = Signal()
    key_wanted = Signal()
    profiles_wanted = Signal()
    support_wanted = Signal()
    updates_wanted = Signal()
    # It was painted for the first time, and the first time with its page. UI thread.
    painted = Signal()
    page_painted = Signal()
    # The operator closed the window. UI thread.
    closed = Signal()

    # Qt calls before it is made whole.
    _is_filled = False
    _is_complete = False

    def __init__(self, session: "Session | None", look: "Look | None", profile: Profile) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self.setWindowTitle(f"LumeDesk – {shown(profile.title)}")
        self.resize(1440, 900)
        self.setMinimumSize(960, 600)
        self._profile = profile
        self._outline = Outline(_TONES[profile.colour or Colour.GREY])
        # What is to be told after the next paint.
        self._tells = [self.painted]
        self._dialog: Dialog | None = None
        if session is not None and look is not None:
            self.fill(session, look)
            self.complete()

    def fill(self, session: "Session", look: "Look") -> None:
        """Put the desk into the window, but for what `complete` does. To be called once."""
        from lumedesk.views.menus import Menus
        from lumedesk.views.pages.book import Book
        from lumedesk.views.parts.status_line import StatusLine

        self._session = session
        self._look = look
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        book = Book(session, look, self._bind)
        self._made = book.pages_made
        # Each page with its icon. Looking one up makes it.
        self.pages: Mapping[Kind | str | None, tuple[Page, str]] = book
        self._lay_out()
        self.menus = Menus(self, look, session.refresh)
        self.key_action: QAction = self.menus.key
        self.quote_action: QAction = self.menus.quote
        self.withdraw_action: QAction = self.menus.withdraw
        self.account_action: QAction = self.menus.account
        self.hide_action: QAction = self.menus.hide
        session.connection_changed.connect(self._tell_offline)
        self._guard_money()
        self._tell_offline()
        self.status_line = StatusLine(session, shown(self._profile.title), self.statusBar())
        self._ages = QTimer(self)
        self._ages.setInterval(_AGE_MS)
        self._ages.timeout.connect(self._tell_ages)
        self._is_filled = True
        self.go_to(None)
        self._ages.start()
        QTimer.singleShot(0, self, self._await_page)

    def _await_page(self) -> None:
        # What Qt meant to paint before may have come before anything was at its place.
        self._tells.append(self.page_painted)
        self.update()

    def complete(self) -> None:
        """Look at the movements, for which the first rows needn't wait. Harmless when it was done before."""
        if self._is_complete:
            return
        self._is_complete = True
        self._session.movements.changed.connect(self._guard_money)
        self._session.connection_changed.connect(self._guard_money)
        self._guard_money()
        self.notices.watch()

    def _lay_out(self) -> None:
        from lumedesk.views.parts.notices import Notices
        from lumedesk.views.sidebar import Sidebar

        self.sidebar = Sidebar(self._profile, self._look)
        self.sidebar.wanted.connect(self._show_page)
        self.profile_label = self.sidebar.profile_label
        self.notices = Notices(self._session)
        self.notices.movements_wanted.connect(self._show_doubts)
        self.notices.alerts_wanted.connect(self.open_alerts)
        self.notices.new_books_wanted.connect(self.open_new_books)
        self.notices.key_wanted.connect(self.key_wanted)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.notices)
        # Where the program itself puts what it has to say.
        self.aside = QVBoxLayout()
        right.addLayout(self.aside)
        right.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(right, 1)
        # The profile's colour runs along the whole window: which money this is must never be a question.
        band = QFrame()
        band.setObjectName("profile-band")
        band.setProperty("look", f"band-{(self._profile.colour or Colour.GREY).value}")
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(band)
        rows.addLayout(row, 1)
        self.setCentralWidget(whole)

    def _bind(self, page: "Page") -> None:
        """Take in a page that was just made."""
        self._stack.addWidget(page)
        page.wanted.connect(self.show_record)
        slots: tuple[tuple[str, Callable[..., object]], ...] = (
            ("quote_wanted", self.open_quote),
            ("withdrawal_wanted", self.open_withdrawal),
            ("account_wanted", self.open_create_account),
            ("decision_wanted", self.open_decision),
        )
        for name, slot in slots:
            if hasattr(page, name):
                getattr(page, name).connect(slot)
        self._guard_page(page)

    # Its pages; the first look at one makes it

    @property
    def overview(self) -> "OverviewPage":
        """Balances and what happened lately."""
        return cast("OverviewPage", self.pages[None][0])

    @property
    def accounts(self) -> "AccountsPage":
        """The accounts."""
        return cast("AccountsPage", self._page("ACCOUNTS"))

    @property
    def wallets(self) -> "WalletsPage":
        """The wallets."""
        return cast("WalletsPage", self._page("WALLETS"))

    @property
    def trades(self) -> "TradesPage":
        """The trades."""
        return cast("TradesPage", self._page("TRADES"))

    @property
    def deposits(self) -> "DepositsPage":
        """The deposits."""
        return cast("DepositsPage", self._page("DEPOSITS"))

    @property
    def withdrawals(self) -> "WithdrawalsPage":
        """The withdrawals."""
        return cast("WithdrawalsPage", self._page("WITHDRAWALS"))

    @property
    def beneficiaries(self) -> "BeneficiariesPage":
        """The beneficiaries."""
        return cast("BeneficiariesPage", self._page("BENEFICIARIES"))

    @property
    def movements(self) -> "MovementsPage":
        """What the desk itself sent."""
        return cast("MovementsPage", self.pages["movements"][0])

    @property
    def audit(self) -> "AuditPage":
        """What the desk wrote down."""
        return cast("AuditPage", self.pages["audit"][0])

    def _page(self, name: str) -> "Page":
        from lumedesk.domain.kinds import Kind

        return self.pages[Kind[name]][0]

    # What can't be sent

    def _guard_money(self, _connection: object = None) -> None:
        """Where nothing can be sent, each button and menu entry that would send says why."""
        self.menus.guard_money(self._cannot_send, may_send=self._session.may_send)
        for page in self._made.values():
            self._guard_page(page)

    @property
    def _cannot_send(self) -> str:
        return self._session.cannot_send if self._is_complete else _NOT_YET

    def _guard_page(self, page: "Page") -> None:
        from lumedesk.models.table import plain_tooltip

        why = self._cannot_send
        for each in (getattr(page, name, None) for name in _SENDING):
            if isinstance(each, QAbstractButton):
                each.setToolTip(plain_tooltip(why) if why else "")
                each.setAccessibleDescription(why)
                each.setEnabled(not why)
                if not self._session.may_send:
                    each.hide()

    # What can be opened

    def go_to(self, kind: "Kind | str | None") -> None:
        """Show the page of a kind; None is the overview, "movements" and "audit" the desk's own records."""
        self._show_page(list(self.pages).index(kind))
        self._current_page().focus_body()

    def show_record(self, kind: "Kind", key: str) -> None:
        """Show one record on its page."""
        self.go_to(kind)
        self.pages[kind][0].show_record(key)

    def open_quote(self) -> None:
        """Open the quote dialog."""
        from lumedesk.views.dialogs.quote import QuoteDialog

        self._open(QuoteDialog(self._session, self._look, self))

    def open_withdrawal(self, beneficiary_id: str = "") -> None:
        """Open the withdrawal wizard, with a beneficiary chosen already if one is named."""
        from lumedesk.views.wizards.withdrawal import WithdrawalWizard

        self._open(WithdrawalWizard(self._session, self._look, beneficiary_id or None, self))

    def open_create_account(self) -> None:
        """Open the dialog that creates an account."""
        from lumedesk.views.dialogs.create_account import CreateAccountDialog

        dialog = CreateAccountDialog(self._session, self._look, self)
        dialog.created.connect(self._show_created)
        self._open(dialog)

    def open_limits(self) -> None:
        """Open the dialog that sets the local limits."""
        from lumedesk.views.dialogs.limits import LimitsDialog

        self._open(LimitsDialog(self._session, self._look, self))

    def open_quote_settings(self) -> None:
        """Open the dialog that says how quotes are asked for and confirmed."""
        from lumedesk.views.dialogs.quote_settings import QuoteSettingsDialog

        self._open(QuoteSettingsDialog(self._session, self))

    def open_decision(self, uuid: str) -> None:
        """Open the dialog in which a movement of unknown outcome is decided."""
        from lumedesk.views.dialogs.decide import DecideDialog

        self._open(DecideDialog(self._session, self._look, uuid, self))

    def open_new_books(self) -> None:
        """Open the dialog that replaces damaged books."""
        from lumedesk.views.dialogs.new_books import NewBooksDialog

        self._open(NewBooksDialog(self._session, self))

    def open_find(self) -> None:
        """Open the search over all kinds of record."""
        from lumedesk.views.dialogs.find import FindDialog

        dialog = FindDialog(self._session, self._look, self)
        dialog.wanted.connect(self._show_found)
        self._open(dialog)

    def open_alerts(self) -> None:
        """Open the list of what the server's lists did that they must not."""
        from lumedesk.views.dialogs.alerts import AlertsDialog

        dialog = AlertsDialog(self._session, self._look, self)
        dialog.wanted.connect(self._show_found)
        self._open(dialog)

    def open_data(self) -> None:
        """Open the dialog on the saved data."""
        from lumedesk.views.dialogs.data import DataDialog

        self._open(DataDialog(self._session, self._look, self))

    def work_offline(self, *, offline: bool) -> None:
        """Leave the server alone, or go back to it."""
        self._session.set_offline(offline=offline)
        self._tell_offline()

    def _tell_offline(self, _connection: object = None) -> None:
        session = self._session
        self.menus.tell_offline(offline=session.is_offline, may_choose=session.can_choose_offline)

    def _show_found(self, kind: "Kind", key: str) -> None:
        if key:
            self.show_record(kind, key)
        else:
            self.go_to(kind)

    def open_about(self) -> None:
        """Say what this is."""
        from lumedesk.views.dialogs.about import AboutDialog

        self._open(AboutDialog(self, self.open_licences))

    def open_licences(self) -> None:
        """List the parts of the program and their licences."""
        from lumedesk.origin import components
        from lumedesk.views.dialogs.licences import LicencesDialog

        self.open_dialog(LicencesDialog(components(), self))

    def open_dialog(self, dialog: "Dialog") -> None:
        """Open a dialog made elsewhere, over the one that is open already if there is one."""
        if self._dialog is None:
            self._open(dialog)
            return
        from PySide6.QtCore import Qt

        dialog.setParent(self._dialog, dialog.windowFlags())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def drop_quote(self) -> None:
        """Nobody watched for a while: a price on screen is no longer good. What was typed stays."""
        if self._dialog is None:
            return
        from lumedesk.views.dialogs.quote import QuoteDialog

        if isinstance(self._dialog, QuoteDialog):
            self._dialog.lock()
            self._dialog.unlock()

    def focus_search(self) -> None:
        """Put the cursor where the page is searched."""
        self._current_page().focus_search()

    @property
    def dialog(self) -> "Dialog | None":
        """The dialog that is open; None when there is none."""
        return self._dialog

    def _open(self, dialog: "Dialog") -> None:
        from PySide6.QtCore import Qt

        self._dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget_dialog)
        dialog.open()

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None

    def _show_doubts(self) -> None:
        self.go_to("movements")
        undecided = self._session.movements.undecided
        if undecided:
            self.movements.show_record(undecided[0].uuid)

    def _show_created(self, key: str) -> None:
        from lumedesk.domain.kinds import Kind

        self.show_record(Kind.ACCOUNTS, key)

    def _show_page(self, at: int) -> None:
        page = self.pages[list(self.pages)[at]][0]
        self._stack.setCurrentWidget(page)
        self.sidebar.mark(at)
        self._tell_ages()

    def _current_page(self) -> "Page":
        return cast("Page", self._stack.currentWidget())

    def _tell_ages(self) -> None:
        self._current_page().tell_state()
        self.status_line.tell_age(self._current_page().kind)

    # What Qt calls

    def paintEvent(self, event: "QPaintEvent") -> None:
        """As Qt has it; before it is filled, the outlines."""
        if self._is_filled:
            super().paintEvent(event)
        else:
            self._outline.paint(self)
        while self._tells:
            # Not at once: the widgets on the window are painted after it.
            QTimer.singleShot(0, self, self._tells.pop(0).emit)

    def changeEvent(self, event: "QEvent") -> None:
        """As Qt has it; a minimised window is polled for slowly."""
        super().changeEvent(event)
        if not self._is_filled:
            return
        from PySide6.QtCore import QEvent

        if event.type() == QEvent.Type.WindowStateChange:
            self._session.set_hidden(hidden=self.isMinimized())

    def closeEvent(self, event: "QCloseEvent") -> None:
        """As Qt has it; a dialog that still waits for an outcome keeps the desk open."""
        if self._dialog is not None and not self._dialog.close():
            event.ignore()
            return
        super().closeEvent(event)
        self.closed.emit()
