"""What this program is, and whose work it stands on."""

import platform
from collections.abc import Callable

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QWidget

from lumedesk import __version__
from lumedesk.domain.details import Field
from lumedesk.origin import commit
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.text import Label, Passage, rule

_QT = (
    "LumeDesk uses Qt and Qt for Python under the GNU Lesser General Public License, version 3. Their libraries are files of"
    " their own, and you may replace them by ones that you changed. Their source is at https://download.qt.io."
    " How it is done, the offer of the source and all texts are under Licences."
)
_SHORT = 12


class AboutDialog(Dialog):
    """Versions and licences."""

    def __init__(self, parent: QWidget | None = None, open_licences: Callable[[], object] | None = None) -> None:
        """`open_licences` opens the list of all parts and their licences."""
        super().__init__("about", "LumeDesk", "A desktop treasury workstation for Lumetrade.", parent)
        made_from = commit()
        fields = (
            Field("Version", __version__),
            Field("Commit", made_from[:_SHORT] or "not known"),
            Field("Licence", "MIT"),
            Field("Qt", f"{qVersion()}, under the LGPL version 3"),
            Field("PySide", PySide6.__version__),
            Field("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
            Field("Typeface", "Inter, under the SIL Open Font License 1.1"),
            Field("Icons", "Lucide, under the ISC licence"),
        )
        self.facts = Passage("\n".join(f"{each.label}: {each.value}" for each in fields))
        self.facts.setObjectName("about-facts")
        self.facts.setAccessibleName("Versions and licences")
        self.body.addWidget(self.facts)
        self.body.addWidget(rule())
        self.body.addWidget(Label(_QT, "muted", wraps=True))
        self.body.addStretch(1)
        self.licences_button = self.add_button("about-licences", "Licences…")
        if open_licences is not None:
            self.licences_button.clicked.connect(lambda _checked=False: open_licences())
        self.close_button.setText("Close")
        self.setMinimumWidth(520)
        self.licences_button.setFocus()
