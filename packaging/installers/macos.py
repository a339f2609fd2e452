"""What macOS is told about the desk, and the way from the frozen .app to the .dmg. Signing itself is in macos_signing.py."""

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from installers import signing
from installers.freezing import NAME, ROOT, VERSION
from installers.macos_signing import Run, notary_of, sign, signing_keychain, verify_disk, verify_program

# Never changes: the keychain and the system's own settings know the desk by it.
BUNDLE_ID = "org.lumedesk.LumeDesk"
# What Qt 6.11 and the packages' wheels run on; `python -m pip download` finds none for an older one.
OLDEST_SYSTEM = "13.0"
COPYRIGHT = "Copyright © 2026 The LumeDesk authors. MIT licence; Qt under the LGPL v3."

HERE = ROOT / "packaging" / "macos"
ENTITLEMENTS = HERE / "entitlements.plist"
DISK_SETTINGS = HERE / "disk.py"


def info_plist() -> dict[str, Any]:
    """The bundle's facts, for PyInstaller's Info.plist. Shape: plain values that plistlib writes. Errors: ValueError.

    No address is exempt from the system's demand for encryption, and no kind of link is claimed.
    """
    numbers = re.match(r"\d+\.\d+\.\d+", VERSION)
    if numbers is None:
        raise ValueError(f"macOS orders versions such as 1.2.3, not {VERSION}.")
    return {
        "CFBundleName": NAME,
        "CFBundleDisplayName": NAME,
        "CFBundleIdentifier": BUNDLE_ID,
        "CFBundlePackageType": "APPL",
        "CFBundleDevelopmentRegion": "en",
        "CFBundleShortVersionString": VERSION,
        # Digits and dots only, whatever the version that is shown says.
        "CFBundleVersion": numbers[0],
        "LSMinimumSystemVersion": OLDEST_SYSTEM,
        "LSApplicationCategoryType": "public.app-category.finance",
        "NSHighResolutionCapable": True,
        "NSPrincipalClass": "NSApplication",
        # False: the desk follows the system's dark appearance.
        "NSRequiresAquaSystemAppearance": False,
        "NSSupportsAutomaticGraphicsSwitching": True,
        "NSHumanReadableCopyright": COPYRIGHT,
    }


def disk_name() -> str:
    """The file that is downloaded. The bundle holds code for the kind of processor that it was built on."""
    return f"{NAME}-{VERSION}-macos-{platform.machine()}.dmg"


def run(command: list[str]) -> str:
    """Run a program of the system. Shape: what it printed. Errors: SigningFailed with its words."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise signing.SigningFailed(f"{command[0]} can't be started: {error.strerror}") from error
    if ended.returncode:
        said = (ended.stdout + ended.stderr).strip()[-2000:]
        # Its arguments may hold a password.
        raise signing.SigningFailed(f"{command[0]} failed (exit code {ended.returncode}).\n{said}".rstrip())
    return ended.stdout


def make_disk(
    app: Path, out: Path, environment: Mapping[str, str], run: Run = run, say: Callable[[str], None] = print
) -> Path:
    """Sign the frozen .app as the environment asks, put it on a disk image, and have both notarised.

    Shape: the .dmg in the folder `out`; beside it a text that says so where it is unsigned. Errors: SigningFailed.
    """
    disk = out / disk_name()
    disk.unlink(missing_ok=True)
    signing.forget_unsigned(disk)
    out.mkdir(parents=True, exist_ok=True)
    identity, notary = signing.macos_identity(environment), notary_of(environment)
    if identity is None:
        # Processors of Apple's start nothing without any signature: this one only says that nothing was altered.
        sign(app, "-", ENTITLEMENTS, run)
        _pack(app, disk, run)
        signing.note_unsigned(disk)
        say(f"{disk.name}: UNSIGNED: {signing.SIGN_MACOS} is not set")
        return disk
    with signing_keychain(environment, run):
        sign(app, identity, ENTITLEMENTS, run)
        # Under the hardened runtime for the first time: what that forbids shows here, not on somebody's computer.
        run([str(app / "Contents" / "MacOS" / NAME), "--probe"])
        if notary is not None:
            notary.notarise(app, run)
            verify_program(app, run)
        _pack(app, disk, run)
        run(["codesign", "--force", "--timestamp", "--sign", identity, str(disk)])
    if notary is None:
        say(f"{disk.name}: signed, NOT NOTARISED: the system will refuse to open it at first")
        return disk
    notary.notarise(disk, run)
    verify_disk(disk, run)
    say(f"{disk.name}: signed and notarised, verified")
    return disk


def _pack(app: Path, disk: Path, run: Run) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run([sys.executable, "-m", "installers.disk_background", str(place)])
        # A copy by ditto keeps links as links; without them the frameworks are no frameworks and the signature is void.
        copy = place / app.name
        run(["ditto", str(app), str(copy)])
        facts = {"app": str(copy), "background": str(place / "background.png"), "icon": str(_icon())}
        defined = [part for name, value in facts.items() for part in ("-D", f"{name}={value}")]
        run([sys.executable, "-m", "dmgbuild", "-s", str(DISK_SETTINGS), *defined, NAME, str(disk)])
        shutil.rmtree(copy, ignore_errors=True)


def _icon() -> Path:
    return ROOT / "build" / "icons" / "lumedesk.icns"
