"""The form of the set-up: what stands behind the profile, where its server is, and the key. What is tested is elsewhere."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.profiles import MAX_TITLE, Profile, ProfileKind
from lumedesk.domain.setup import KINDS, Answer, SetupAnswers
from lumedesk.views.dialogs.dialog import labelled
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Chooser, button
from lumedesk.views.setup_fields import forget, line, line_entry, secret_entry
from lumedesk.views.theme import DOUBLE, HALF, UNIT, Look
from lumedesk.views.wizards.declaration import Declaration

_FORM_WIDTH = 400
_MORE = "More fields: proxy and CA file"
_LESS = "Fewer fields"
# Any folder's name does while only the address is looked at.
_ANY_NAME = "profile"


class ConnectForm(QWidget):
    """Asks whose server it is, where, and with which key. Complains about a field once it was left."""

    # A field was changed by the operator, or followed another one. UI thread.
    edited = Signal()

    def __init__(self, address_problem: Callable[[Profile], str], look: Look) -> None:
        """`address_problem` says why a profile's address, proxy or CA file can't be used; empty when they can."""
        super().__init__()
        self.setObjectName("setup-form")
        self._address_problem = address_problem
        self.kind = Chooser("setup-kind", "Environment", look)
        self.kind.offer([(f"{kind.label} · {kind.note}", kind.value) for kind in KINDS])
        self.mark = Label()
        self.mark.setObjectName("setup-mark")
        self.title = line("setup-profile-title")
        self.title.setMaxLength(MAX_TITLE)
        self.address = line("setup-address", "https://api.example.com")
        self.key = line("setup-key")
        self.secret = SecretField("setup-secret", "API secret")
        self.view_only = Declaration("setup-view-only", "View only: nothing that moves money is offered", look)
        self.more_button = button("setup-more", _MORE)
        self.more_button.setCheckable(True)
        self.proxy = line("setup-proxy", "http://proxy.example.com:8080")
        self.extra_ca = line("setup-extra-ca", "/path/to/authority.pem")
        self.browse_button = button("setup-browse", "Browse…")
        self.browse_button.setAccessibleName("Browse for a CA file")
        self._lay_out()
        self._connect()
        self.reset()

    def _lay_out(self) -> None:
        kinds = QHBoxLayout()
        kinds.setSpacing(UNIT)
        kinds.addWidget(self.kind, 1)
        kinds.addWidget(self.mark)
        self._entries = {
            entry.field: entry
            for entry in (
                line_entry(self.title, "Name shown in the window"),
                line_entry(self.address, "Server address"),
                line_entry(self.key, "API key"),
                secret_entry(self.secret),
                line_entry(self.proxy, "Proxy, if this network needs one"),
                line_entry(self.extra_ca, "CA file, if your company has its own authority", self.browse_button),
            )
        }
        basic = (self.title, self.address, self.key, self.secret.field)
        self._more = QWidget()
        self._more.setObjectName("setup-more-fields")
        more = QVBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(DOUBLE - HALF)
        for field in (self.proxy, self.extra_ca):
            more.addWidget(self._entries[field])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(DOUBLE - HALF)
        column.addLayout(labelled("Environment", self.kind, kinds))
        for field in basic:
            column.addWidget(self._entries[field])
        column.addWidget(self.view_only)
        row = QHBoxLayout()
        row.addWidget(self.more_button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._more)
        column.addStretch(1)
        self.setMinimumWidth(_FORM_WIDTH)

    def _connect(self) -> None:
        for field in self._entries:
            field.textEdited.connect(self._take_edit)
            field.editingFinished.connect(self._complain)
        self.kind.currentIndexChanged.connect(self._follow_kind)
        self.more_button.toggled.connect(self._show_more)
        self.browse_button.clicked.connect(self._browse)

    def answers(self) -> SetupAnswers:
        """What stands in the form."""
        key, secret = self.key.text().strip(), self.secret.text().strip()
        return SetupAnswers(
            self.title.text().strip(),
            ProfileKind(self.kind.value()),
            self.address.text().strip(),
            self.proxy.text().strip(),
            self.extra_ca.text().strip(),
            self.view_only.isChecked(),
            Credentials(key, Secret(secret)) if key or secret else None,
        )

    def problems(self) -> dict[QLineEdit, str]:
        """What is missing or wrong, by field and in the order of the form; empty when it can be tested."""
        answers = self.answers()
        missing = answers.missing()
        found: dict[QLineEdit, str] = {}
        if Answer.TITLE in missing:
            found[self.title] = missing[Answer.TITLE]
        profile = answers.profile(_ANY_NAME)
        address = missing.get(Answer.ADDRESS) or self._asked(profile.base_url, "", "")
        if address:
            found[self.address] = address
        if Answer.CREDENTIALS in missing:
            words = missing[Answer.CREDENTIALS]
            found[self.secret.field if "secret" in words else self.key] = words
        # What is wrong beside a wrong address can't be told apart from it.
        if not address and (words := self._asked(profile.base_url, profile.proxy, "")):
            found[self.proxy] = words
        elif not address and (words := self._asked(profile.base_url, "", profile.extra_ca)):
            found[self.extra_ca] = words
        return found

    def show_problem(self) -> None:
        """Put the keyboard into the first field that is missing or wrong, and say what it is."""
        for field, words in self.problems().items():
            if field in (self.proxy, self.extra_ca):
                self.more_button.setChecked(True)
            self._entries[field].complain(words)
            field.setFocus()
            return

    def reset(self) -> None:
        """Put everything back to how it began; no secret stays in a field."""
        forget(*self._entries, self.secret)
        for entry in self._entries.values():
            entry.complain("")
        self.view_only.setChecked(False)
        self.more_button.setChecked(False)
        self._show_more(is_open=False)
        self._suggested = ("", "")
        self.kind.setCurrentIndex(0)
        self._follow_kind()

    def hideEvent(self, event: QHideEvent) -> None:
        """As Qt has it; nothing stays shown behind another step."""
        super().hideEvent(event)
        self.secret.show_button.setChecked(False)

    def _asked(self, base_url: str, proxy: str, extra_ca: str) -> str:
        return self._address_problem(Profile(_ANY_NAME, ProfileKind.CUSTOM, "", base_url, proxy, extra_ca))

    def _take_edit(self) -> None:
        field = self.sender()
        if isinstance(field, QLineEdit):
            self._entries[field].complain("")
        self.edited.emit()

    def _complain(self) -> None:
        """Say what is wrong with a field that was left. One that is still empty is no mistake yet."""
        field = self.sender()
        if isinstance(field, QLineEdit) and field.text():
            self._entries[field].complain(self.problems().get(field, ""))

    def _follow_kind(self) -> None:
        """Suggest a name and an address, unless the operator wrote others."""
        kind = ProfileKind(self.kind.value())
        suggested = (kind.label, kind.suggested_url)
        for field, before, now in zip((self.title, self.address), self._suggested, suggested, strict=True):
            if field.text() == before:
                field.setText(now)
                self._entries[field].complain("")
        self._suggested = suggested
        self.mark.setText(kind.note)
        self.mark.set_look(f"profile-{kind.colour.value}")
        self.edited.emit()

    def _show_more(self, is_open: bool) -> None:
        self._more.setVisible(is_open)
        self.more_button.setText(_LESS if is_open else _MORE)

    def _browse(self) -> None:
        dialog = QFileDialog(self, "The authority's certificate", "", "Certificates (*.pem *.crt *.cer);;All files (*)")
        dialog.setObjectName("setup-browse-dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._take_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_file(self, path: str) -> None:
        self.extra_ca.setText(path)
        self._entries[self.extra_ca].complain(self.problems().get(self.extra_ca, ""))
        self.edited.emit()
