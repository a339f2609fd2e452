"""The error paths of the program, taken one after the other by an operator whose secrets are canaries."""

import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.keychain import Keychain, NoKeychain, system_keychain
from lumedesk.views.parts.clipboard import copy_text
from tests.support.canary_defects import defects
from tests.support.canary_desk import PATIENCE_S, Run, an_order, heard, say
from tests.support.canary_wire import answers_to_everything, quotes_and_withdrawals, servers_that_are_rude
from tests.support.desk import Asker
from tests.support.operator import Operator
from tests.support.secret_service import PASSWORD
from tests.support.stage import settle, until

LISTS = (
    "getAccounts",
    "getWallets",
    "getCurrencies",
    "getBeneficiaries",
    "getWithdrawHistory",
    "depositHistory",
    "tradeHistory",
)
IN_SETUP = ("401", "403", "404", "422", "500", "302", "html", "shape", "cut")
IN_POLLS = ("403", "404", "422", "500", "302", "html", "shape")
log = logging.getLogger("lumedesk.canary_paths")


def all_of_them(run: Run) -> None:
    """From the first start to a normal end."""
    set_up(run)
    lists_that_fail(run)
    a_key_that_is_replaced(run)
    answers_to_everything(run)
    quotes_and_withdrawals(run)
    servers_that_are_rude(run)
    lock_and_unlock(run)
    copies(run)
    defects(run)
    exports(run)
    trouble_with_the_keychain(run)
    the_sandbox(run)


def into_the_midst(run: Run) -> None:
    """Open the desk and give an order to which no answer comes; whoever started this kills it then."""
    run.start()
    run.unlock()
    run.filled()
    run.server("held", "createWithdrawal")
    asker, movements = Asker(), run.session().movements
    # Another amount than what an earlier run left in doubt.
    movements.withdraw(an_order(run, f"{len(movements.intents)}.77"), asker, asker.done)
    say({"where": "order", "what": "given", "words": []})
    until(lambda: False, "the end", 600)


# The set-up


def set_up(run: Run) -> None:
    """Test connections that fail in every way, then one that works; set a passphrase."""
    program = run.start()
    operator = run.hands(lambda: program.setup)
    operator.click("setup-connect")
    operator.choose("setup-kind", "Custom")
    operator.write("setup-profile-title", "Rehearsal")
    operator.write("setup-key", run.plan.key)
    operator.write("setup-secret", run.plan.secret)
    secret = operator.wait_for("setup-secret")
    assert isinstance(secret, QLineEdit)
    secret.selectAll()
    secret.copy()
    run.tell("clipboard", "secret field", QApplication.clipboard().text() == "")
    operator.write("setup-address", run.plan.urls["gate"])
    for kind in IN_SETUP:
        run.server(kind, "getAccounts")
        _try(run, operator, kind)
    run.server("")
    for name in ("unknown CA", "no HTTP", "bad header"):
        operator.write("setup-address", run.plan.urls[name])
        _try(run, operator, name)
    operator.click("setup-more")
    operator.write("setup-address", run.plan.urls["unknown CA"])
    operator.write("setup-proxy", run.plan.urls["refusing proxy"])
    _try(run, operator, "refusing proxy")
    operator.write("setup-proxy", f"http://user:{run.plan.secret}@localhost:1")
    operator.click("setup-test")
    run.tell("set-up", "secret in the proxy's address", operator.read("setup-proxy-problem"))
    operator.write("setup-proxy", " ")
    operator.write("setup-address", run.plan.urls["gate"])
    _try(run, operator, "passed")
    operator.click("setup-next")
    operator.write("setup-passphrase", run.plan.passphrase)
    operator.write("setup-passphrase-again", run.plan.passphrase[::-1])
    operator.write("setup-passphrase-again", run.plan.passphrase)
    operator.click("setup-finish")
    run.filled()


def _try(run: Run, operator: Operator, what: str) -> None:
    assert run.program is not None
    assert run.program.setup is not None
    trial = run.program.setup.connect_step.trial
    operator.click("setup-test")
    operator.wait(lambda: trial.is_over)
    run.tell("set-up", what, trial.verdict.text(), trial.checks.text())


# The desk at work


def lists_that_fail(run: Run) -> None:
    """The lists that are polled come back wrong in every way; then they are right again."""
    session = run.session()
    for kind in IN_POLLS:
        run.server(kind, *LISTS)
        for each in Kind:
            error = _refused(run, each)
            run.tell_error("poll", kind, error)
    run.server("")
    session.refresh()
    run.filled()


def _refused(run: Run, kind: Kind) -> DeskError:
    session = run.session()
    before = session.state(kind).error
    session.refresh(kind)
    until(lambda: session.state(kind).error not in (None, before), f"an error of {kind}", PATIENCE_S)
    error = session.state(kind).error
    assert error is not None
    return error


