"""The main window's menus: every action the desk has, with its keys. What an action does is the window's."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from lumedesk.views.pages.book import PLACES
from lumedesk.views.theme import Look, Scheme

if TYPE_CHECKING:
    from lumedesk.views.main_window import MainWindow


class Menus:
    """Fills the window's menu bar."""

    def __init__(self, window: "MainWindow", look: Look, refresh: Callable[[], object]) -> None:
        self._window = window
        self._look = look
        bar = window.menuBar()
        self._build_desk_menu(bar.addMenu("&Desk"))
        self._build_money_menu(bar.addMenu("&Money"))
        self._build_view_menu(bar.addMenu("&View"), refresh)
        about = bar.addMenu("&Help")
        about.addAction(self._action("action-support", "&Support bundle…", "", window.support_wanted.emit))
        about.addAction(self._action("action-updates", "Check for &updates…", "", window.updates_wanted.emit))
        about.addAction(self._action("action-about", "&About LumeDesk", "", window.open_about))

    def guard_money(self, why: str, *, may_send: bool) -> None:
        """Switch off what would send money where nothing can be sent; hide it where nothing ever may."""
        for action in (self.quote, self.withdraw, self.account):
            action.setEnabled(not why)
            action.setVisible(may_send)

    def tell_offline(self, *, offline: bool, may_choose: bool) -> None:
        """Show whether the desk works offline, and offer the choice where there is one."""
        self.offline.setChecked(offline)
        self.offline.setEnabled(may_choose)

    def _build_desk_menu(self, menu: QMenu) -> None:
        window = self._window
        menu.addActions(
            [
                self._action("action-lock", "&Lock", "Ctrl+L", window.lock_wanted.emit),
                self._action("action-security", "Passphrase and l&ock…", "", window.security_wanted.emit),
            ]
        )
        menu.addSeparator()
        self.key = self._action("action-key", "Change the API &key…", "", window.key_wanted.emit)
        menu.addAction(self.key)
        menu.addAction(self._action("action-profiles", "&Profiles…", "", window.profiles_wanted.emit))
        menu.addSeparator()
        self.offline = self._action("action-offline", "&Work offline", "", self._work_offline)
        self.offline.setCheckable(True)
        menu.addAction(self.offline)
        menu.addAction(self._action("action-data", "Saved &data…", "", window.open_data))
        menu.addSeparator()
        menu.addAction(self._action("action-quit", "&Quit", QKeySequence(QKeySequence.StandardKey.Quit), window.close))

    def _build_money_menu(self, menu: QMenu) -> None:
        window = self._window
        self.quote = self._action("action-quote", "Get a &quote…", "Ctrl+K", window.open_quote)
        self.withdraw = self._action("action-withdraw", "&New withdrawal…", "Ctrl+N", window.open_withdrawal)
        self.account = self._action("action-account", "&Create account…", "", window.open_create_account)
        limits = self._action("action-limits", "&Limits on withdrawals…", "", window.open_limits)
        quotes = self._action("action-quote-settings", "Quote &settings…", "", window.open_quote_settings)
        menu.addActions([self.quote, self.withdraw, self.account])
        menu.addSeparator()
        menu.addActions([limits, quotes])

    def _build_view_menu(self, menu: QMenu, refresh: Callable[[], object]) -> None:
        window, look = self._window, self._look
        for at, place in enumerate(PLACES):
            menu.addAction(self._action(f"action-{place.name}", place.title, f"Ctrl+{at + 1}", self._opener(at)))
        menu.addSeparator()
        menu.addAction(self._action("action-refresh", "&Refresh", "F5", refresh))
        menu.addAction(self._action("action-search", "&Filter this page", "Ctrl+F", window.focus_search))
        menu.addAction(self._action("action-find", "Fi&nd…", "Ctrl+Shift+F", window.open_find))
        menu.addAction(self._action("action-alerts", "&Alerts…", "", window.open_alerts))
        themes = menu.addMenu("&Theme")
        group = QActionGroup(window)
        for scheme, text in ((Scheme.SYSTEM, "As the &system"), (Scheme.LIGHT, "&Light"), (Scheme.DARK, "&Dark")):
            action = self._action(f"action-theme-{scheme.value}", text, "", self._themer(scheme))
            action.setCheckable(True)
            action.setChecked(look.scheme is scheme)
            group.addAction(action)
            themes.addAction(action)
        self.hide = self._action("action-hide-amounts", "&Hide amounts", "Ctrl+Shift+H", self._hide_amounts)
        self.hide.setCheckable(True)
        self.hide.setChecked(look.hides_amounts)
        menu.addAction(self.hide)

    def _action(self, name: str, text: str, keys: str | QKeySequence, call: Callable[[], object]) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(name)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: call())
        return action

    def _opener(self, at: int) -> Callable[[], None]:
        return lambda: self._window.go_to(PLACES[at].key)

    def _themer(self, scheme: Scheme) -> Callable[[], None]:
        return lambda: self._look.use(scheme)

    def _work_offline(self) -> None:
        self._window.work_offline(offline=self.offline.isChecked())

    def _hide_amounts(self) -> None:
        self._look.hide_amounts(hidden=self.hide.isChecked())
