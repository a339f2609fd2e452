"""The program at work in a run with canaries for secrets: its application, hands for its windows, and a telling of it."""

import json
import logging
import os
import sys
import uuid
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lumedesk import __version__
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.keychain import Keychain, system_keychain
from lumedesk.program import Program
from lumedesk.store.profiles import last_opened, list_profiles
from lumedesk.work.session import Connection, Session
from tests.support.desk import Asker
from tests.support.operator import Operator
from tests.support.secret_service import SecretService
from tests.support.stage import until

log = logging.getLogger("lumedesk.canary_desk")
PATIENCE_S = 30.0


class Fingers:
    """What Operator asks of pytest-qt, without pytest."""

    mouseClick = staticmethod(QTest.mouseClick)  # noqa: N815 - pytest-qt's name
    keyClick = staticmethod(QTest.keyClick)  # noqa: N815
    keyClicks = staticmethod(QTest.keyClicks)  # noqa: N815

    def waitUntil(self, condition: Callable[[], bool], timeout: int) -> None:  # noqa: N802 - pytest-qt's name
        until(condition, "the window", timeout / 1000)


@dataclass
class Plan:
    """What the run is given: canaries, addresses, and where to put files."""

    key: str
    secret: str
    new_secret: str
    passphrase: str
    urls: dict[str, str]

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.key, Secret(self.secret))

    @property
    def new_credentials(self) -> Credentials:
        return Credentials(self.key, Secret(self.new_secret))


class Run:
    """The application, and a telling of what happens in it."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
        self.app = QApplication(sys.argv[:1])
        self.app.setApplicationName("LumeDesk")
        self.app.setApplicationVersion(__version__)
        self.folder = folder
        self.data_dir = folder / "data"
        self.plan = plan
        self.service = SecretService(folder, os.environ["DBUS_SESSION_BUS_ADDRESS"])
        self.program: Program | None = None

    def start(self, keychain: Callable[[], Keychain] = system_keychain) -> Program:
        """Start the program on what was opened last, else with the set-up."""
        self.end()
        self.program = Program(self.app, self.data_dir, keychain=keychain)
        self.program.start(self.profile())
        return self.program

    def end(self) -> None:
        """Close the program."""
        if self.program is not None:
            self.program.close()
            self.program = None

    def profile(self) -> Profile | None:
        """The one that was opened last."""
        name = last_opened(self.data_dir)
        return next((each.profile for each in list_profiles(self.data_dir) if each.name == name), None)

    def hands(self, window: Callable[[], QWidget | None]) -> Operator:
        """Hands for a window, once it can be seen."""
        until(lambda: (found := window()) is not None and found.isVisible(), "a window", PATIENCE_S)
        found = window()
        assert found is not None
        return Operator(Fingers(), found)  # type: ignore[arg-type]

    def gate(self) -> Operator:
        return self.hands(lambda: self.program.gate if self.program else None)

    def session(self) -> Session:
        assert self.program is not None
        assert self.program.workplace is not None
        return self.program.workplace.desk.session

    def filled(self) -> Operator:
        """Hands for the desk, once every list has come."""
        until(self._is_filled, "the lists", PATIENCE_S)
        return self.hands(lambda: self.program.workplace.window if self.program and self.program.workplace else None)

    def _is_filled(self) -> bool:
        workplace = self.program.workplace if self.program else None
        # What an earlier run saved is there before anybody is connected.
        is_online = workplace is not None and workplace.desk.session.connection is Connection.ONLINE
        return is_online and all(
            (state := workplace.desk.session.state(kind)).confirmed_at and state.error is None for kind in Kind
        )

    def unlock(self) -> None:
        """Enter the passphrase."""
        gate = self.gate()
        gate.wait_for("gate-passphrase")
        gate.write("gate-passphrase", self.plan.passphrase)
        gate.click("gate-unlock")

    def server(self, kind: str, *operations: str) -> None:
        """Let these operations fail from now on, all others not."""
        # Not httpx: that would write the TLS keys down, as the environment asks it to.
        asking = HTTPConnection(self.plan.urls["gate"].removeprefix("http://"), timeout=PATIENCE_S)
        with closing(asking):
            asking.request("POST", "/_canary/plan", json.dumps({"operations": operations, "kind": kind}))
            assert asking.getresponse().status == 200

    def tell(self, where: str, what: str, *words: object) -> None:
        """Say what happened, in the words that the operator sees."""
        say({"where": where, "what": what, "words": [str(each) for each in words]})

    def tell_error(self, where: str, what: str, error: DeskError) -> None:
        """Say what an error says, and log it as a defect would be: with all that led to it."""
        self.tell(where, what, error.title, error.detail, error.request_id, error.fields)
        log.error("%s: %s", where, error, exc_info=error)
        # Each by itself: what follows the name of a credential is left out of a line.
        for each in (error.detail, error.request_id, *error.fields):
            log.warning("%s", each)


def say(what: dict[str, Any]) -> None:
    """One line on standard output."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def heard(ask: Callable[[Asker], object]) -> Any:
    """What came of asking, be it an error."""
    asker = Asker()
    ask(asker)
    until(lambda: asker.heard > 0, "an answer", PATIENCE_S)
    return (asker.answers + asker.errors)[0]


def worked(run: Run, work: Coroutine[Any, Any, Any]) -> Any:
    """What came of work on the open desk's worker, be it an error."""
    assert run.program is not None
    assert run.program.workplace is not None
    engine = run.program.workplace.desk.engine
    return heard(lambda asker: engine.submit(work, asker, asker.done, asker.failed))


def an_order(run: Run, amount: str) -> WithdrawalOrder:
    """To the first beneficiary in rand."""
    payee = next(each for each in run.session().records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    details = payee.withdraw_form_details
    return WithdrawalOrder(str(uuid.uuid4()), payee.id, payee.nickname or "", details, "ZAR", Decimal(amount))
