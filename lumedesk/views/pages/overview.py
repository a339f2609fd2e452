"""The first page: what there is, what moves, and what happened lately."""

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.models.activity import Activity, ActivityTable, activity_of
from lumedesk.models.holdings import AccountsTable
from lumedesk.views.pages.page import Page
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import StatePane, button
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.work.session import Session

_RECENT = 40
_BALANCE_WIDTHS = {"currency": 78, "available": 178, "locked": 136}


class OverviewPage(Page):
    """Balances on the left, the latest activity on the right."""

    # The operator wants a quote. UI thread.
    quote_wanted = Signal()
    # The operator wants to send money. UI thread.
    withdrawal_wanted = Signal()
    # The operator wants an account. UI thread.
    account_wanted = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("overview", "Overview", Kind.ACCOUNTS, session, look)
        self.withdraw_button = button("overview-withdraw", "New withdrawal")
        self.withdraw_button.clicked.connect(self.withdrawal_wanted)
        self.quote_button = button("overview-quote", "Get a quote", "primary")
        self.quote_button.clicked.connect(self.quote_wanted)
        self.action_row.addWidget(self.withdraw_button)
        self.action_row.addWidget(self.quote_button)
        self.balances = _Balances(self)
        self.balances_view = RecordView(self.balances, look, "overview-balances")
        self.balances_view.setAccessibleName("Balances")
        self.balances_view.opened.connect(self._open_account)
        self.activity = ActivityTable(self)
        self.watch_hiding(self.balances, self.activity)
        self.activity_view = RecordView(self.activity, look, "overview-activity")
        self.activity_view.setAccessibleName("Latest activity")
        self.activity_view.opened.connect(self._open_activity)
        self.states = StatePane("overview-state", look)
        self.moving = Label(look="caption")
        self.moving.setObjectName("overview-moving")
        self.content = QWidget()
        columns = QHBoxLayout(self.content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(DOUBLE)
        columns.addLayout(_titled("Balances", self.balances_view, Label()), 34)
        columns.addLayout(_titled("Latest activity", self.activity_view, self.moving), 66)
        self.body.addWidget(self.content, 1)
        self.body.addWidget(self.states, 1)
        session.records_changed.connect(self._take_records)
        session.history_changed.connect(self._take_history)
        session.state_changed.connect(self._retell)
        # Before the accounts: with them it is told whether there is anything to show.
        self._load_activity()
        self._take_records(Kind.ACCOUNTS)

    def focus_body(self) -> None:
        """Put the keyboard into the balances."""
        self.balances_view.setFocus(Qt.FocusReason.OtherFocusReason)

    def summary(self) -> str:
        """How many accounts there are."""
        count = self.balances.total
        return f"{count} account{'' if count == 1 else 's'}" if count else ""

    def tell_amounts(self) -> None:
        """What stands in place of rows, and the state."""
        self._tell()

    def _take_records(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS:
            self.balances.set_records(self.session.records(kind))
            self._tell()

    def _take_history(self, kind: Kind, _rows: tuple[int, ...]) -> None:
        if kind in HISTORIES:
            self._load_activity()
            self._tell()

    def _load_activity(self) -> None:
        latest = [activity_of(kind, record) for kind, record in self.session.recent(_RECENT)]
        self.activity.set_records(latest)
        moving = sum(not each.status.is_final for each in latest)
        self.moving.setText(f"{moving} still moving" if moving else "")

    def _retell(self, kind: Kind) -> None:
        if kind is self.kind:
            self._tell()

    def _tell(self) -> None:
        state = self.session.state(self.kind)
        has_something = bool(self.balances.total or self.activity.total)
        self.states.setVisible(not has_something)
        self.content.setVisible(has_something)
        if state.confirmed_at is not None and not self.session.may_send:
            self.states.say("inbox", "Nothing here yet", "This key's owner has no accounts yet.")
        elif state.confirmed_at is not None:
            self.states.say(
                "inbox", "Nothing here yet", "Create an account to begin.", "Create account", self._want_account
            )
        elif self.session.is_offline:
            self.states.say("cloud-off", "Working offline", "Nothing was saved on this computer before.")
        elif state.error is not None:
            self.states.say("circle-alert", "Not loaded", self.explained(state.error), "Try again", self._refresh)
        else:
            self.states.say("loader", "Loading your treasury…", "Asking the server.")
        self.tell_state()

    def _want_account(self) -> None:
        self.account_wanted.emit()

    def _open_account(self, row: int) -> None:
        account = self.balances.record(row)
        if account is not None and account.id:
            self.wanted.emit(Kind.ACCOUNTS, account.id)

    def _open_activity(self, row: int) -> None:
        activity: Activity | None = self.activity.record(row)
        if activity is not None:
            self.wanted.emit(activity.kind, activity.id)


class _Balances(AccountsTable):
    """Accounts without their ids and totals, in half the room."""

    columns = tuple(
        replace(column, width=_BALANCE_WIDTHS[column.name])
        for column in AccountsTable.columns
        if column.name in _BALANCE_WIDTHS
    )


def _titled(title: str, view: RecordView, note: Label) -> QVBoxLayout:
    line = QHBoxLayout()
    line.addWidget(Label(title, "heading"), 1)
    line.addWidget(note)
    column = QVBoxLayout()
    column.setSpacing(UNIT)
    column.addLayout(line)
    column.addWidget(view, 1)
    return column
