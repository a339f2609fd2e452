"""The dialog in which an operator says how quotes are asked for and confirmed."""

from decimal import Decimal

from msgspec.structs import replace
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.money import AmountError, fixed, typed_amount
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.work.session import Session

_MAX_TOLERANCE_BP = 10_000
_LIFE_S = (2, 60)


class QuoteSettingsDialog(Dialog):
    """Edits the profile's quote preferences; they hold for the next quote dialog."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("quote-settings", "Quotes", "These settings hold for this profile.", parent)
        self._session = session
        kept = session.preferences.quotes
        self.hold_from = QLineEdit(fixed(kept.hold_from))
        self.hold_from.setObjectName("quote-settings-hold-from")
        self.two_step = QCheckBox("Confirm in two steps instead of holding the button")
        self.two_step.setObjectName("quote-settings-two-step")
        self.two_step.setChecked(kept.two_step)
        self.auto_refresh = QCheckBox(f"Ask for a new quote when one expires, at most {kept.max_refreshes} times")
        self.auto_refresh.setObjectName("quote-settings-auto-refresh")
        self.auto_refresh.setChecked(kept.auto_refresh)
        self.tolerance = _spin_box("quote-settings-tolerance", 0, _MAX_TOLERANCE_BP, " bp", int(kept.tolerance_bp))
        self.life = _spin_box("quote-settings-life", *_LIFE_S, " s", int(kept.assumed_life_s))
        self.message = Banner("quote-settings-message")
        self.save_button = self.add_button("quote-settings-save", "Save", "primary")
        self.save_button.clicked.connect(self.save)
        self.body.addLayout(labelled("Hold to confirm from this amount on, on either side", self.hold_from))
        self.body.addWidget(self.two_step)
        self.body.addWidget(self.auto_refresh)
        self.body.addLayout(labelled("Ask again when a new quote differs by more than", self.tolerance))
        self.body.addLayout(labelled("Time limit where the server names no expiry", self.life))
        self.body.addWidget(Label("An automatic quote never replaces terms while you hold the button.", "caption"))
        self.body.addWidget(self.message)
        self.body.addStretch(1)
        self.setMinimumWidth(520)
        self.hold_from.setFocus()

    def save(self) -> None:
        """Put what the form says in force and close, or say what is wrong with it."""
        try:
            hold_from = typed_amount(self.hold_from.text())
        except AmountError as error:
            self.message.say(f"Hold to confirm: {error}", "failed")
            return
        wanted = replace(
            self._session.preferences.quotes,
            hold_from=hold_from,
            two_step=self.two_step.isChecked(),
            auto_refresh=self.auto_refresh.isChecked(),
            tolerance_bp=Decimal(self.tolerance.value()),
            assumed_life_s=float(self.life.value()),
        )
        self.save_button.setEnabled(False)
        self._session.preferences.save(wanted, self.accept, self._show_failure)

    def _show_failure(self, error: DeskError) -> None:
        self.save_button.setEnabled(True)
        self.message.say(explain(error), "failed")


def _spin_box(name: str, low: int, high: int, unit: str, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setObjectName(name)
    box.setRange(low, high)
    box.setSuffix(unit)
    box.setValue(value)
    box.setMaximumWidth(140)
    return box
