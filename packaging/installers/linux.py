"""What Linux gets: the frozen folder as a .tar.xz and as a .deb, and what they ask of the computer that they run on."""

import lzma
import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from installers import elf
from installers.freezing import NAME, VERSION

_HERE = Path(__file__).resolve().parents[1] / "linux"

MOST_UNPACKED, MOST_PACKED = 150_000_000, 45_000_000

# The libraries that the folder leaves to the computer, and the Debian packages that bring them. Newer ones call themselves by
# another name and still answer to the old one, which apt follows.
_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libexpat.so.1": "libexpat1",
    "libffi.so.8": "libffi8",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libglib-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgthread-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "liblzma.so.5": "liblzma5",
    "libstdc++.so.6": "libstdc++6",
    "libuuid.so.1": "libuuid1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
# glibc's own files.
_GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libresolv.so.2"}
_LOADERS = ("ld-linux", "ld64")
_MACHINES = {"x86_64": ("x64", "amd64"), "aarch64": ("arm64", "arm64")}
_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


class Unbalanced(RuntimeError):
    """The folder needs a library that neither it nor a known package brings. The text names it."""


def machine() -> tuple[str, str]:
    """What this computer's kind is called in the name of an archive, and by Debian."""
    name = platform.machine()
    return _MACHINES.get(name, (name, name))


def archive_name(version: str = VERSION) -> str:
    """What the .tar.xz is called."""
    return f"{NAME}-{version}-linux-{machine()[0]}.tar.xz"


def package_name(version: str = VERSION) -> str:
    """What the .deb is called."""
    return f"lumedesk_{version}_{machine()[1]}.deb"


def wanted_packages(folder: Path) -> tuple[list[str], str]:
    """The Debian packages that the folder can't run without, sorted, and the oldest glibc. Errors: Unbalanced."""
    files = [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]
    own = {each.name for each in folder.rglob("*")}
    needed = set[str]().union(*(elf.needs(each) for each in files)) - own - _GLIBC
    needed = {name for name in needed if not name.startswith(_LOADERS)}
    unknown = sorted(needed - _PACKAGES.keys())
    if unknown:
        raise Unbalanced(f"{NAME} needs {', '.join(unknown)}, which neither it nor a known package brings.")
    glibc = ".".join(map(str, max(map(elf.oldest_glibc, files))))
    return sorted({_PACKAGES[name] for name in needed}), glibc


def write_readme(folder: Path) -> None:
    """Put the README into the folder: how to start it, and what it needs. Errors: Unbalanced."""
    packages, glibc = wanted_packages(folder)
    names = "".join(f"  {name}\n" for name in packages).rstrip()
    text = (_HERE / "README.txt").read_text(encoding="utf-8")
    filled = text.format(version=VERSION, machine=machine()[0], glibc=glibc, packages=names)
    (folder / "README.txt").write_text(filled, encoding="utf-8")


def make_archive(folder: Path, out: Path, epoch: int) -> Path:
    """Pack the folder: sorted, nobody's files, all of one moment, on one thread, so that same is same. Errors: OSError."""
    archive = out / archive_name()

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch
        entry.mode = _mode(Path(folder.parent, entry.name))
        return entry

    with (
        lzma.open(archive, "wb", preset=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        # tarfile sorts each folder's names.
        tar.add(folder, arcname=folder.name, filter=plain)
    return archive


def make_package(folder: Path, icons: Path, out: Path, work: Path, epoch: int) -> Path:
    """Make the .deb with dpkg-deb. Errors: Unbalanced, CalledProcessError, FileNotFoundError where there is no dpkg-deb."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folder, work / "opt" / "lumedesk", symlinks=True)
    share = work / "usr" / "share"
    for size in _SIZES:
        _copy(icons / f"lumedesk-{size}.png", share / "icons" / "hicolor" / f"{size}x{size}" / "apps" / "lumedesk.png")
    _copy(
        folder / "_internal" / "resources" / "lumedesk.svg",
        share / "icons" / "hicolor" / "scalable" / "apps" / "lumedesk.svg",
    )
    _copy(_HERE / "lumedesk.desktop", share / "applications" / "lumedesk.desktop")
    _copy(_HERE / "copyright", share / "doc" / "lumedesk" / "copyright")
    (work / "usr" / "bin").mkdir()
    (work / "usr" / "bin" / "lumedesk").symlink_to("/opt/lumedesk/lumedesk")
    for path in work.rglob("*"):
        if not path.is_symlink():
            path.chmod(_mode(path))
    work.chmod(0o755)
    (work / "DEBIAN").mkdir(mode=0o755)
    (work / "DEBIAN" / "control").write_text(_control(folder), encoding="utf-8")
    for path in [work, *work.rglob("*")]:
        os.utime(path, (epoch, epoch), follow_symlinks=False)
    package = out / package_name()
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(work), str(package)]
    steady = {"SOURCE_DATE_EPOCH": str(epoch), "DPKG_DEB_THREADS_MAX": "1", "LC_ALL": "C.UTF-8"}
    subprocess.run(command, env={**os.environ, **steady}, check=True, stdout=subprocess.DEVNULL)
    return package


def unpacked_size(folder: Path) -> int:
    """The bytes of all its files; links count nothing."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file() and not each.is_symlink())


def over_goals(folder: Path, archive: Path) -> list[str]:
    """In words what is larger than it may be; empty when all is well."""
    sizes = (
        ("unpacked", unpacked_size(folder), MOST_UNPACKED),
        (archive.name, archive.stat().st_size, MOST_PACKED),
    )
    return [f"{what}: {size / 1e6:.1f} MB, at most {most / 1e6:.0f} MB" for what, size, most in sizes if size > most]


def _control(folder: Path) -> str:
    packages, glibc = wanted_packages(folder)
    depends = ", ".join([f"libc6 (>= {glibc})", *packages, "ca-certificates"])
    size_kib = -(-unpacked_size(folder) // 1024)
    return (
        "Package: lumedesk\n"
        f"Version: {VERSION}\n"
        f"Architecture: {machine()[1]}\n"
        "Maintainer: The LumeDesk authors <lumedesk@example.invalid>\n"
        f"Installed-Size: {size_kib}\n"
        f"Depends: {depends}\n"
        "Recommends: gnome-keyring | kwalletmanager | keepassxc, fonts-dejavu-core\n"
        "Section: misc\n"
        "Priority: optional\n"
        "Description: Desktop treasury workstation for Lumetrade\n"
        " Balances, quotes, trades, beneficiaries and withdrawals in one window, with limits\n"
        " and a record of every order of its own, and a sandbox to rehearse in.\n"
    )


def _mode(path: Path) -> int:
    """Of a file in an archive: what may be run stays so, whatever the umask was."""
    return 0o755 if path.is_dir() or path.is_symlink() or os.access(path, os.X_OK) else 0o644


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)
