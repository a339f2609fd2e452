"""A Wine of its own: a folder that holds a Windows, in which programs are run and which is thrown away afterwards."""

import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from installers.freezing import ROOT

STUBS = ROOT / "packaging" / "wine"
_LOADERS = ("/usr/lib/wine/wine64", "wine64", "wine")
_OVERRIDES = "winemenubuilder.exe=d;mscoree=d;mshtml=d"  # no menus on this desktop, no question for .NET or a browser


class WineFailed(RuntimeError):
    """A program under Wine did not do what it had to. The text says which, and what it said."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and all that it said."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Wine:
    """One prefix. `folder` holds it, and a home folder, so that nothing of the user's own is touched."""

    folder: Path

    @property
    def drive(self) -> Path:
        """The disk C: as this system sees it."""
        return self.folder / "prefix" / "drive_c"

    def make(self) -> None:
        """Make it anew, as a Windows 10 that holds the stand-ins of packaging/wine. Errors: WineFailed, CalledProcessError."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "home").mkdir(parents=True)
        self.expect("wineboot", "-i", timeout_s=120)
        self.expect("winecfg", "-v", "win10")
        # Every Windows has it; Wine makes it when the first .msi comes, and it would look like a leftover.
        (self.drive / "windows" / "Installer").mkdir(exist_ok=True)
        for source in sorted(STUBS.glob("*.c")):
            library = self.drive / "windows" / "system32" / f"{source.stem}.dll"
            command = ["x86_64-w64-mingw32-gcc", "-O1", "-s", "-shared", "-o", str(library), str(source), "-ladvapi32"]
            subprocess.run(command, check=True, capture_output=True, text=True)

    def run(
        self, program: Path | str, *arguments: str, timeout_s: float = 120, cwd: Path | None = None, typed: str = ""
    ) -> Ended:
        """Run a program to its end, which may read `typed`. Errors: WineFailed when it takes too long."""
        process = self.start(program, *arguments, cwd=cwd)
        with process:
            try:
                said = _heard(process, typed.encode(), time.monotonic() + timeout_s).decode(errors="replace")
            except TimeoutError as error:
                process.kill()
                told = f"{Path(program).name} did not end within {timeout_s:.0f} s.\n{error}"
                raise WineFailed(told.rstrip()) from None
        return Ended(process.returncode, said)

    def expect(
        self,
        program: Path | str,
        *arguments: str,
        code: int = 0,
        timeout_s: float = 120,
        cwd: Path | None = None,
        typed: str = "",
    ) -> str:
        """Run a program that has to end with that code; answers what it said. Errors: WineFailed."""
        ended = self.run(program, *arguments, timeout_s=timeout_s, cwd=cwd, typed=typed)
        if ended.code != code:
            spelled = " ".join([Path(program).name, *arguments])
            raise WineFailed(f"{spelled} ended with {ended.code}, not {code}.\n{ended.said[-3000:]}".rstrip())
        return ended.said

    def start(self, program: Path | str, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a program, and leave it running. It reads and writes pipes: not every file of Linux will do."""
        command = [_loader(), str(program), *arguments]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(),
            cwd=cwd or self.folder,
        )

    def settle(self) -> None:
        """Wait until every program has ended; then the registry is in its files."""
        subprocess.run(["wineserver", "-w"], env=self.environment(), timeout=120, check=False)

    def end(self) -> None:
        """End what still runs in it; harmless when nothing does."""
        for what in ("-k", "-w"):
            subprocess.run(["wineserver", what], env=self.environment(), capture_output=True, timeout=60, check=False)

    def registry(self, text: str) -> list[str]:
        """The keys and values of the registry that hold `text`, whatever the case. Nothing may be running."""
        found = []
        for file in sorted((self.folder / "prefix").glob("*.reg")):
            key = ""
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("["):
                    key = line.partition("]")[0][1:].replace("\\\\", "\\")
                if text.lower() in line.lower():
                    found.append(key if line.startswith("[") else f"{key}: {line}")
        return found

    def files(self) -> dict[str, bool]:
        """Every file and folder on C:, and whether it is a folder."""
        return {each.relative_to(self.drive).as_posix(): each.is_dir() for each in self.drive.rglob("*")}

    def environment(self) -> dict[str, str]:
        """What every program here is started with: Wine takes no variables of Qt's, and no screen."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WINE", "PYTHON"))}
        return {**kept, **self._own(), **_FIXED}

    def _own(self) -> Mapping[str, str]:
        return {"WINEPREFIX": str(self.folder / "prefix"), "HOME": str(self.folder / "home")}


_FIXED = {
    "WINEARCH": "win64",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": _OVERRIDES,
    "DISPLAY": "",
    "PYTHONHASHSEED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}


def _heard(process: subprocess.Popen[bytes], typed: bytes, deadline: float) -> bytes:
    """All that a program says until it has ended. Errors: TimeoutError, whose text ends with what it said.

    Its pipe may stay open: what Wine starts beside it holds the other end for as long as anything runs.
    """
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(typed)
    process.stdin.close()
    heard = bytearray()
    while time.monotonic() < deadline:
        has_ended = process.poll() is not None
        if select.select([process.stdout], [], [], 0 if has_ended else 0.2)[0]:
            part = os.read(process.stdout.fileno(), 65_536)
            heard += part
            if not part and has_ended:
                return bytes(heard)
        elif has_ended:
            return bytes(heard)
    raise TimeoutError(heard[-3000:].decode(errors="replace"))


def inside(path: Path) -> str:
    """A file of this system as a program under Wine names it."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


def missing(programs: Sequence[str]) -> list[str]:
    """Those of the programs that aren't on this computer."""
    return [each for each in programs if shutil.which(each) is None]


def _loader() -> str:
    found = next((path for each in _LOADERS if (path := shutil.which(each))), None)
    if found is None:
        raise WineFailed("There is no Wine on this computer (the Debian packages wine and wine64).")
    return found