def a_key_that_is_replaced(run: Run) -> None:
    """The server refuses the key; others are tried in vain; the keychain refuses to keep one; then it works."""
    operator = run.filled()
    session = run.session()
    run.server("401", *LISTS)
    session.refresh()
    operator.wait_for("key")
    run.tell("key", "refused in work", operator.read("key-title"))
    for kind in ("401", "403", "500"):
        run.server(kind, *LISTS)
        _rotate(run, operator)
        operator.wait(lambda: "wasn't changed" in operator.read("key-message-text"))
        run.tell("key", kind, operator.read("key-message-text"), *operator.texts("key-checks"))
    run.server("")
    run.service.lock()
    _rotate(run, operator)
    operator.wait_for("key-use-once")
    run.tell("key", "keychain locked", operator.read("key-message-text"))
    with run.service.prompter() as prompter:
        prompter.dismiss()
        _rotate(run, operator)
        operator.wait(lambda: "closed" in operator.read("key-message-text"))
        run.tell("key", "keychain denied", operator.read("key-message-text"))
        prompter.enter(PASSWORD)
        _rotate(run, operator)
        operator.wait(lambda: not operator.sees("key"))
    run.tell("key", "replaced")
    run.filled()


def _rotate(run: Run, operator: Operator) -> None:
    operator.write("key-key", run.plan.key)
    operator.write("key-secret", run.plan.new_secret)
    operator.click("key-save")


# Hands off


def lock_and_unlock(run: Run) -> None:
    """Lock, enter a passphrase that is nearly right, then the right one."""
    operator = run.filled()
    assert run.program is not None
    assert run.program.workplace is not None
    run.program.workplace.window.lock_wanted.emit()
    gate = run.gate()
    gate.write("gate-passphrase", run.plan.passphrase + "x")
    gate.click("gate-unlock")
    gate.wait(lambda: gate.sees("gate-message") and "isn't the passphrase" in gate.read("gate-message"))
    run.tell("lock", "wrong passphrase", gate.read("gate-message"))
    # Typed once more, and left in the field for a while.
    gate.wait(lambda: gate.wait_for("gate-passphrase").isEnabled())
    run.unlock()
    operator.wait(lambda: operator.sees("profile"))
    until(lambda: run.program.workplace.window.isVisible(), "the desk", PATIENCE_S)  # type: ignore[union-attr]
    run.tell("lock", "unlocked")


def copies(run: Run) -> None:
    """Copy something, and have it cleared."""
    copy_text("bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh", guard=True)
    run.tell("clipboard", "copied", QApplication.clipboard().text())
    QApplication.clipboard().clear()


# Files for others


def exports(run: Run) -> None:
    """The audit log in both forms, and the support bundle as the dialog saves it."""
    movements = run.session().movements
    folder = run.folder / "exports"
    for name in ("audit.csv", "audit.json"):
        count = heard(partial(_export, movements, folder / name))
        run.tell("export", name, count)
    assert run.program is not None
    assert run.program.workplace is not None
    operator = run.filled()
    # Only the question for a file's name is answered in the operator's place.
    QFileDialog.getSaveFileName = lambda *_: (str(folder / "support.zip"), "")  # type: ignore[assignment, method-assign]
    run.program.workplace.window.support_wanted.emit()
    operator.wait_for("support-save")
    for row in range(4):
        run.program.workplace.window.dialog.names.setCurrentRow(row)  # type: ignore[union-attr]
        settle()
        run.tell("support", str(row), operator.read("support-text"))
    operator.click("support-save")
    operator.wait(lambda: "Saved as support.zip" in operator.read("support-message-text"))
    operator.click("support-close")
    run.tell("export", "support.zip", (folder / "support.zip").stat().st_size)


def _export(movements: Any, file: Path, asker: Asker) -> None:
    movements.export_audit(file, asker, asker.done, asker.failed)


# The keychain


def trouble_with_the_keychain(run: Run) -> None:
    """Starts on a keychain that is locked, refuses, and isn't there; the key is then entered for the run."""
    run.end()
    run.service.lock()
    run.start()
    run.unlock()
    gate = run.gate()
    gate.wait_for("gate-choice-try")
    run.tell("keychain", "locked", *gate.texts("gate"))
    with run.service.prompter() as prompter:
        prompter.dismiss()
        gate.click("gate-choice-try")
        gate.wait(lambda: gate.sees("gate-detail") and "closed" in gate.read("gate-detail"))
        run.tell("keychain", "denied", *gate.texts("gate"))
        prompter.enter(PASSWORD)
        gate.click("gate-choice-try")
        run.filled()
    run.tell("keychain", "opened")
    run.start(_absent)
    run.unlock()
    gate = run.gate()
    gate.click("gate-choice-once")
    run.tell("keychain", "absent", *gate.texts("gate"))
    run.server("401", *LISTS)
    gate.write("gate-key", run.plan.key)
    gate.write("gate-secret", run.plan.new_secret)
    gate.click("gate-connect")
    operator = run.hands(lambda: run.program.workplace.window if run.program and run.program.workplace else None)
    operator.wait_for("key")
    run.tell("keychain", "absent, and the key refused", operator.read("key-title"))
    run.server("")
    run.end()


def _absent() -> Keychain:
    address = os.environ.pop("DBUS_SESSION_BUS_ADDRESS")
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere/bus"
    try:
        return system_keychain()
    except NoKeychain as trouble:
        log.warning("%s", trouble, exc_info=trouble)
        raise
    finally:
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = address


def the_sandbox(run: Run) -> None:
    """Go on in the sandbox, whose process inherits this one's environment."""
    program = run.start()
    run.unlock()
    run.filled()
    last = run.profile()
    program.open(Profile("sandbox", ProfileKind.SANDBOX))
    run.filled()
    run.tell("sandbox", "opened")
    assert last is not None
    program.open(last)
    run.unlock()
    run.filled()
