"""The main window's left side: whose money this is, and the way to each page."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QVBoxLayout

from lumedesk.domain.profiles import Profile
from lumedesk.domain.text import shown
from lumedesk.views.outline import SIDEBAR
from lumedesk.views.pages.book import PLACES
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import DOUBLE, HALF, Look


class Sidebar(QFrame):
    """One checkable button for each page, below the profile's name."""

    # (int): the page at this place is wanted. UI thread.
    wanted = Signal(int)

    def __init__(self, profile: Profile, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("sidebar")
        self.setProperty("look", "sidebar")
        self.setFixedWidth(SIDEBAR)
        self._nav = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(DOUBLE - HALF, DOUBLE, DOUBLE - HALF, DOUBLE)
        column.setSpacing(HALF)
        colour = profile.colour.value if profile.colour else "grey"
        self.profile_label = Label(f"{shown(profile.title)}\n{profile.note}", f"profile-{colour}", wraps=True)
        self.profile_label.setObjectName("profile")
        column.addWidget(self.profile_label)
        column.addSpacing(DOUBLE)
        for at, place in enumerate(PLACES):
            nav = button(f"nav-{place.name}", place.title, "nav")
            nav.setCheckable(True)
            self._nav.addButton(nav, at)
            column.addWidget(nav)
        column.addStretch(1)
        self._nav.idClicked.connect(self.wanted)
        look.changed.connect(self._paint_icons)
        self._paint_icons()

    def mark(self, at: int) -> None:
        """Show that the page at this place is the one that is seen."""
        self._nav.button(at).setChecked(True)

    def _paint_icons(self) -> None:
        for at, place in enumerate(PLACES):
            self._nav.button(at).setIcon(self._look.icon(place.icon, "muted", "accent"))
