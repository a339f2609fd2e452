"""What someone who helps needs to see: versions, settings and the end of the logs, cleaned, in one file. Nothing is sent."""

import contextlib
import json
import os
import platform
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from lumedesk import __version__
from lumedesk.domain.text import shown
from lumedesk.logs import CRASH_FILE, LOG_FILE, redacted

PACKAGES = (
    "apsw-sqlite3mc",
    "argon2-cffi",
    "cryptography",
    "h11",
    "httpcore",
    "httpx",
    "keyring",
    "msgspec",
    "platformdirs",
    "pyside6-essentials",
    "segno",
    "truststore",
    "xxhash",
)
_MAX_LOG_BYTES = 200_000
_MAX_LINE = 20_000
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Part(NamedTuple):
    """One text of the bundle, and its file's name there."""

    name: str
    text: str


def support_bundle(
    settings: Mapping[str, object], log_dir: Path | None, *, qt: str, max_log_bytes: int = _MAX_LOG_BYTES
) -> list[Part]:
    """Shape: the parts, cleaned, never empty. `settings`: what to tell of them, without names and amounts.

    `log_dir` is None where nothing is logged to files. A log that can't be read says so in its place.
    """
    parts = [Part("versions.txt", _versions(qt)), Part("settings.txt", _settings(settings))]
    for file in (LOG_FILE, CRASH_FILE):
        text = "Nothing is logged to files." if log_dir is None else _end_of(log_dir / file, max_log_bytes)
        parts.append(Part(file, text))
    return [Part(name, _without_home(text)) for name, text in parts]


def write_bundle(parts: Iterable[tuple[str, str]], file: Path) -> None:
    """Write exactly `parts` as a zip that only this user can read, as a whole or not at all. Errors: OSError."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, _NEW_FILE, 0o600), "wb") as raw:  # noqa: PTH123 - a descriptor
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as bundle:
                for name, text in parts:
                    bundle.writestr(name, text)
            raw.flush()
            os.fsync(raw.fileno())
        fresh.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def _versions(qt: str) -> str:
    lines = [
        ("LumeDesk", __version__ + (", frozen" if getattr(sys, "frozen", False) else "")),
        ("Python", platform.python_version()),
        ("Qt", qt),
        ("System", platform.platform()),
        *((name, _version_of(name)) for name in PACKAGES),
    ]
    return "".join(f"{name}: {redacted(shown(version))}\n" for name, version in lines)


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not told"


def _settings(settings: Mapping[str, object]) -> str:
    # Name and value together: after the name of a credential, whatever its value is goes.
    lines = [shown(redacted(f"{name}: {value}")) + "\n" for name, value in settings.items()]
    return "".join(lines) or "None.\n"


def _end_of(file: Path, max_bytes: int) -> str:
    """The end of a log, and of the one before where this one is short. Cut at a line."""
    kept: list[str] = []
    left = max_bytes
    for each in (file, file.with_name(f"{file.name}.1")):
        try:
            lines = _last_lines(each, left)
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"It can't be read: {error.strerror}.\n"
        left -= sum(len(line) + 1 for line in lines)
        kept = lines + kept
        if left <= 0:
            break
    return "".join(f"{_clean_line(line)}\n" for line in kept) or "Empty.\n"


def _last_lines(file: Path, max_bytes: int) -> list[str]:
    if max_bytes <= 0:
        return []
    with file.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        begin = max(0, size - max_bytes)
        log.seek(begin)
        body = log.read(max_bytes)
    if begin:
        # A line that was cut could begin within a secret.
        body = body.partition(b"\n")[2]
    return body.decode(errors="replace").splitlines()


def _clean_line(line: str) -> str:
    """An entry is cleaned member by member: the whole line, taken as text, would end at the first credential's name."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        return shown(redacted(line), _MAX_LINE)
    members = {str(name): _clean_value(value) for name, value in entry.items()}
    return shown(json.dumps(members, ensure_ascii=False), _MAX_LINE)


def _clean_value(value: object) -> str:
    return redacted(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _without_home(text: str) -> str:
    """Paths name the user."""
    home = str(Path.home())
    if len(home) <= len(Path.home().anchor):
        return text
    return text.replace(home, "~").replace(json.dumps(home)[1:-1], "~")
