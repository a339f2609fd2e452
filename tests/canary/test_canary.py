"""Secrets put into real runs on purpose are nowhere afterwards, whatever went wrong in the run.

Searched are logs, crash reports, core files, the store, exports, the support bundle, arguments and the environment. Not
searched are the keychain's own files, where the secrets belong; the servers, to which they are sent; and the memory of the
running process, which only root can read once it is hardened. That the hunt can find something is in test_hunter.py.
"""

import signal
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from lumedesk.logs import CRASH_FILE, LOG_FILE
from tests.support.canary import Hit, core_folders, cores_of
from tests.support.canary_paths import IN_POLLS, IN_SETUP, LISTS
from tests.support.canary_wire import ANSWERS, OF_ORDERS
from tests.support.secret_service import PASSWORD

pytestmark = pytest.mark.skipif("sys.platform != 'linux'", reason="reads /proc, and needs a Secret Service")

SERVERS = (
    "unknown CA",
    "refusing proxy",
    "no HTTP",
    "bad header",
    "bad length",
    "bad gzip",
    "half an answer",
    "silence",
    "reset",
)
TITLES = {
    "401": "The API key isn't accepted",
    "403": "This key may not do that",
    "404": "Not found",
    "409": "It conflicts with the current state",
    "422": "The server refused the request",
    "429": "Too many requests",
    "500": "The server has a problem",
    "302": "The server sent us elsewhere",
    "html": "The answer can't be read",
    "cut": "The server can't be reached",
    "shape": "The answer can't be read",
    "plain": "The server has a problem",
    "reset": "The server can't be reached",
    "unknown CA": "The connection isn't secure",
    "refusing proxy": "The server can't be reached",
    "no HTTP": "The answer can't be read",
    "bad header": "The answer can't be read",
    "bad length": "The answer can't be read",
    "bad gzip": "The answer can't be read",
    "half an answer": "The server has a problem",
    "silence": "The server took too long",
}


def told(hits: set[Hit]) -> str:
    """For a failure to be read: what was found where. No canary is quoted."""
    return "\n".join(sorted(f"{hit.place}: {hit.canary} ({hit.form})" for hit in hits))


def log_folder(world: Any) -> Path:
    [file] = world.folder.rglob(LOG_FILE)
    return file.parent


def test_every_error_path_is_really_taken(paths: Any) -> None:
    assert paths.code == 0
    assert set(paths.heard("set-up")) >= {*IN_SETUP, "unknown CA", "no HTTP", "bad header", "refusing proxy", "passed"}
    in_set_up = paths.heard("set-up")
    assert all("doesn't work yet" in in_set_up[what] for what in (*IN_SETUP, "unknown CA", "refusing proxy"))
    assert "The connection works." in in_set_up["passed"]
    polled = paths.heard("poll")
    assert all(polled[kind].count(f"{TITLES[kind]} | ") == len(LISTS) for kind in IN_POLLS)
    for what, kind in product(("read", "send"), (*ANSWERS, *SERVERS)):
        assert TITLES[kind] in paths.heard(what)[kind], (what, kind)
    for what, kind in product(("confirmation", "withdrawal"), OF_ORDERS):
        verdict = "refused" if kind in ("422", "401") else "unknown"
        assert paths.heard(what)[kind].startswith(verdict), (what, kind)
    key = paths.heard("key")
    assert list(key) == ["refused in work", "401", "403", "500", "keychain locked", "keychain denied", "replaced"]
    assert "keychain is locked" in key["keychain locked"]
    assert "wasn't opened" in key["keychain denied"]
    keychain = paths.heard("keychain")
    assert "The keychain is locked" in keychain["locked"]
    assert "The keychain wasn't opened" in keychain["denied"]
    assert "Enter the API key" in keychain["absent"]
    assert list(keychain) == ["locked", "denied", "opened", "absent", "absent, and the key refused"]
    assert "isn't the passphrase" in paths.heard("lock")["wrong passphrase"]
    assert paths.heard("clipboard") == {"secret field": "True\n", "copied": paths.heard("clipboard")["copied"]}


def test_every_defect_is_really_met_and_logged(paths: Any, world: Any) -> None:
    defects = paths.heard("defect")
    assert "Broken" in defects["slot"]
    assert defects["worker"].count("The desk made a mistake") == 3
    assert "Nothing was sent" in defects["while sending"]
    logged = (log_folder(world) / LOG_FILE).read_text() + (world.folder / "paths.stderr").read_text()
    for words in (
        "a defect; nothing more is sent",
        "work failed",
        "in of a defect",
        "Exception ignored in",
        "UserWarning",
        "ResourceWarning",
        "an order was stopped before it was sent",
        "wrong arguments",
        "No Secret Service answers",
    ):
        assert words in logged, words
    assert "_dump" in (log_folder(world) / CRASH_FILE).read_text()


