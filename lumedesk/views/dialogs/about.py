"""What this program is, and whose work it stands on."""

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QWidget

from lumedesk import __version__
from lumedesk.domain.details import Field
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.text import Label


class AboutDialog(Dialog):
    """Versions and licences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("about", "LumeDesk", "A desktop treasury workstation for Lumetrade.", parent)
        for field in (
            Field("Version", __version__),
            Field("Licence", "MIT"),
            Field("Qt", f"{qVersion()}, under the LGPL version 3"),
            Field("Typeface", "Inter, under the SIL Open Font License 1.1"),
            Field("Icons", "Lucide, under the ISC licence"),
        ):
            self.body.addWidget(Label(f"{field.label}: {field.value}"))
        self.body.addStretch(1)
        self.close_button.setText("Close")
        self.setMinimumWidth(420)
