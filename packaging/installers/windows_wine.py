"""Builds what Windows gets on Linux, under Wine, and proves it there: the whole chain, from wheels to an empty disk again.

It is a trial of every step and of every file but Python's own, which comes from a third party here. A release is made on
Windows (docs/releasing.md).
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from installers import freezing, windows_proof, windows_release
from installers.signing import ByCertificate
from installers.windows_prefix import Wine, WineFailed, inside, missing
from installers.windows_proof import Steps
from installers.windows_python import MARKERS, make_python, site_packages

PROGRAMS = ("makensis", "osslsigncode", "openssl", "wixl", "msiinfo", "x86_64-w64-mingw32-gcc", "wineserver")
_NOTE = """\
{name} was made for a trial: with a Python from a third party, and signed with a certificate that was made for this one
build and that nobody trusts. Don't hand it on. How a release is made: docs/releasing.md
"""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: the frozen folder, the installers, the certificate they are signed with, and the icon they carry."""

    frozen: Path
    installer: Path
    msi: Path
    signing: ByCertificate
    icon: Path


def build_under_wine(source: Path, dist: Path, build: Path) -> None:
    """Build the checkout `source` into `dist` and prove it, working in `build`/windows.

    Errors: WineFailed for a step that fails, CalledProcessError with what a tool said.
    """
    lacking = missing(PROGRAMS)
    if lacking:
        raise WineFailed(f"Not on this computer: {', '.join(lacking)}")
    work = build / "windows"
    wine = Wine(work / "wine")
    steps = Steps()
    try:
        built = _built(wine, source, dist, work, steps)
        windows_proof.prove_under_wine(wine, built.installer, built.msi, built.frozen, built.signing, built.icon, steps)
    finally:
        wine.end()
    # Where it failed, it stays to be looked at.
    shutil.rmtree(wine.folder)
    steps.say(f"{time.monotonic() - steps.began:6.1f} s  in all")


def _built(wine: Wine, source: Path, dist: Path, work: Path, steps: Steps) -> Built:
    with steps("Windows' Python, and the wheels of the locks"):
        python = make_python(work / "python", source)
    with steps("Wine"):
        wine.make()
    icon = source / "build" / "icons" / "lumedesk.ico"
    with steps("icons and licences"):
        _run_in(source, "installers.icons", str(icon.parent))
        of_windows = ("--windows", str(site_packages(python)), MARKERS["python_full_version"])
        _run_in(source, "installers.notices", str(source / "resources" / "licences"), *of_windows)
    with steps("frozen"):
        frozen = freeze(wine, python, source, work)
    with steps("test certificate"):
        signing = make_certificate(work / "certificate")
    with steps("programs signed; installer and .msi made, signed and verified"):
        (installer, msi), lines = windows_release.package(frozen, dist, work / "packing", signing, icon=icon)
    for line in lines:
        steps.say(f"          {line}")
    for made in (installer, msi):
        made.with_name(f"{made.name}.test-only.txt").write_text(_NOTE.format(name=made.name), encoding="utf-8")
    return Built(frozen, installer, msi, signing, icon)


def freeze(wine: Wine, python: Path, source: Path, work: Path) -> Path:
    """Run Windows' PyInstaller over the checkout `source`. Shape: the frozen folder. Errors: WineFailed."""
    out = work / "frozen"
    shutil.rmtree(out, ignore_errors=True)
    spec = source / "packaging" / freezing.SPEC.name
    options = ["--noconfirm", "--clean", "--log-level", "WARN"]
    places = ["--distpath", inside(out), "--workpath", inside(work / "pyinstaller")]
    wine.expect(python, "-m", "PyInstaller", *options, *places, inside(spec), timeout_s=600, cwd=source)
    return out / freezing.NAME


def make_certificate(folder: Path) -> ByCertificate:
    """A certificate for code that nobody trusts, good for a day, and its key. Errors: CalledProcessError."""
    folder.mkdir(parents=True, exist_ok=True)
    signing = ByCertificate(folder / "test.pem", folder / "test-key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:3072",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=LumeDesk trial build",
    ]
    command += [
        "-addext",
        "extendedKeyUsage=codeSigning",
        "-keyout",
        str(signing.key),
        "-out",
        str(signing.certificate),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return signing


def _run_in(source: Path, module: str, *arguments: str) -> None:
    environment = {**freezing.environment(), "PYTHONPATH": f"{source / 'packaging'}:{source}"}
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True, text=True)