def test_the_servers_were_asked_and_sent_the_secrets_back(paths: Any, world: Any) -> None:
    gate, rude = world.servers.gate, world.servers.rude
    for kind in ANSWERS:
        assert gate.played["getAccounts", kind], kind
        assert gate.played["createAccount", kind] == 1, kind
    for kind in OF_ORDERS:
        assert gate.played["createWithdrawal", kind] == gate.played["confirmQuote", kind] == 1, kind
    for name, server in rude.items():
        # A handshake that fails is none; the look at a certificate that isn't trusted is one.
        assert server.connections >= (1 if name == "unknown CA" else 2), name
        assert bool(server.requests) is (name != "unknown CA"), name
    assert not any("x-api-secret" in each.headers for each in rude["refusing proxy"].requests)


def test_no_secret_is_anywhere_after_every_error_path(paths: Any, world: Any) -> None:
    hits, hunter = world.hunt(paths.watch)
    assert not hits, told(hits)
    for name in ("audit.csv", "audit.json", "support.zip"):
        assert (world.folder / "exports" / name).stat().st_size > 1_000
    for name in ("journal.sqlite", "audit.sqlite", "mirror.sqlite", "lock.json"):
        assert list((world.folder / "data").rglob(name)), name
    assert hunter.files >= 20
    assert hunter.members >= 5, "the parts of the support bundle"
    assert hunter.bytes > 500_000
    assert paths.watch.strays == set(), "a file outside of what is searched was open for writing"
    assert not list(world.folder.rglob("tls-keys.log"))


def test_arguments_and_environment_were_read_of_the_program_and_of_its_sandbox(paths: Any) -> None:
    commands = list(paths.watch.processes.values())
    assert any("tests.support.canary_run" in each for each in commands)
    assert any("lumedesk.sandbox" in each for each in commands)
    environments = [data for place, data in paths.watch.seen if place.startswith("environment")]
    # Of a hardened process, only root may read it.
    assert len(environments) >= (1 if paths.watch.unread else 2)
    assert all(b"DBUS_SESSION_BUS_ADDRESS=" in data for data in environments)


@pytest.mark.parametrize(("fatal", "named"), [(signal.SIGABRT, "Aborted"), (signal.SIGSEGV, "Segmentation fault")])
def test_no_secret_is_anywhere_after_a_crash_in_the_midst_of_an_order(
    fatal: signal.Signals, named: str, paths: Any, live: Any, kill_by: Callable[[signal.Signals], Any], world: Any
) -> None:
    ended = live("sending", kill_by(fatal))
    assert ended.code == -fatal
    crash = (log_folder(world) / CRASH_FILE).read_text()
    assert f"Fatal Python error: {named}" in crash
    assert "into_the_midst" in crash
    assert world.servers.gate.played["createWithdrawal", "held"] >= 1
    assert not cores_of(ended.watch.pid, [world.folder / "work", *core_folders()])
    hits, _ = world.hunt(ended.watch)
    assert not hits, told(hits)


def test_no_secret_is_anywhere_after_the_commands(
    paths: Any, command: Callable[..., tuple[int, str, Any]], world: Any, keys: tuple[str, str, str]
) -> None:
    key, secret, passphrase = keys
    typed, gate = f"{key}\n{secret}\n", world.servers.gate
    url = ("--kind", "custom", "--url", world.servers.urls["gate"])
    no_bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"}
    done: list[tuple[int, str, Any]] = []

    def do(code: int, words: str, *arguments: str, says: str = "", **environment: str) -> None:
        done.append(command(*arguments, says=says, **environment))
        assert (done[-1][0], words in done[-1][1]) == (code, True), done[-1][:2]

    gate.fail("")
    world.service.lock()
    do(2, "keychain is locked", "profile", "add", "locked", *url, says=typed)
    with world.service.prompter() as prompter:
        prompter.dismiss()
        do(2, "wasn't opened", "profile", "add", "denied", *url, says=typed)
        prompter.enter(PASSWORD)
        do(0, "is made", "profile", "add", "cli", *url, says=typed)
    do(2, "There is a profile", "profile", "add", "cli", *url, says=typed)
    do(2, "no request can carry", "profile", "add", "odd", *url, says=f"{key}\n{secret}\u200b\n")
    do(
        0,
        "asked for at each start",
        "profile",
        "add",
        "alone",
        *url,
        says=f"{passphrase}\n{passphrase}\n{typed}",
        **no_bus,
    )
    do(0, "Custom", "profile", "list")
    for kind in ("401", "403", "500", "302", "html"):
        gate.fail(kind, "getAccounts")
        do(1, "FAILED", "profile", "test", "cli")
    gate.fail("")
    do(0, "passed   API key", "profile", "test", "cli")
    export = ("--profile", "rehearsal", "audit", "export")
    do(2, "isn't the passphrase", *export, str(world.folder / "work" / "a.csv"), says=f"{passphrase}x\n", **no_bus)
    do(0, "entries written", *export, str(world.folder / "work" / "a.csv"), says=f"{passphrase}\n", **no_bus)
    do(0, "is removed", "profile", "remove", "cli", "--delete-records")
    for _, _, watch in done:
        hits, _ = world.hunt(watch)
        assert not hits, told(hits)
        assert any("profile" in each for each in watch.processes.values())
