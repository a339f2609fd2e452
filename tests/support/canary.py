"""Hunts for canaries, which are secrets put into a run on purpose: in every file it left, and in its processes while it ran.

Each canary is looked for in two halves, so that one cut in the middle is found as well, and each half in every form in
which something that writes could have written it.
"""

import base64
import contextlib
import gzip
import io
import json
import os
import re
import stat
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

_MOST_NESTED = 3
_PIECE = 16 * 1024 * 1024
_ROUND_S = 0.05
# Of what a process has open for writing, these are no files of its own making.
_NO_FILES = ("/dev/null", "/dev/pts/", "/dev/tty", "/proc/", "/memfd:")


@dataclass(frozen=True)
class Hit:
    """One canary in one place. It names the canary and never quotes it."""

    canary: str
    form: str
    place: str


def forms_of(value: str) -> dict[str, bytes]:
    """How a value can have been written, by what the form is called."""
    raw = value.encode()
    found = {
        "plain": raw,
        "UTF-16 LE": value.encode("utf-16-le"),
        "UTF-16 BE": value.encode("utf-16-be"),
        "UTF-32": value.encode("utf-32-le"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "spaced hex": raw.hex(" ").encode(),
        "reversed": raw[::-1],
        "url-encoded": quote(value, safe="").encode(),
        "url-encoded, slashes kept": quote(value).encode(),
        "form-encoded": quote_plus(value).encode(),
        "JSON": json.dumps(value)[1:-1].encode(),
        "JSON, slashes escaped": json.dumps(value)[1:-1].replace("/", "\\/").encode(),
        "JSON in JSON": json.dumps(json.dumps(value)[1:-1])[1:-1].encode(),
        "JSON by numbers": "".join(f"\\u{ord(char):04x}" for char in value).encode(),
        "JSON in CSV": json.dumps(value)[1:-1].replace('"', '""').encode(),
        "repr": repr(value)[1:-1].encode(),
        "repr of bytes": repr(raw)[2:-1].encode(),
        "HTML": re.sub("[&<>\"']", lambda char: f"&#{ord(char[0])};", value).encode(),
        "CSV": value.replace('"', '""').encode(),
        "swapped case": value.swapcase().encode(),
        "upper case": value.upper().encode(),
        "lower case": value.lower().encode(),
    }
    lower = re.sub("%..", lambda escape: escape[0].lower(), quote(value, safe=""))
    found["url-encoded, small digits"] = lower.encode()
    for before in range(3):
        # What depends on the neighbours is left out.
        core = base64.b64encode(bytes(before) + raw)[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        found[f"base64 at {before}"] = core
        found[f"base64 for urls at {before}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    return found


class Hunter:
    """Looks for canaries, given as name to value, and counts what it looked through."""

    def __init__(self, canaries: Mapping[str, str]) -> None:
        self._needles: dict[bytes, tuple[str, str]] = {}
        for name, value in canaries.items():
            assert len(value) >= 24, "a half of it could be found by accident"
            half = len(value) // 2
            for part, which in ((value[:half], "first half"), (value[half:], "second half")):
                for form, needle in forms_of(part).items():
                    self._needles.setdefault(needle, (name, f"{which}, {form}"))
        self._longest = max(map(len, self._needles), default=1)
        self.files = 0
        self.members = 0
        self.bytes = 0

    def in_bytes(self, data: bytes, place: str) -> set[Hit]:
        """The canaries in some bytes."""
        self.bytes += len(data)
        return {Hit(name, form, place) for needle, (name, form) in self._needles.items() if needle in data}

    def in_folders(self, folders: Iterable[Path], but: Iterable[Path] = ()) -> set[Hit]:
        """The canaries in every file below, in the members of archives, in the names of files, in what links point to."""
        left_out = set(but)
        found: set[Hit] = set()
        for folder in folders:
            for path in _below(folder, left_out):
                found |= self.in_bytes(os.fsencode(path), f"the name of {path}")
                kind = path.lstat().st_mode
                if stat.S_ISLNK(kind):
                    found |= self.in_bytes(os.fsencode(path.readlink()), f"the link {path}")
                elif stat.S_ISREG(kind):
                    found |= self._in_file(path)
        return found

    def _in_file(self, path: Path) -> set[Hit]:
        self.files += 1
        found: set[Hit] = set()
        with path.open("rb") as file:
            before = b""
            while piece := file.read(_PIECE):
                # A core file is mostly holes.
                if piece.strip(b"\0"):
                    found |= self.in_bytes(before + piece, str(path))
                before = piece[-self._longest :]
            file.seek(0)
            head = file.read(4)
        if head[:2] in (b"PK", b"\x1f\x8b"):
            found |= self._in_archive(path.read_bytes(), str(path), 0)
        return found

    def _in_archive(self, data: bytes, place: str, depth: int) -> set[Hit]:
        found: set[Hit] = set()
        for name, member in _members(data):
            self.members += 1
            found |= self.in_bytes(name.encode(), f"a name in {place}")
            found |= self.in_bytes(member, f"{place}: {name}")
            if depth < _MOST_NESTED:
                found |= self._in_archive(member, f"{place}: {name}", depth + 1)
        return found


def _below(folder: Path, but: set[Path]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path in but:
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path, but)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data[:2] == b"\x1f\x8b":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield "(gzip)", gzip.decompress(data)
    elif data[:2] == b"PK":
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield "(comment)", archive.comment
            for info in archive.infolist():
                yield info.filename, archive.read(info)


class Watch:
    """Reads arguments and environment of a process and of all that descend from it, again and again until it ends.

    `unread` holds the environments that this user may not read, as a hardened process's for all but root. `strays` holds
    files outside of `folders` that were seen open for writing: what isn't searched afterwards must not be written.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", folders: Iterable[Path]) -> None:
        self._process = process
        self.pid = process.pid
        self._folders = tuple(f"{folder}/" for folder in folders)
        self.seen: set[tuple[str, bytes]] = set()
        self.unread: set[int] = set()
        self.strays: set[str] = set()
        self.processes: dict[int, str] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name="canary watch")

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def hits(self, hunter: Hunter) -> set[Hit]:
        """The canaries in all that was read."""
        return {hit for place, data in self.seen for hit in hunter.in_bytes(data, place)}

    def look(self) -> None:
        """Read all of them now."""
        for pid in _descendants(self._process.pid):
            self._look_at(pid)

    def _go_round(self) -> None:
        while self._process.poll() is None and not self._is_over.is_set():
            self.look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_ROUND_S)

    def _look_at(self, pid: int) -> None:
        folder = Path(f"/proc/{pid}")
        with contextlib.suppress(OSError):
            name = (folder / "comm").read_text().strip()
            arguments = (folder / "cmdline").read_bytes()
            if arguments:
                self.processes[pid] = arguments.replace(b"\0", b" ").decode(errors="replace")
            self.seen.add((f"arguments of {name}", arguments))
            self.seen.add((f"name of {name}", name.encode()))
            try:
                # Empty while one program takes another's place, and once it has ended.
                if environment := (folder / "environ").read_bytes():
                    self.seen.add((f"environment of {name}", environment))
            except PermissionError:
                self.unread.add(pid)
            for handle in (folder / "fd").iterdir():
                self._look_at_file(folder, handle)

    def _look_at_file(self, folder: Path, handle: Path) -> None:
        with contextlib.suppress(OSError, StopIteration):
            target = str(handle.readlink())
            if not target.startswith("/") or target.startswith((*_NO_FILES, *self._folders)):
                return
            lines = (folder / "fdinfo" / handle.name).read_text().splitlines()
            flags = int(next(line for line in lines if line.startswith("flags:")).split()[1], 8)
            if flags & os.O_ACCMODE != os.O_RDONLY:
                self.strays.add(target)


def _descendants(pid: int) -> Iterator[int]:
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in listed.read_text().split():
                yield from _descendants(int(child))


@contextlib.contextmanager
def core_files_allowed() -> Iterator[None]:
    """What is started meanwhile may leave core files, unless it forbids that itself."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def why_no_core_files() -> str:
    """Why a process that crashes here leaves no core file in its working folder; empty where it does."""
    if not sys.platform.startswith("linux"):
        return "core files are looked for on Linux only"
    import resource

    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|"):
        return f"this system hands core dumps to a program ({pattern.split()[0]})"
    if pattern.startswith("/"):
        return f"this system puts core files into {Path(pattern).parent}"
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        return "core files are forbidden here from the start"
    return ""


def core_folders() -> list[Path]:
    """Where else than in the working folder the system puts core files: its one folder for them, where it has one."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    return [Path(pattern).parent] if pattern.startswith("/") else []


def cores_of(pid: int, folders: Iterable[Path]) -> list[Path]:
    """Core files of that process: all in its working folder, and those that name it elsewhere."""
    return [
        path for folder in folders for path in folder.glob("*core*") if path.name == "core" or str(pid) in path.name
    ]
