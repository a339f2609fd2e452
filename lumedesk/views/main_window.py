"""The main window: navigation, pages, status bar and menus. Opens the dialogs; knows no rules of its own."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile
from lumedesk.domain.text import shown
from lumedesk.models.table import plain_tooltip
from lumedesk.views.dialogs.about import AboutDialog
from lumedesk.views.dialogs.create_account import CreateAccountDialog
from lumedesk.views.dialogs.decide import DecideDialog
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.dialogs.limits import LimitsDialog
from lumedesk.views.dialogs.new_books import NewBooksDialog
from lumedesk.views.dialogs.quote import QuoteDialog
from lumedesk.views.dialogs.quote_settings import QuoteSettingsDialog
from lumedesk.views.pages.histories import DepositsPage, TradesPage, WithdrawalsPage
from lumedesk.views.pages.holdings import AccountsPage, BeneficiariesPage, WalletsPage
from lumedesk.views.pages.overview import OverviewPage
from lumedesk.views.pages.own import AuditPage, MovementsPage
from lumedesk.views.pages.page import Page
from lumedesk.views.parts.notices import Notices
from lumedesk.views.parts.status_line import StatusLine
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import DOUBLE, HALF, Look, Scheme
from lumedesk.views.wizards.withdrawal import WithdrawalWizard
from lumedesk.work.session import Session

_AGE_MS = 1_000


class MainWindow(QMainWindow):
    """One profile's desk."""

    # What is beyond one profile's data, or needs its secrets, is done by whoever built the window. UI thread.
    lock_wanted = Signal()
    security_wanted = Signal()
    key_wanted = Signal()
    profiles_wanted = Signal()
    support_wanted = Signal()
    # The operator closed the window. UI thread.
    closed = Signal()

    def __init__(self, session: Session, look: Look, profile: Profile) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self.setWindowTitle(f"LumeDesk – {shown(profile.title)}")
        self.resize(1440, 900)
        self.setMinimumSize(960, 600)
        self._session = session
        self._look = look
        self._dialog: Dialog | None = None
        self.overview = OverviewPage(session, look)
        self.accounts = AccountsPage(session, look)
        self.wallets = WalletsPage(session, look)
        self.trades = TradesPage(session, look)
        self.deposits = DepositsPage(session, look)
        self.withdrawals = WithdrawalsPage(session, look)
        self.beneficiaries = BeneficiariesPage(session, look)
        self.movements = MovementsPage(session, look)
        self.audit = AuditPage(session, look)
        self.pages: dict[Kind | str | None, tuple[Page, str]] = {
            None: (self.overview, "layout-dashboard"),
            Kind.ACCOUNTS: (self.accounts, "landmark"),
            Kind.WALLETS: (self.wallets, "wallet"),
            Kind.TRADES: (self.trades, "arrow-left-right"),
            Kind.DEPOSITS: (self.deposits, "arrow-down-to-line"),
            Kind.WITHDRAWALS: (self.withdrawals, "arrow-up-from-line"),
            Kind.BENEFICIARIES: (self.beneficiaries, "users"),
            "movements": (self.movements, "send"),
            "audit": (self.audit, "shield-check"),
        }
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        self._nav = QButtonGroup(self)
        self._lay_out(profile)
        self._build_menus()
        self._connect_pages()
        self._guard_money_buttons()
        self.status_line = StatusLine(session, shown(profile.title), self.statusBar())
        self._ages = QTimer(self)
        self._ages.setInterval(_AGE_MS)
        self._ages.timeout.connect(self._tell_ages)
        self._ages.start()
        look.changed.connect(self._paint_icons)
        self.go_to(None)

    def _lay_out(self, profile: Profile) -> None:
        sidebar = QFrame()
        sidebar.setObjectName("sidebar")
        sidebar.setProperty("look", "sidebar")
        sidebar.setFixedWidth(200)
        column = QVBoxLayout(sidebar)
        column.setContentsMargins(DOUBLE - HALF, DOUBLE, DOUBLE - HALF, DOUBLE)
        column.setSpacing(HALF)
        colour = profile.colour.value if profile.colour else "grey"
        self.profile_label = Label(f"{shown(profile.title)}\n{profile.note}", f"profile-{colour}", wraps=True)
        self.profile_label.setObjectName("profile")
        column.addWidget(self.profile_label)
        column.addSpacing(DOUBLE)
        for page, _ in self.pages.values():
            nav = button(f"nav-{page.objectName().removesuffix('-page')}", page.title, "nav")
            nav.setCheckable(True)
            self._nav.addButton(nav, self._stack.addWidget(page))
            column.addWidget(nav)
        column.addStretch(1)
        self._nav.idClicked.connect(self._show_page)
        self._paint_icons()
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(sidebar)
        self.notices = Notices(self._session)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.notices)
        right.addWidget(self._stack, 1)
        row.addLayout(right, 1)
        # The profile's colour runs along the whole window: which money this is must never be a question.
        band = QFrame()
        band.setObjectName("profile-band")
        band.setProperty("look", f"band-{colour}")
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(band)
        rows.addWidget(centre, 1)
        self.setCentralWidget(whole)

    def _build_menus(self) -> None:
        bar = self.menuBar()
        self._build_desk_menu(bar.addMenu("&Desk"))
        money = bar.addMenu("&Money")
        self.quote_action = self._action("action-quote", "Get a &quote…", "Ctrl+K", self.open_quote)
        self.withdraw_action = self._action("action-withdraw", "&New withdrawal…", "Ctrl+N", self.open_withdrawal)
        self.account_action = self._action("action-account", "&Create account…", "", self.open_create_account)
        limits_action = self._action("action-limits", "&Limits on withdrawals…", "", self.open_limits)
        quotes_action = self._action("action-quote-settings", "Quote &settings…", "", self.open_quote_settings)
        money.addActions([self.quote_action, self.withdraw_action, self.account_action])
        money.addSeparator()
        money.addActions([limits_action, quotes_action])
        view = bar.addMenu("&View")
        for at, (page, _) in enumerate(self.pages.values()):
            name = page.objectName().removesuffix("-page")
            view.addAction(self._action(f"action-{name}", page.title, f"Ctrl+{at + 1}", self._opener(at)))
        view.addSeparator()
        view.addAction(self._action("action-refresh", "&Refresh", "F5", self._session.refresh))
        view.addAction(self._action("action-search", "&Filter this page", "Ctrl+F", self._focus_search))
        themes = view.addMenu("&Theme")
        group = QActionGroup(self)
        for scheme, text in ((Scheme.SYSTEM, "As the &system"), (Scheme.LIGHT, "&Light"), (Scheme.DARK, "&Dark")):
            action = self._action(f"action-theme-{scheme.value}", text, "", self._themer(scheme))
            action.setCheckable(True)
            action.setChecked(self._look.scheme is scheme)
            group.addAction(action)
            themes.addAction(action)
        self.hide_action = self._action("action-hide-amounts", "&Hide amounts", "Ctrl+Shift+H", self._hide_amounts)
        self.hide_action.setCheckable(True)
        self.hide_action.setChecked(self._look.hides_amounts)
        view.addAction(self.hide_action)
        about = bar.addMenu("&Help")
        about.addAction(self._action("action-support", "&Support bundle…", "", self.support_wanted.emit))
        about.addAction(self._action("action-about", "&About LumeDesk", "", self.open_about))

    def _build_desk_menu(self, menu: QMenu) -> None:
        menu.addActions(
            [
                self._action("action-lock", "&Lock", "Ctrl+L", self.lock_wanted.emit),
                self._action("action-security", "Passphrase and l&ock…", "", self.security_wanted.emit),
            ]
        )
        menu.addSeparator()
        self.key_action = self._action("action-key", "Change the API &key…", "", self.key_wanted.emit)
        menu.addAction(self.key_action)
        menu.addAction(self._action("action-profiles", "&Profiles…", "", self.profiles_wanted.emit))
        menu.addSeparator()
        menu.addAction(self._action("action-quit", "&Quit", QKeySequence(QKeySequence.StandardKey.Quit), self.close))

    def _action(self, name: str, text: str, keys: str | QKeySequence, call: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: call())
        return action

    def _connect_pages(self) -> None:
        self.overview.quote_wanted.connect(self.open_quote)
        self.overview.withdrawal_wanted.connect(self.open_withdrawal)
        self.overview.account_wanted.connect(self.open_create_account)
        self.overview.wanted.connect(self.show_record)
        self.accounts.account_wanted.connect(self.open_create_account)
        self.trades.quote_wanted.connect(self.open_quote)
        self.withdrawals.withdrawal_wanted.connect(self.open_withdrawal)
        self.beneficiaries.withdrawal_wanted.connect(self.open_withdrawal)
        self.movements.decision_wanted.connect(self.open_decision)
        self.notices.movements_wanted.connect(self._show_doubts)
        self.notices.new_books_wanted.connect(self.open_new_books)
        self.notices.key_wanted.connect(self.key_wanted)
        self._session.movements.changed.connect(self._guard_money_buttons)
        self._session.connection_changed.connect(self._guard_money_buttons)

    def _guard_money_buttons(self, _connection: object = None) -> None:
        """Where nothing can be sent, each button and menu entry that would send says why."""
        why = self._session.cannot_send
        buttons: list[QAbstractButton] = [
            self.overview.quote_button,
            self.overview.withdraw_button,
            self.accounts.create_button,
            self.trades.quote_button,
            self.withdrawals.withdraw_button,
            self.beneficiaries.pay_button,
        ]
        for each in buttons:
            each.setToolTip(plain_tooltip(why) if why else "")
            each.setAccessibleDescription(why)
            each.setEnabled(not why)
            if not self._session.may_send:
                each.hide()
        for action in (self.quote_action, self.withdraw_action, self.account_action):
            action.setEnabled(not why)
            action.setVisible(self._session.may_send)

    # What can be opened

    def go_to(self, kind: Kind | str | None) -> None:
        """Show the page of a kind; None is the overview, "movements" and "audit" the desk's own records."""
        self._show_page(list(self.pages).index(kind))
        self._current_page().focus_body()

    def show_record(self, kind: Kind, key: str) -> None:
        """Show one record on its page."""
        self.go_to(kind)
        self.pages[kind][0].show_record(key)

    def open_quote(self) -> None:
        """Open the quote dialog."""
        self._open(QuoteDialog(self._session, self._look, self))

    def open_withdrawal(self, beneficiary_id: str = "") -> None:
        """Open the withdrawal wizard, with a beneficiary chosen already if one is named."""
        self._open(WithdrawalWizard(self._session, self._look, beneficiary_id or None, self))

    def open_create_account(self) -> None:
        """Open the dialog that creates an account."""
        dialog = CreateAccountDialog(self._session, self._look, self)
        dialog.created.connect(self._show_created)
        self._open(dialog)

    def open_limits(self) -> None:
        """Open the dialog that sets the local limits."""
        self._open(LimitsDialog(self._session, self._look, self))

    def open_quote_settings(self) -> None:
        """Open the dialog that says how quotes are asked for and confirmed."""
        self._open(QuoteSettingsDialog(self._session, self))

    def open_decision(self, uuid: str) -> None:
        """Open the dialog in which a movement of unknown outcome is decided."""
        self._open(DecideDialog(self._session, self._look, uuid, self))

    def open_new_books(self) -> None:
        """Open the dialog that replaces damaged books."""
        self._open(NewBooksDialog(self._session, self))

    def _show_doubts(self) -> None:
        self.go_to("movements")
        undecided = self._session.movements.undecided
        if undecided:
            self.movements.show_record(undecided[0].uuid)

    def open_about(self) -> None:
        """Say what this is."""
        self._open(AboutDialog(self))

    def open_dialog(self, dialog: Dialog) -> None:
        """Open a dialog made elsewhere, over the one that is open already if there is one."""
        if self._dialog is None:
            self._open(dialog)
            return
        dialog.setParent(self._dialog, dialog.windowFlags())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def drop_quote(self) -> None:
        """Nobody watched for a while: a price on screen is no longer good. What was typed stays."""
        if isinstance(self._dialog, QuoteDialog):
            self._dialog.lock()
            self._dialog.unlock()

    def _hide_amounts(self) -> None:
        self._look.hide_amounts(hidden=self.hide_action.isChecked())

    def _open(self, dialog: Dialog) -> None:
        self._dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget_dialog)
        dialog.open()

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None

    @property
    def dialog(self) -> Dialog | None:
        """The dialog that is open; None when there is none."""
        return self._dialog

    def _show_created(self, key: str) -> None:
        self.show_record(Kind.ACCOUNTS, key)

    def _show_page(self, at: int) -> None:
        self._stack.setCurrentIndex(at)
        self._nav.button(at).setChecked(True)
        self._tell_ages()

    def _current_page(self) -> Page:
        return list(self.pages.values())[self._stack.currentIndex()][0]

    def _opener(self, at: int) -> Callable[[], None]:
        return lambda: self.go_to(list(self.pages)[at])

    def _themer(self, scheme: Scheme) -> Callable[[], None]:
        return lambda: self._look.use(scheme)

    def _focus_search(self) -> None:
        self._current_page().focus_search()

    def _tell_ages(self) -> None:
        self._current_page().tell_state()
        self.status_line.tell_age(self._current_page().kind)

    def _paint_icons(self) -> None:
        for at, (_, icon) in enumerate(self.pages.values()):
            self._nav.button(at).setIcon(self._look.icon(icon, "muted", "accent"))

    # What Qt calls

    def changeEvent(self, event: QEvent) -> None:
        """As Qt has it; a minimised window is polled for slowly."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._session.set_hidden(hidden=self.isMinimized())

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; a dialog that still waits for an outcome keeps the desk open."""
        if self._dialog is not None and not self._dialog.close():
            event.ignore()
            return
        super().closeEvent(event)
        self.closed.emit()
