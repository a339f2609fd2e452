"""Logging, through one path that leaves secrets out: JSON lines in a folder of its own, warnings on standard error as well."""

import base64
import contextlib
import faulthandler
import json
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TextIO
from urllib.parse import quote, quote_plus

from lumedesk.domain.credentials import Secret, living_secrets
from lumedesk.domain.text import shown

LOG_FILE = "lumedesk.log"
CRASH_FILE = "crash.log"
REMOVED = "(removed)"

_MAX_BYTES = 1_000_000
_OLD_FILES = 4  # with the one in use, five
_MAX_CRASH_BYTES = 256_000
_MAX_MESSAGE = 8_000
_MAX_LINE = 4_000
_MAX_LINES = 400
_TRIES = 20
# Below this, a secret's value would also be found inside ordinary words.
_SHORT = 6
# These write headers, requests or D-Bus messages down when asked to, and the environment can ask.
_MUTED = ("httpx", "httpcore", "h11", "hpack", "keyring", "secretstorage", "jeepney", "asyncio")

_BETWEEN = r"[\s\"'\\]*[:=]|[\"'\\]+\s*,"
# The headers that carry the credentials: whatever follows their names goes, to the end of that line.
_KEY_HEADERS = re.compile(r"(x[-_]api[-_](?:secret|key))[\s\"'\\:=,]*[^\r\n]*", re.IGNORECASE)
# Names that are words too: only what is given as their value goes.
_LIKE_HEADERS = re.compile(
    r"(authorization|(?:set-)?cookie|api[-_ ]?(?:secret|key)|secret|password|passwd|passphrase|token)"
    rf"({_BETWEEN})[\s\"'\\:=,]*[^\r\n]*",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{1,12}://)[^\s/?#@\"']+@", re.IGNORECASE)

log = logging.getLogger(__name__)


def default_log_dir() -> Path:
    """The platform's folder for logs."""
    import platformdirs

    return Path(platformdirs.user_log_dir("LumeDesk", appauthor=False))


def redacted(text: str) -> str:
    """`text` without the value of any living secret, in whatever form, and without what stands in a credential's header.

    A secret that no object holds any more, or a part of one, can't be known here.
    """
    long, short = _forms()
    for form in long:
        text = text.replace(form, REMOVED)
    for form in short:
        text = _without_word(text, form)
    text = _KEY_HEADERS.sub(rf"\1: {REMOVED}", text)
    text = _LIKE_HEADERS.sub(rf"\1\2 {REMOVED}", text)
    text = _BEARER.sub(rf"\1 {REMOVED}", text)
    return _USER_OF_URL.sub(rf"\1{REMOVED}@", text)


def _forms() -> tuple[list[str], list[str]]:
    """How the living secrets can stand in a text: what is found anywhere, and what only as a whole word; longest first.

    Made anew for each line and never compiled into a pattern: the caches of `re` would outlive the secret.
    """
    long: set[str] = set()
    short: set[str] = set()
    for secret in _living():
        value = secret.reveal()
        if value:
            (short if len(value) < _SHORT else long).update(_forms_of(value))
    return sorted(long, key=len, reverse=True), sorted(short, key=len, reverse=True)


def _living() -> tuple[Secret, ...]:
    for _ in range(_TRIES):
        with contextlib.suppress(RuntimeError):  # another thread made a secret meanwhile
            return living_secrets()
    return living_secrets()


def _forms_of(value: str) -> Iterator[str]:
    raw = value.encode(errors="surrogatepass")
    quotes = (value.replace("\\", "\\\\").replace(mark, f"\\{mark}") for mark in "'\"")
    yield from (value, shown(value), *quotes)
    for written in (repr(value), ascii(value), repr(raw)[1:]):
        yield written[1:-1]
    for escaped in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        yield escaped[1:-1]
        yield escaped[1:-1].replace("/", "\\/")
        yield json.dumps(escaped[1:-1])[1:-1]  # JSON within JSON
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield encoded
        yield re.sub("%..", lambda found: found[0].lower(), encoded)
    yield from (raw.hex(), raw.hex().upper())
    yield from _base64_of(raw)


def _base64_of(raw: bytes) -> Iterator[str]:
    """The value alone, and what of it is the same wherever it stands inside something longer (`key:secret`)."""
    whole = base64.b64encode(raw).decode()
    found = [whole, whole.rstrip("=")]
    if len(raw) >= _SHORT:
        for before in range(3):
            inner = base64.b64encode(bytes(before) + raw).decode()
            found.append(inner[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    for form in found:
        yield form
        yield form.translate(str.maketrans("+/", "-_"))


def _without_word(text: str, word: str) -> str:
    kept, at = [], 0
    while (found := text.find(word, at)) >= 0:
        end = found + len(word)
        is_alone = not (text[found - 1 : found].isalnum() or text[end : end + 1].isalnum())
        kept += [text[at:found], REMOVED if is_alone else word]
        at = end
    return "".join(kept) + text[at:]


class CleanFormatter(logging.Formatter):
    """The one way from a record to text. `as_json`: a line of JSON; otherwise plain text, what belongs to it indented."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Shape: the entry, cleaned. What can't be cleaned is withheld; this never raises."""
        try:
            return self._entry(record)
        except Exception as error:  # noqa: BLE001 - a defect here must not write the raw record
            return self._line(record, "An entry was withheld: it could not be cleaned", type(error).__name__)

    def _entry(self, record: logging.LogRecord) -> str:
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 - logging itself would print the arguments as they are
            message = f"{record.msg} (the call has the wrong arguments: {type(error).__name__})"
        more = ""
        if record.exc_info and record.exc_info[0] is not None:
            more = "".join(traceback.format_exception(*record.exc_info))
        if record.stack_info:
            more += f"\n{record.stack_info}"
        return self._line(record, shown(redacted(message), _MAX_MESSAGE), _lines(redacted(more)))

    def _line(self, record: logging.LogRecord, message: str, more: str) -> str:
        if not self._as_json:
            return "\n    ".join([f"{record.levelname} {shown(record.name, 200)}: {message}", *more.splitlines()])
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": shown(record.name, 200),
            "message": message,
        }
        if more:
            entry["exception"] = more
        return json.dumps(entry, ensure_ascii=False)


def _lines(text: str) -> str:
    lines = [shown(line, _MAX_LINE) for line in text.split("\n") if line.strip()]
    if len(lines) > _MAX_LINES:
        half = _MAX_LINES // 2
        lines = [*lines[:half], f"… {len(lines) - 2 * half} lines left out …", *lines[-half:]]
    return "\n".join(lines)


class _Quiet(logging.Handler):
    """Lets through what isn't muted, and swallows its own failures: logging would print the record as it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Turn muted loggers away here as well: a child of theirs can have a level of its own."""
        if record.levelno < logging.WARNING and record.name.partition(".")[0] in _MUTED:
            return False
        return bool(super().filter(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do without the entry."""


class _Stderr(_Quiet):
    """Standard error as it is now: a windowed program may have none."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the entry."""
        stream: TextIO | None = sys.stderr
        if stream is None:
            return
        try:
            stream.write(self.format(record) + "\n")
            stream.flush()
        except (OSError, ValueError):  # closed or full: ValueError also covers what its encoding can't say
            self.handleError(record)


class _Files(_Quiet, logging.FileHandler):
    """Files that only this user can read, also after they moved on: `desk.log`, then `desk.log.1`, which is older.

    Not logging.handlers' own: for its sockets and mail it loads half of the standard library at each start.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(file, encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write the entry, into a new file where the one there is would get too long."""
        try:
            if self._is_full(record):
                self._move_on()
            super().emit(record)
        except Exception:  # noqa: BLE001 - as logging has it, whatever a record's arguments may raise
            self.handleError(record)

    def _open(self) -> Any:
        return _open_private(Path(self.baseFilename), "a", encoding="utf-8")

    def _is_full(self, record: logging.LogRecord) -> bool:
        if self.stream is None:
            self.stream = self._open()
        if not Path(self.baseFilename).is_file():
            return False
        self.stream.seek(0, os.SEEK_END)
        return int(self.stream.tell()) + len(self.format(record)) + 1 >= _MAX_BYTES

    def _move_on(self) -> None:
        """Where another process keeps a file from being renamed, go on in the same one."""
        # The next entry opens the file again.
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.close()
        names = [Path(self.baseFilename), *(Path(f"{self.baseFilename}.{at}") for at in range(1, _OLD_FILES + 1))]
        with contextlib.suppress(OSError):
            for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
                if newer.exists():
                    older.unlink(missing_ok=True)
                    newer.rename(older)


def _open_private(file: Path, mode: str, encoding: str | None = None) -> IO[Any]:
    def opener(path: str, flags: int) -> int:
        handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
        if os.name == "posix":
            os.fchmod(handle, 0o600)
        return handle

    return open(file, mode, encoding=encoding, opener=opener)  # Path.open takes no opener


class Logging:
    """Logging under way. `folder` is where its files are; None where only standard error is told."""

    def __init__(self, folder: Path | None, files: logging.Handler | None, crashes: IO[Any] | None) -> None:
        self.folder = folder
        self._crashes = crashes
        self._root = logging.getLogger()
        self._level_before = self._root.level
        # Nothing may write beside the one path.
        self._handlers_before = list(self._root.handlers)
        self._muted_before = [(name, logging.getLogger(name).level) for name in _MUTED]
        self._handlers = [_stderr(), *([files] if files is not None else [])]
        self._had_faults = faulthandler.is_enabled()
        self._hooks_before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._warnings_before = warnings.showwarning
        self._is_closed = False

    def open(self) -> None:
        """Take logging over."""
        for handler in self._handlers_before:
            self._root.removeHandler(handler)
        for handler in self._handlers:
            self._root.addHandler(handler)
        self._root.setLevel(logging.INFO)
        for name in _MUTED:
            logging.getLogger(name).setLevel(logging.WARNING)
        if self._crashes is not None:
            # Of the thread that crashed alone: reading what the others are just doing can end the report before that one is told.
            faulthandler.enable(self._crashes, all_threads=False)
        sys.excepthook, threading.excepthook, sys.unraisablehook = _take_error, _take_thread_error, _take_unraisable
        # Python's own way writes them to standard error as they are.
        warnings.showwarning = _take_warning

    def close(self) -> None:
        """Undo all of it: handlers, levels, hooks, the crash file. A hook that someone else put over ours stays."""
        if self._is_closed:
            return
        self._is_closed = True
        hooks = self._hooks_before
        if sys.excepthook is _take_error:
            sys.excepthook = hooks[0]
        if threading.excepthook is _take_thread_error:
            threading.excepthook = hooks[1]
        if sys.unraisablehook is _take_unraisable:
            sys.unraisablehook = hooks[2]
        if warnings.showwarning is _take_warning:
            warnings.showwarning = self._warnings_before
        self._end_faults()
        for handler in self._handlers:
            self._root.removeHandler(handler)
            handler.close()
        for handler in self._handlers_before:
            self._root.addHandler(handler)
        self._root.setLevel(self._level_before)
        for name, level in self._muted_before:
            logging.getLogger(name).setLevel(level)

    def _end_faults(self) -> None:
        if self._crashes is None:
            return
        faulthandler.disable()
        self._crashes.close()
        if self._had_faults:
            # Where it wrote before can't be asked; standard error is where it writes unless told otherwise.
            with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
                faulthandler.enable(sys.__stderr__)  # type: ignore[arg-type]  # None raises, which is fine


def start_logging(folder: Path) -> Logging:
    """Log into `folder` from now on: JSON lines, five files of 1 MB at most; warnings on standard error as well.

    Where the folder can't be written, standard error is all, and is told so. Defects that nobody catches, in any
    thread, are logged; a crash of the interpreter leaves its stack (no values) in CRASH_FILE.
    """
    files: _Files | None = None
    crashes: IO[Any] | None = None
    trouble: OSError | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix":
            folder.chmod(0o700)
        files = _Files(folder / LOG_FILE)
        files.setFormatter(CleanFormatter(as_json=True))
        crashes = _open_crash_file(folder / CRASH_FILE)
    except OSError as error:
        trouble = error
    logging_now = Logging(folder if files is not None else None, files, crashes)
    logging_now.open()
    if trouble is not None:
        what = "crashes aren't recorded" if files is not None else "nothing is logged to files"
        log.warning("%s can't be written, %s: %s", folder, what, trouble.strerror or trouble)
    return logging_now


def _open_crash_file(file: Path) -> IO[Any]:
    is_long = file.exists() and file.stat().st_size > _MAX_CRASH_BYTES
    return _open_private(file, "wb" if is_long else "ab")


def _stderr() -> _Stderr:
    handler = _Stderr(logging.WARNING)
    handler.setFormatter(CleanFormatter(as_json=False))
    return handler


def _take_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        log.warning("interrupted")
    else:
        log.critical("an error that nobody caught", exc_info=(kind, error, trace))


def _take_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread is not None else "a thread"
    error = args.exc_value or args.exc_type()
    log.critical("an error that nobody caught, in %s", name, exc_info=(args.exc_type, error, args.exc_traceback))


def _take_unraisable(args: "sys.UnraisableHookArgs") -> None:
    error = args.exc_value or args.exc_type()
    what = _told(lambda: f"{args.err_msg or 'Exception ignored in'}: {args.object!r}")
    log.error("%s", what, exc_info=(args.exc_type, error, args.exc_traceback))


def _take_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - Python's name
    line: str | None = None,  # noqa: ARG001 - Python's name
) -> None:
    """As Python calls it for a warning that its filters let through; `file` and `line` are what only its own way uses."""
    log.warning("%s, at %s:%d: %s", category.__name__, filename, lineno, message)


def _told(words: Callable[[], str]) -> str:
    try:
        return words()
    except Exception as error:  # noqa: BLE001 - the object is half gone
        return f"Exception ignored ({type(error).__name__} while naming where)"
