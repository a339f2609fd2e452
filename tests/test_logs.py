"""The one path that everything written to a log takes. Crashes are real ones, in processes of their own."""

import base64
import faulthandler
import json
import logging
import logging.handlers
import os
import re
import stat
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import hypothesis
import pytest
from hypothesis import strategies as st

import lumedesk.logs as logs
from lumedesk.domain import credentials
from lumedesk.domain.credentials import Secret
from lumedesk.logs import CRASH_FILE, LOG_FILE, REMOVED, Logging, redacted, start_logging

ROOT = Path(logs.__file__).parents[1]
# A character of each kind that some form of writing down changes.
VALUE = "cn4/Ry+ ' \" \\ &%=Ké-é7"
LOG = logging.getLogger("lumedesk.tests")


@pytest.fixture(autouse=True)
def _only_its_own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that another test's failure or fixture keeps alive would be taken out of this one's words."""
    monkeypatch.setattr(credentials, "_alive", weakref.WeakValueDictionary())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "log"


@pytest.fixture
def logging_now(folder: Path) -> Iterator[Logging]:
    started = start_logging(folder)
    yield started
    started.close()


def entries(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / LOG_FILE).read_text(encoding="utf-8").splitlines()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(value: str) -> dict[str, str]:
    raw = value.encode()
    return {
        "plain": value,
        "url": quote(value, safe=""),
        "url, slashes kept": quote(value),
        "form": quote_plus(value),
        "url, small digits": re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
        "base64": base64.b64encode(raw).decode(),
        "base64 for urls": base64.urlsafe_b64encode(raw).decode(),
        "json": json.dumps(value),
        "json, not only ascii": json.dumps(value, ensure_ascii=False),
        "json within json": json.dumps(json.dumps({"a": value})),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "repr": repr(value),
        "repr of bytes": repr(raw),
        "ascii": ascii(value),
        "repr of a list": repr([value]),
    }


@pytest.mark.parametrize("how", written(VALUE))
def test_a_living_secret_is_found_in_every_form(how: str) -> None:
    secret = Secret(VALUE)
    cleaned = redacted(f"before {written(VALUE)[how]} after")
    assert REMOVED in cleaned
    for form in written(VALUE).values():
        assert form.strip("\"'") not in cleaned
    assert "cn4" not in cleaned
    assert cleaned.startswith("before")
    assert cleaned.endswith("after")
    del secret


@pytest.mark.parametrize("before", ["", "k", "ke", "key:", "a longer name:"])
def test_a_secret_inside_something_longer_in_base64_is_found(before: str) -> None:
    secret = Secret("7395-1846-2073")  # all digits: what is around it has none
    longer = base64.b64encode(f"{before}{secret.reveal()}, and more".encode()).decode()
    cleaned = redacted(f"sent {longer}.")
    assert REMOVED in cleaned
    kept = cleaned.removeprefix("sent ").removesuffix(".").split(REMOVED)
    for part in filter(None, kept):
        # The rest, read from where it stood: nothing of the secret comes out.
        for pad in {longer.index(part) % 4, longer.rindex(part) % 4}:
            read = "A" * pad + part.rstrip("=")
            assert not set(b"-0123456789") & set(base64.b64decode(read[: len(read) // 4 * 4]))


def test_a_secret_that_is_gone_is_not_looked_for() -> None:
    assert redacted("value-that-nobody-holds") == "value-that-nobody-holds"


def test_a_short_secret_goes_only_where_it_stands_alone() -> None:
    secret = Secret("tan")
    assert redacted("stand on tan; 'tan' tan") == f"stand on {REMOVED}; '{REMOVED}' {REMOVED}"
    assert redacted("stand and tangible, instant") == "stand and tangible, instant"
    assert secret.reveal() == "tan"


def test_of_two_secrets_the_longer_goes_whole() -> None:
    pair = Secret("abcdef"), Secret("abcdef-ghijkl")
    assert redacted("x abcdef-ghijkl y abcdef z") == f"x {REMOVED} y {REMOVED} z"
    assert len(pair) == 2


@hypothesis.given(st.text(st.characters(codec="utf-8"), min_size=6, max_size=40), st.text(max_size=40))
def test_no_secret_of_any_kind_is_left(value: str, around: str) -> None:
    secret = Secret(value)
    assert secret.reveal() not in redacted(f"{around}{value}{around}").replace(REMOVED, "\0")


@pytest.mark.parametrize(
    "text",
    [
        "{'X-API-KEY': 'hidden-1', 'X-API-SECRET': 'hidden-2'}",
        "(b'x-api-secret', b'hidden-1')",
        "X-Api-Key hidden-1",
        "x_api_key=hidden-1",
        'X-API-SECRET":\n  "hidden-1"',
        "Authorization: Basic hidden-1hidden-1",
        "proxy-authorization=hidden-1",
        "Set-Cookie: session=hidden-1; Path=/",
        "('cookie', 'hidden-1')",
        "Bearer hidden-1hidden-1",
        '{"password": "hidden-1"}',
        "passphrase = hidden-1",
        "?apiKey=hidden-1&x=1",
        "through http://someone:hidden-1@proxy.example:3128 it goes",
    ],
)
def test_what_follows_the_name_of_a_credential_goes(text: str) -> None:
    cleaned = redacted(text)
    assert "hidden" not in cleaned
    assert redacted(cleaned) == cleaned, "cleaning twice is cleaning once"


@pytest.mark.parametrize(
    "text",
    [
        "The API key or its secret holds characters no header can carry.",
        "The password, once typed, opens it",
        "authorization failed with 401",
        "https://api.example/api/v1/trades?size=5",
        "2 tokens left",
    ],
)
def test_words_stay_words(text: str) -> None:
    assert redacted(text) == text


def test_entries_are_json_and_warnings_are_on_stderr(
    logging_now: Logging, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    LOG.debug("not written")
    LOG.info("for the file")
    LOG.warning("for %s", "both")
    first, second = entries(folder)
    assert first.keys() == {"time", "level", "logger", "message"}
    assert (first["level"], first["logger"], first["message"]) == ("INFO", "lumedesk.tests", "for the file")
    assert first["time"].endswith("Z")
    assert second["message"] == "for both"
    assert capsys.readouterr().err == "WARNING lumedesk.tests: for both\n"
    assert logging_now.folder == folder


def test_secrets_in_messages_and_tracebacks_reach_no_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logging_now = start_logging(folder)  # here, so that pytest's own handlers, which mind wrong arguments, step aside
    secret = Secret("canary-8d2e41c7")
    try:
        try:
            raise ValueError(f"no header can carry {secret.reveal()}")
        except ValueError as error:
            error.add_note(f"a note on {secret.reveal()!r}")
            raise RuntimeError({"X-API-SECRET": "of nobody's object"}) from error
    except RuntimeError:
        LOG.exception("failed with %s", {"secret": secret.reveal()}, stack_info=True)
    LOG.error("args of the wrong number %s %s", secret.reveal())
    LOG.error(f"{secret.reveal()} %d", secret)
    logging_now.close()
    [first, *_] = entries(folder)
    assert "ValueError: no header can carry" in first["exception"]
    assert "The above exception was the direct cause" in first["exception"]
    assert "test_logs.py" in first["exception"]
    for text in ((folder / LOG_FILE).read_text(), capsys.readouterr().err):
        assert text.count(REMOVED) >= 4
        assert "canary" not in text
        assert "nobody's" not in text


def test_text_from_a_server_forges_no_line(
    logging_now: Logging, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = 'a\nCRITICAL lumedesk.x: paid\r\n{"level": "INFO"}\x1b[2J\u202eevil\u2028\x85'
    try:
        raise ValueError(forged)
    except ValueError:
        LOG.exception("got %s", forged)
    [entry] = entries(folder)
    assert entry["message"].startswith("got a⟨U+000A⟩CRITICAL lumedesk.x: paid⟨U+000D⟩⟨U+000A⟩{")
    assert "⟨U+001B⟩[2J⟨U+202E⟩evil⟨U+2028⟩⟨U+0085⟩" in entry["message"]
    for hidden in "\x1b\u202e\u2028\x85\r":
        assert hidden not in entry["exception"]
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("ERROR lumedesk.tests: got a")
    assert len(told) > 3
    assert all(line.startswith("    ") for line in told[1:])


def test_very_long_texts_are_cut_but_never_through_a_secret(logging_now: Logging, folder: Path) -> None:
    secret = Secret("canary-8d2e41c7" * 20)
    LOG.warning("%s%s", "x" * 7_990, secret.reveal())
    LOG.warning("%s", "y" * 100_000)
    short, long = entries(folder)
    assert "canary" not in short["message"]
    assert len(long["message"]) == 8_000


def test_files_and_folder_are_private_also_after_rotation(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.mkdir(parents=True, mode=0o755)
    (folder / LOG_FILE).touch(0o644)
    monkeypatch.setattr(logs, "_MAX_BYTES", 2_000)
    started = start_logging(folder)
    for number in range(200):
        LOG.warning("entry %d of a few more characters", number)
    started.close()
    files = sorted(path.name for path in folder.iterdir())
    assert files == [CRASH_FILE, LOG_FILE, *(f"{LOG_FILE}.{n}" for n in range(1, 5))]
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert mode(folder) == 0o700
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5 * 2_000
    assert entries(folder)[-1]["message"].startswith("entry 199")


def test_a_file_that_cannot_be_renamed_is_written_on(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on Windows, where another process has it open: here a folder stands where the older file would go."""
    monkeypatch.setattr(logs, "_MAX_BYTES", 500)
    started = start_logging(folder)
    for number in (3, 4):
        (folder / f"{LOG_FILE}.{number}").mkdir()
    for number in range(20):
        LOG.warning("entry %d", number)
    started.close()
    assert [entry["message"] for entry in entries(folder)] == [f"entry {number}" for number in range(20)]


