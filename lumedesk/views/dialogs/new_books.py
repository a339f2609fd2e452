"""The dialog that sets damaged books aside and begins new ones, with the operator's reason on record."""

from PySide6.QtWidgets import QLineEdit, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.work.session import Session


class NewBooksDialog(Dialog):
    """Says what is lost by it, and asks why."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("new-books", "Begin new books", shown(session.movements.refusal, 400), parent)
        self._session = session
        self.body.addWidget(
            Label(
                "The damaged files are kept beside the new ones; nothing is deleted. But the desk no longer knows which orders"
                " were under way. Compare the lists of trades and withdrawals with your own records before you send anything.",
                wraps=True,
            )
        )
        self.reason = QLineEdit()
        self.reason.setObjectName("new-books-reason")
        self.message = Banner("new-books-message")
        self.begin_button = self.add_button("new-books-begin", "I have compared the lists; begin new books")
        self.begin_button.setEnabled(False)
        self.body.addLayout(labelled("What happened, and who checked", self.reason))
        self.body.addWidget(self.message)
        self.body.addStretch(1)
        self.setMinimumWidth(560)
        self.reason.textChanged.connect(self._show_button)
        self.begin_button.clicked.connect(self._begin)
        session.movements.changed.connect(self._close_when_done)

    def _show_button(self, text: str) -> None:
        self.begin_button.setEnabled(len(text.strip()) >= 5)

    def _begin(self) -> None:
        self.begin_button.setEnabled(False)
        self._session.movements.start_anew(self.reason.text().strip(), self, self._show_failure)

    def _close_when_done(self) -> None:
        if not self._session.movements.refusal:
            self.accept()

    def _show_failure(self, error: DeskError) -> None:
        self.message.say(explain(error), "failed")
        self._show_button(self.reason.text())
