"""Tries a built installer and .msi under Wine: install, upgrade, refuse, remove, and look at every file and key that is left."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from installers import windows, windows_msi
from installers.freezing import NAME, VERSION
from installers.signing import Signing, SigningFailed
from installers.windows_prefix import Wine, WineFailed, inside

OLDER = "0.0.9"
MOST_BYTES = 35_000_000
# As lumedesk.nsi ends.
RUNNING, NEWER, MANAGED, OTHERS, OUTSIDE = 3, 4, 7, 8, 9
# As msiexec ends when a condition isn't met: 1603, of which Wine hands on the lower byte.
REFUSED = 1603 & 0xFF
# What only the older version has: below the libraries, and in a folder of its own.
ONLY_OLDER = (PurePosixPath("_internal/only-older.txt"), PurePosixPath("older/only-older.txt"))
# Windows clears these by itself; the uninstaller's copy of itself lies there until then.
_TEMPORARY = re.compile(r"(^|/)temp(/|$)", re.IGNORECASE)

# WORKAROUND(Wine 8): its crypt32 compares no addresses and takes no authorities besides the system's, so that it refuses the
# server whose authority's file it was given. That Windows accepts it, only Windows can show.
_WINE_REFUSES = "FAILED  TLS        TlsFailed: "


class Steps:
    """Tells each step as it ends, with how long it took."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """One step; when it fails, its name is told before the failure goes on."""
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self.say(f"FAILED  {what}")
            raise
        self.say(f"{time.monotonic() - began:6.1f} s  {what}")

    def say(self, line: str) -> None:
        """A line of the build's output."""
        print(f"windows: {line}", flush=True)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried, and what the disk held before anything was."""

    wine: Wine
    files: list[PurePosixPath]
    clean: dict[str, bool]
    # The server that the older version's profile was made for, so that the newer one finds it at the same address.
    server: dict[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The user's folder."""
        (home,) = [each for each in (self.wine.drive / "users").iterdir() if each.name != "Public"]
        return home

    @property
    def data(self) -> Path:
        """Where the program keeps its data."""
        return self.home / "AppData" / "Local" / NAME

    @property
    def for_me(self) -> Path:
        """Where the installer puts the program for one user."""
        return self.home / "AppData" / "Local" / "Programs" / NAME

    @property
    def for_everyone(self) -> Path:
        """Where it puts it for all."""
        return self.wine.drive / "Program Files" / NAME


def prove_under_wine(
    wine: Wine, installer: Path, msi: Path, frozen: Path, signing: Signing, icon: Path, step: Steps
) -> None:
    """Try all of it. Errors: WineFailed with what was wrong, SigningFailed, CalledProcessError."""
    with step(f"size ({installer.stat().st_size / 1e6:.1f} MB) and signatures; a changed byte is found"):
        expect(installer.stat().st_size <= MOST_BYTES, f"{installer.name} is larger than {MOST_BYTES / 1e6:.0f} MB.")
        for signed in (installer, msi, frozen / windows.PROGRAM, frozen / windows.CONSOLE_PROGRAM):
            refuse_tampered(signed, signing)
    with step(f"an older version made, {OLDER}"):
        older_installer, older_msi = make_older(frozen, wine.folder / "older", signing, icon)
    trial = Trial(wine, windows.payload(frozen), _disk(wine))
    with step("folders that hold something else, or that anybody can change, refused"):
        refuse_folders(trial, installer)
    with step(f"{OLDER} installed silently, used, and not replaced while it runs"):
        use_older(trial, older_installer, installer)
    with step(f"upgraded to {VERSION}: older files gone, data the same byte for byte"):
        upgrade(trial, installer)
    with step("the installed uninstaller is signed, too"):
        refuse_tampered(trial.for_me / "uninstall.exe", signing)
    with step("--probe clean where it is installed; the older version's profile and key work"):
        beyond_wine = probe(trial, trial.for_me)
        use_profile(trial, trial.for_me)
    if beyond_wine:
        step.say(f"          {beyond_wine}")
    with step("going back refused"):
        refuse_downgrade(trial, older_installer)
    with step("uninstalled: nothing left but the data"):
        uninstall_keeping_data(trial)
    with step("installed for everyone, with lumedesk: links; --probe clean"):
        install_for_everyone(trial, installer, msi)
        probe(trial, trial.for_everyone)
    with step("profile removed, uninstalled with /DeleteData: nothing left"):
        uninstall_with_data(trial)
    with step(f".msi: {OLDER} installed, upgraded to {VERSION}, going back refused, removed: nothing left"):
        try_msi(trial, older_msi, msi, installer)