def test_a_folder_that_cannot_be_written_leaves_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    secret = Secret("canary-8d2e41c7")
    started = start_logging(tmp_path / "file" / "log")
    try:
        LOG.warning("with %s", secret.reveal())
    finally:
        started.close()
    assert started.folder is None
    first, second = capsys.readouterr().err.splitlines()
    assert "nothing is logged to files" in first
    assert second == f"WARNING lumedesk.tests: with {REMOVED}"


def test_without_stderr_the_file_is_written(
    monkeypatch: pytest.MonkeyPatch, logging_now: Logging, folder: Path
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    LOG.warning("still here")
    assert entries(folder)[-1]["message"] == "still here"


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "h11", "hpack.hpack", "keyring.backend", "asyncio"])
def test_debug_logs_of_libraries_are_muted_even_when_asked_for(logging_now: Logging, folder: Path, name: str) -> None:
    library = logging.getLogger(name)
    before = library.level
    library.setLevel(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    library.debug("headers")
    library.info("a request")
    library.warning("worth knowing")
    library.setLevel(before)
    assert [entry["message"] for entry in entries(folder)] == ["worth knowing"]


def test_an_entry_that_cannot_be_cleaned_is_withheld(
    logging_now: Logging, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_text: str) -> str:
        raise LookupError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(logs, "redacted", failing)
        LOG.warning("canary")
    [entry] = entries(folder)
    assert "withheld" in entry["message"]
    assert entry["exception"] == "LookupError"
    assert "canary" not in capsys.readouterr().err


def test_secrets_made_meanwhile_in_another_thread_disturb_nothing(logging_now: Logging, folder: Path) -> None:
    is_over = threading.Event()
    made: list[Secret] = []

    def make() -> None:
        while not is_over.is_set():
            made.append(Secret(f"canary-{len(made)}"))
            if len(made) > 300:
                made.clear()

    maker = threading.Thread(target=make)
    maker.start()
    for number in range(200):
        LOG.info("entry %d", number)
    is_over.set()
    maker.join()
    assert [entry["message"] for entry in entries(folder)] == [f"entry {number}" for number in range(200)]


def test_closing_undoes_everything(folder: Path) -> None:
    root = logging.getLogger()

    def state() -> list[object]:
        muted = [logging.getLogger(name).level for name in ("httpx", "asyncio")]
        hooks = [sys.excepthook, threading.excepthook, sys.unraisablehook]
        return [root.level, list(root.handlers), faulthandler.is_enabled(), *muted, *hooks]

    before = state()
    started = start_logging(folder)
    during = state()
    assert all(was != now for was, now in zip(before, during, strict=True) if not isinstance(was, bool))
    started.close()
    started.close()
    assert state() == before
    LOG.error("not there any more")
    assert (folder / LOG_FILE).read_text() == ""


def test_a_hook_that_was_put_over_ours_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    started = start_logging(folder)

    def later(*_: object) -> None: ...

    sys.excepthook = later
    started.close()
    assert sys.excepthook is later


def test_a_thread_that_dies_is_logged(logging_now: Logging, folder: Path) -> None:
    secret = Secret("canary-8d2e41c7")

    def fail() -> None:
        raise LookupError(secret.reveal())

    thread = threading.Thread(target=fail, name="worker-7")
    thread.start()
    thread.join()
    [entry] = entries(folder)
    assert "worker-7" in entry["message"]
    assert f"LookupError: {REMOVED}" in entry["exception"]


def test_an_error_in_a_finaliser_is_logged(logging_now: Logging, folder: Path) -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise LookupError("half gone")

        def __del__(self) -> None:
            raise ValueError("canary")

    Hostile()
    [entry] = entries(folder)
    assert entry["level"] == "ERROR"
    assert "ValueError: canary" in entry["exception"]


def child(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    start = f"from lumedesk.logs import start_logging\nfrom pathlib import Path\nstart_logging(Path({str(folder)!r}))\n"
    return subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_error_that_ends_the_process_is_logged_clean(folder: Path) -> None:
    code = """
from lumedesk.domain.credentials import Secret
kept = Secret("canary-8d2e41c7")
raise ValueError("with canary-8d2e41c7")
"""
    ended = child(code, folder)
    assert ended.returncode == 1
    [entry] = entries(folder)
    assert entry["level"] == "CRITICAL"
    assert f"ValueError: with {REMOVED}" in entry["exception"]
    assert "CRITICAL lumedesk.logs: an error that nobody caught" in ended.stderr
    # The interpreter names no values of its own; the source line in this -c program isn't available to it.
    assert "canary" not in ended.stderr


def test_a_crash_leaves_its_stack_and_no_values(folder: Path) -> None:
    code = """
from lumedesk.domain.credentials import Secret
import faulthandler
def falls(secret):
    faulthandler._sigsegv()
falls(Secret("canary-8d2e41c7").reveal())
"""
    ended = child(code, folder)
    assert ended.returncode < 0
    crash = (folder / CRASH_FILE).read_text()
    assert "Segmentation fault" in crash
    assert " in falls" in crash
    assert "canary" not in crash
    assert mode(folder / CRASH_FILE) == 0o600


def test_the_environment_turns_no_debug_log_on(folder: Path) -> None:
    code = """
import asyncio, logging
async def main():
    logging.getLogger("lumedesk.x").info("ran in debug mode: %s", asyncio.get_running_loop().get_debug())
asyncio.run(main())
"""
    environment = {"PYTHONASYNCIODEBUG": "1", "HTTPX_LOG_LEVEL": "trace", "PYTHONDEVMODE": ""}
    assert child(code, folder, **environment).returncode == 0
    assert [entry["message"] for entry in entries(folder)] == ["ran in debug mode: True"]
