"""The error paths of the program, taken one after the other by an operator whose secrets are canaries."""

import gc
import logging
import sys
import threading
import uuid
import warnings
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.domain.quotes import QuoteRequest
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.keychain import Keychain, NoKeychain, system_keychain
from lumedesk.logs import CRASH_FILE, default_log_dir
from lumedesk.views.parts.clipboard import copy_text
from lumedesk.work.sending import Parcel
from tests.support.canary_desk import PATIENCE_S, Run, say
from tests.support.desk import Asker
from tests.support.operator import Operator
from tests.support.secret_service import PASSWORD
from tests.support.stage import settle, until
from tests.support.wire import no_wait

LISTS = (
    "getAccounts",
    "getWallets",
    "getCurrencies",
    "getBeneficiaries",
    "getWithdrawHistory",
    "depositHistory",
    "tradeHistory",
)
# What the server does wrong. Each kind of answer that the program tells apart is there.
ANSWERS = ("401", "403", "404", "409", "422", "429", "500", "302", "html", "cut", "shape", "plain", "reset")
IN_SETUP = ("401", "403", "404", "422", "500", "302", "html", "shape", "cut")
IN_POLLS = ("403", "404", "422", "500", "302", "html", "shape")
OF_ORDERS = ("500", "reset", "cut", "422", "302", "shape", "plain", "401")
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
    asker = Asker()
    run.session().movements.withdraw(an_order(run, "7.77"), asker, asker.done)
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


def _heard(ask: Callable[[Asker], object]) -> Any:
    asker = Asker()
    ask(asker)
    until(lambda: asker.heard > 0, "an answer", PATIENCE_S)
    return (asker.answers + asker.errors)[0]


def _worked(run: Run, work: Coroutine[Any, Any, Any]) -> Any:
    assert run.program is not None
    assert run.program.workplace is not None
    engine = run.program.workplace.desk.engine
    return _heard(lambda asker: engine.submit(work, asker, asker.done, asker.failed))


def answers_to_everything(run: Run) -> None:
    """Each kind of wrong answer to a read and to something that is sent, by the client of the open desk's settings."""
    for kind in ANSWERS:
        run.server(kind, "getAccounts", "createAccount", "getQuote")
        for name, call in _calls():
            error = _worked(run, _asked(run.plan.urls["gate"], None, run.plan.new_credentials, call))
            run.tell_error(name, kind, error)
    run.server("")
    error = _worked(run, _asked(run.plan.urls["gate"], None, run.plan.new_credentials, _odd_id(run.plan.new_secret)))
    run.tell_error("read", "an id that nobody has", error)
    bad = Credentials(run.plan.key, Secret(run.plan.new_secret + "\n"))
    run.tell_error("read", "a secret no header carries", _worked(run, _asked(run.plan.urls["gate"], None, bad, _read)))


def servers_that_are_rude(run: Run) -> None:
    """No TLS to trust, a proxy that refuses, what isn't HTTP, resets, silence: for a read and for something sent."""
    for name, url in run.plan.urls.items():
        if name == "gate":
            continue
        proxy = url if name == "refusing proxy" else None
        target = run.plan.urls["unknown CA"] if proxy else url
        for what, call in _calls():
            error = _worked(run, _asked(target, proxy, run.plan.new_credentials, call))
            run.tell_error(what, name, error)


async def _asked(
    url: str, proxy: str | None, credentials: Credentials, call: Callable[[LumetradeClient], Coroutine[Any, Any, Any]]
) -> Any:
    transport = Transport(Endpoint(url, proxy), credentials, deadline_s=0.5, list_deadline_s=0.5, sleep=no_wait)
    client = LumetradeClient(transport)
    try:
        return await call(client)
    finally:
        await client.aclose()


def _calls() -> list[tuple[str, Callable[[LumetradeClient], Coroutine[Any, Any, Any]]]]:
    return [("read", _read), ("send", _send)]


async def _read(client: LumetradeClient) -> Any:
    found = await client.list_accounts()
    return found.read()


async def _send(client: LumetradeClient) -> Any:
    return await client.create_account("EUR")


def _odd_id(name: str) -> Callable[[LumetradeClient], Coroutine[Any, Any, Any]]:
    async def ask(client: LumetradeClient) -> Any:
        return await client.get_account(name)

    return ask


# Money


