"""The colours of the desk by what they are for, light and dark. Loaded before the first picture: nothing else is in here."""

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from lumedesk.domain.statuses import Tone


class Colours(NamedTuple):
    """Colours by what they are for."""

    window: str
    surface: str
    sidebar: str
    sunken: str
    border: str
    hover: str
    selection: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    focus: str
    done: str
    done_tint: str
    moving: str
    moving_tint: str
    waiting: str
    waiting_tint: str
    failed: str
    failed_tint: str
    unknown: str
    unknown_tint: str

    def tone(self, tone: "Tone") -> tuple[QColor, QColor]:
        """Ink and tint of a status."""
        return QColor(getattr(self, tone.value)), QColor(getattr(self, f"{tone.value}_tint"))


LIGHT = Colours(
    window="#f5f7fa",
    surface="#ffffff",
    sidebar="#eceff4",
    sunken="#f0f2f6",
    border="#dce1e9",
    hover="#f1f4f9",
    selection="#dfe9fd",
    text="#131a26",
    muted="#566274",
    faint="#77849a",
    accent="#1c56d8",
    accent_hover="#1648ba",
    on_accent="#ffffff",
    focus="#1c56d8",
    done="#0a6b43",
    done_tint="#dff3e9",
    moving="#1c4fc4",
    moving_tint="#e2ebfd",
    waiting="#8a5000",
    waiting_tint="#fcefd8",
    failed="#a8231b",
    failed_tint="#fbe5e3",
    unknown="#4d5a6b",
    unknown_tint="#e8ecf1",
)
DARK = Colours(
    window="#0e131a",
    surface="#161d27",
    sidebar="#111821",
    sunken="#1b2430",
    border="#283444",
    hover="#1d2733",
    selection="#1f3560",
    text="#e7ebf1",
    muted="#9dabbd",
    faint="#76869b",
    accent="#6a9bff",
    accent_hover="#8ab1ff",
    on_accent="#0a1120",
    focus="#8ab1ff",
    done="#53dca0",
    done_tint="#12362a",
    moving="#93b7ff",
    moving_tint="#1b2e55",
    waiting="#f3bb62",
    waiting_tint="#3b2b11",
    failed="#ff958c",
    failed_tint="#46211f",
    unknown="#aab6c6",
    unknown_tint="#26313f",
)