def expect(condition: bool, otherwise: str) -> None:
    """Errors: WineFailed with these words unless the condition holds."""
    if not condition:
        raise WineFailed(otherwise)


def refuse_tampered(signed: Path, signing: Signing) -> None:
    """Change one byte of a copy, which must not verify any more. Errors: WineFailed, SigningFailed for the file itself."""
    signing.verify(signed)
    copy = signed.with_name(f"tampered-{signed.name}")
    body = bytearray(signed.read_bytes())
    body[len(body) // 2] ^= 0x01
    copy.write_bytes(body)
    try:
        signing.verify(copy)
    except SigningFailed:
        return
    finally:
        copy.unlink()
    raise WineFailed(f"{signed.name} still verifies after one byte of it was changed.")


def make_older(frozen: Path, work: Path, signing: Signing, icon: Path) -> tuple[Path, Path]:
    """The installer and .msi of an older version: the same programs under a lower number, and two files more."""
    folder = work / NAME
    shutil.copytree(frozen, folder, copy_function=os.link)
    for each in ONLY_OLDER:
        (folder / each).parent.mkdir(exist_ok=True)
        (folder / each).write_text("Only the older version has this.\n", encoding="ascii")
    packing = work / "packing"
    installer, _ = windows.make_installer(folder, work, packing, signing, icon=icon, version=OLDER, fast=True)
    msi, _ = windows_msi.make_msi(folder, work, packing, signing, icon=icon, version=OLDER)
    return installer, msi


def refuse_folders(trial: Trial, installer: Path) -> None:
    """Neither a folder of somebody else nor, for everyone, one outside of Program Files; nothing is changed."""
    # Names without spaces: /D= takes no quotes, which Wine would put around them.
    for folder in ("C:\\windows", "C:\\windows\\", "C:\\users\\..\\windows"):
        trial.wine.expect(installer, "/S", f"/D={folder}", code=OTHERS)
    for folder in ("C:\\everyone", "C:\\everyone\\LumeDesk", "C:\\PROGRA~1\\..\\everyone"):
        trial.wine.expect(installer, "/S", "/AllUsers", f"/D={folder}", code=OUTSIDE)
    trial.wine.settle()
    nothing_left(trial)


def use_older(trial: Trial, older: Path, newer: Path) -> None:
    """Install the older version, make a profile with it, and see that a program that runs is left alone."""
    install(trial, older)
    same_files(trial, trial.for_me, ONLY_OLDER)
    expect_version(trial, OLDER)
    with serving(trial, trial.for_me):
        add = ("profile", "add", "desk", "--kind", "custom", "--url", trial.server["base_url"])
        typed = f"{trial.server['api_key']}\n{trial.server['api_secret']}\n"
        trial.wine.expect(trial.for_me / windows.CONSOLE_PROGRAM, *add, typed=typed)
        trial.wine.expect(trial.for_me / windows.CONSOLE_PROGRAM, "profile", "test", "desk")
        before = contents(trial.for_me)
        trial.wine.expect(newer, "/S", code=RUNNING)
        trial.wine.expect(
            trial.for_me / "uninstall.exe", "/S", f"_?={_windows_path(trial, trial.for_me)}", code=RUNNING
        )
        expect(contents(trial.for_me) == before, "The program was changed while it was running.")
    trial.wine.settle()


def upgrade(trial: Trial, newer: Path) -> None:
    """Put the newer version over the older one."""
    data = contents(trial.data)
    expect(bool(data), f"The older version wrote no data to {trial.data}.")
    install(trial, newer)
    same_files(trial, trial.for_me)
    expect_version(trial, VERSION)
    expect(contents(trial.data) == data, "The upgrade changed the data.")


def use_profile(trial: Trial, program: Path) -> None:
    """The profile that the older version made is there, and its key opens the server."""
    with serving(trial, program):
        said = trial.wine.expect(program / windows.CONSOLE_PROGRAM, "profile", "test", "desk")
    expect("passed" in said and "FAILED" not in said, said)
    trial.wine.settle()


def refuse_downgrade(trial: Trial, older: Path) -> None:
    """The older installer changes nothing."""
    before = contents(trial.for_me)
    trial.wine.expect(older, "/S", code=NEWER)
    trial.wine.settle()
    expect(contents(trial.for_me) == before, "The refused installer changed files.")
    expect_version(trial, VERSION)


def uninstall_keeping_data(trial: Trial) -> None:
    """Only the data stays, and the API key in the keychain."""
    data = contents(trial.data)
    uninstall(trial, trial.for_me)
    expect(contents(trial.data) == data, "The uninstaller changed the data.")
    kept = trial.data.relative_to(trial.wine.drive).as_posix()
    nothing_left(trial, except_below=kept, except_keys="Credential Manager")


def install_for_everyone(trial: Trial, newer: Path, msi: Path) -> None:
    """Per machine, with links; the .msi keeps away from it."""
    install(trial, newer, "/AllUsers", "/Links")
    trial.wine.expect("msiexec", "/i", inside(msi), "/qn", code=REFUSED)
    trial.wine.settle()
    same_files(trial, trial.for_everyone)
    expect(not trial.for_me.exists(), "It was installed for one user as well.")
    command = _windows_path(trial, trial.for_everyone / windows.PROGRAM)
    # As the registry's files spell it, with its own quotes and backslashes doubled.
    wanted = json.dumps(f'"{command}" "%1"')
    links = [each for each in trial.wine.registry("lumedesk") if r"Classes\lumedesk\shell\open\command:" in each]
    expect(len(links) == 1 and links[0].endswith(f"@={wanted}"), f"The links aren't registered: {links}")


def uninstall_with_data(trial: Trial) -> None:
    """Nothing stays at all: the profile's key went with the profile."""
    program = trial.for_everyone / windows.CONSOLE_PROGRAM
    trial.wine.expect(program, "profile", "remove", "desk", "--delete-records")
    expect(trial.data.exists(), "There is no data for the uninstaller to remove.")
    uninstall(trial, trial.for_everyone, "/DeleteData")
    nothing_left(trial)


def try_msi(trial: Trial, older: Path, newer: Path, installer: Path) -> None:
    """Install, upgrade and remove as a managed rollout does; the installer keeps away from it."""
    for msi, more, version in ((older, ONLY_OLDER, OLDER), (newer, (), VERSION)):
        trial.wine.expect("msiexec", "/i", inside(msi), "/qn", timeout_s=240)
        trial.wine.settle()
        same_files(trial, trial.for_everyone, more, uninstaller=False)
        expect_version(trial, version)
    trial.wine.expect("msiexec", "/i", inside(older), "/qn", code=REFUSED)
    trial.wine.expect(installer, "/S", "/AllUsers", code=MANAGED)
    said = trial.wine.expect(trial.for_everyone / windows.CONSOLE_PROGRAM, "--version")
    expect(said.strip() == f"LumeDesk {VERSION}", said)
    trial.wine.expect("msiexec", "/x", inside(newer), "/qn", timeout_s=240)
    trial.wine.settle()
    nothing_left(trial)


def install(trial: Trial, installer: Path, *switches: str) -> None:
    """Run an installer silently."""
    trial.wine.expect(installer, "/S", *switches, timeout_s=240)
    trial.wine.settle()


def uninstall(trial: Trial, folder: Path, *switches: str) -> None:
    """Run the uninstaller silently; it goes on after its first process has ended."""
    trial.wine.expect(folder / "uninstall.exe", "/S", *switches, timeout_s=240)
    trial.wine.settle()
    expect(not folder.exists(), f"The uninstaller left {sorted(contents(folder))} in its folder.")


def probe(trial: Trial, folder: Path) -> str:
    """Let the installed program check itself, without a screen. Shape: what Wine kept it from showing; empty for nothing.

    Errors: WineFailed with its report.
    """
    report = trial.wine.folder / "probe.txt"
    report.unlink(missing_ok=True)
    arguments = ("--probe", "--report", inside(report), "--platform", "offscreen")
    ended = trial.wine.run(folder / windows.PROGRAM, *arguments, timeout_s=240)
    return judge_report(ended.code, report.read_text(encoding="utf-8") if report.exists() else ended.said)


def judge_report(code: int, told: str) -> str:
    """Whether a report is clean but for what Wine can't do, which is returned. Errors: WineFailed with the report."""
    failed = [line for line in told.splitlines() if line.startswith("FAILED")]
    ours = [line for line in failed if not line.startswith(_WINE_REFUSES)]
    expect(not ours and code == (1 if failed else 0), f"--probe ended with {code}:\n{told}")
    expect("keyring.backends.Windows" in told, f"--probe did not find the keychain:\n{told}")
    expect("ok      window " in told, f"--probe did not come to its end:\n{told}")
    return "not shown under Wine: that a server is accepted with its authority's own file" if failed else ""


@contextmanager
def serving(trial: Trial, folder: Path) -> Iterator[None]:
    """The installed program as a sandbox's server, at the same address each time."""
    port = ("--port", trial.server["base_url"].rpartition(":")[2]) if trial.server else ()
    command = ("--serve-sandbox", "--until-stdin-closes", "--history", "10", *port)
    server = trial.wine.start(folder / windows.CONSOLE_PROGRAM, *command)
    assert server.stdin is not None  # noqa: S101 - both are pipes
    assert server.stdout is not None  # noqa: S101
    try:
        line = server.stdout.readline()
        expect(line.startswith(b"{"), f"The sandbox did not start: {line!r}")
        trial.server.update(json.loads(line))
        yield
    finally:
        server.stdin.close()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()


def same_files(trial: Trial, folder: Path, more: tuple[PurePosixPath, ...] = (), *, uninstaller: bool = True) -> None:
    """The folder holds what was packed, these besides, and nothing else."""
    wanted = {str(each) for each in (*trial.files, *more)} | ({"uninstall.exe"} if uninstaller else set())
    found = set(contents(folder))
    expect(not found - wanted, f"These files don't belong there: {sorted(found - wanted)[:20]}")
    expect(not wanted - found, f"These files are missing: {sorted(wanted - found)[:20]}")
    empty = [str(each) for each in folder.rglob("*") if each.is_dir() and not any(each.iterdir())]
    expect(not empty, f"These folders are empty: {empty}")


def expect_version(trial: Trial, version: str) -> None:
    """What the list of installed programs says."""
    told = [each.partition("=")[2] for each in trial.wine.registry('"DisplayVersion"=')]
    expect(set(told) == {f'"{version}"'}, f"Registered as {told}, not {version}.")


def nothing_left(trial: Trial, *, except_below: str = "", except_keys: str = "") -> None:
    """The disk is as it was before, and the registry knows no LumeDesk. Errors: WineFailed with what is left."""
    new = set(_disk(trial.wine)) - set(trial.clean)
    if except_below:
        new = {each for each in new if each != except_below and not each.startswith(f"{except_below}/")}
    expect(not new, f"Left on the disk: {sorted(new)[:20]}")
    keys = [each for each in trial.wine.registry(NAME) if not (except_keys and except_keys in each)]
    expect(not keys, f"Left in the registry: {keys[:20]}")


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, with a digest; empty where there is none."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): sha256(each.read_bytes()).hexdigest() for each in files}


def _disk(wine: Wine) -> dict[str, bool]:
    return {place: is_folder for place, is_folder in wine.files().items() if not _TEMPORARY.search(place)}


def _windows_path(trial: Trial, path: Path) -> str:
    return "C:\\" + str(path.relative_to(trial.wine.drive)).replace("/", "\\")