def an_order(run: Run, amount: str) -> WithdrawalOrder:
    payee = next(each for each in run.session().records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    details = payee.withdraw_form_details
    return WithdrawalOrder(str(uuid.uuid4()), payee.id, payee.nickname or "", details, "ZAR", Decimal(amount))


def quotes_and_withdrawals(run: Run) -> None:
    """Orders that fail in every way, most of them so that nobody knows what became of them."""
    movements = run.session().movements
    request = QuoteRequest("USDT", "ZAR", from_amount=Decimal("12.5"))
    run.server("422", "getQuote")
    error = _heard(lambda asker: movements.request_quote(request, asker, asker.done, asker.failed))
    run.tell_error("quote", "422", error)
    for number, kind in enumerate(OF_ORDERS, 1):
        run.server("")
        wanted = QuoteRequest("USDT", "ZAR", from_amount=Decimal(f"{number}.5"))
        quote = _heard(partial(_ask_quote, run, wanted))
        run.server(kind, "createWithdrawal", "confirmQuote")
        for name, give in (
            ("confirmation", partial(_confirm, run, quote)),
            ("withdrawal", partial(_withdraw, run, an_order(run, f"{number}.25"))),
        ):
            outcome = _heard(give)
            run.tell(name, kind, outcome.verdict.value)
            run.tell_error(name, kind, outcome.error)
    run.server("")


def _ask_quote(run: Run, request: QuoteRequest, asker: Asker) -> None:
    run.session().movements.request_quote(request, asker, asker.done, asker.failed)


def _confirm(run: Run, quote: Any, asker: Asker) -> None:
    run.session().movements.confirm(quote, asker, asker.done)


def _withdraw(run: Run, order: WithdrawalOrder, asker: Asker) -> None:
    run.session().movements.withdraw(order, asker, asker.done)


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


# Defects


class Broken(Exception):
    """A mistake of the program's own whose text says what it must not."""


def defects(run: Run) -> None:
    """Exceptions that quote the secrets in use: in a slot, on the worker, in a thread, where none can be raised."""
    secrets = _living(run)
    words = f"{run.plan.new_secret} and {secrets[0].reveal()} and {secrets[1].reveal()}"
    _in_a_slot(run, words)
    for text in (words, repr([words]), str({"X-API-SECRET": run.plan.new_secret})):
        error = _worked(run, _breaks(text))
        run.tell("defect", "worker", error.title, error.detail)
    thread = threading.Thread(target=_break, args=(words,), name="of a defect")
    thread.start()
    thread.join()
    _Unraisable(words)
    gc.collect()
    warnings.warn(f"a warning about {words}", UserWarning, stacklevel=1)
    warnings.warn(f"another about {words}", ResourceWarning, stacklevel=1)
    run.tell("defect", "while sending", _sent_with_a_defect(run, words))
    log.error("wrong arguments %d", words)
    for name in ("httpx", "httpcore", "h11", "keyring", "asyncio"):
        logging.getLogger(name).debug("a debug line about %s", words)
        logging.getLogger(name).warning("a warning about %s", words)
    _dump(words)
    del secrets


def _living(run: Run) -> list[Secret]:
    """The records' key, which the lock holds, and the passphrase, as where it is judged."""
    assert run.program is not None
    _, _, locking = run.program._opened  # type: ignore[misc]
    assert locking.store_key is not None
    return [locking.store_key, Secret(run.plan.passphrase)]


def _break(words: str) -> None:
    in_a_local = words
    raise Broken(in_a_local)


async def _breaks(words: str) -> None:
    try:
        _break(words)
    except Broken as error:
        error.add_note(f"a note on {words}")
        raise RuntimeError(f"no header can carry {words}") from error


def _in_a_slot(run: Run, words: str) -> None:
    hook = sys.excepthook
    caught: list[str] = []

    def noted(kind: Any, error: Any, trace: Any) -> None:
        caught.append(kind.__name__)
        hook(kind, error, trace)

    sys.excepthook = noted
    try:
        QTimer.singleShot(0, lambda: _break(words))
        until(lambda: caught, "the defect in a slot", PATIENCE_S)
    finally:
        sys.excepthook = hook
    session = run.session()
    until(lambda: session.movements.refusal, "sending to be off", PATIENCE_S)
    run.tell("defect", "slot", session.cannot_send)


class _Unraisable:
    def __init__(self, words: str) -> None:
        self._words = words

    def __repr__(self) -> str:
        return f"<{self._words}>"

    def __del__(self) -> None:
        _break(self._words)


def _sent_with_a_defect(run: Run, words: str) -> str:
    """An order whose last check breaks with a text that quotes the secrets."""
    movements = run.session().movements
    movements._books.refusal = ""  # the defect in the slot had turned sending off
    order = an_order(run, "88.88")

    async def post() -> tuple[str | None, str | None, str]:
        raise AssertionError("it must not be sent")

    key = run.session().key_fingerprint
    parcel = Parcel(order.uuid, order.terms, "localhost", key, (), post, lambda: _break(words))  # type: ignore[arg-type, func-returns-value]
    outcome = _worked(run, movements._sender.carry(parcel))
    return f"{outcome.verdict.value}: {outcome.error}"


def _dump(words: str) -> None:
    import faulthandler

    in_a_local = words
    with (default_log_dir() / CRASH_FILE).open("a") as crashes:
        faulthandler.dump_traceback(crashes)
    assert in_a_local


# Files for others


def exports(run: Run) -> None:
    """The audit log in both forms, and the support bundle as the dialog saves it."""
    movements = run.session().movements
    folder = run.folder / "exports"
    for name in ("audit.csv", "audit.json"):
        count = _heard(partial(_export, movements, folder / name))
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
    import os

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
