"""The .tar.xz and the .deb of a small folder, made twice; and what a real library asks for."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from installers import elf, icons, linux

ROOT = Path(__file__).resolve().parents[2]
EPOCH = 1_772_366_400

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's own formats")
has_objdump = pytest.mark.skipif(shutil.which("objdump") is None, reason="needs binutils")
has_dpkg = pytest.mark.skipif(
    shutil.which("objdump") is None or shutil.which("dpkg-deb") is None, reason="needs binutils and dpkg-deb"
)


def a_folder(place: Path) -> Path:
    """A frozen folder in small: a program, a library, a link to it, and resources."""
    folder = place / "LumeDesk"
    (folder / "_internal" / "resources").mkdir(parents=True)
    shutil.copy("/bin/true", folder / "lumedesk")
    (folder / "_internal" / "libq.so.6").write_bytes(b"library")
    (folder / "_internal" / "libq.so").symlink_to("libq.so.6")
    shutil.copy(ROOT / "resources" / "lumedesk.svg", folder / "_internal" / "resources")
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The icons."""
    folder = tmp_path_factory.mktemp("icons")
    icons.make(folder)
    return folder


def test_the_same_folder_gives_the_same_archive_whatever_its_times_and_rights(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = a_folder(tmp_path / name)
        os.utime(folder / "lumedesk", (len(made), len(made)))
        (folder / "_internal").chmod(0o700 if made else 0o755)
        made.append(linux.make_archive(folder, tmp_path / name, EPOCH).read_bytes())
    assert made[0] == made[1]


def test_the_archive_holds_all_of_it_as_nobodys(tmp_path: Path) -> None:
    archive = linux.make_archive(a_folder(tmp_path), tmp_path, EPOCH)
    assert re.fullmatch(r"LumeDesk-\d+\.\d+\.\d+-linux-\w+\.tar\.xz", archive.name)
    with tarfile.open(archive) as tar:
        entries = tar.getmembers()
    assert [each.name for each in entries] == sorted(each.name for each in entries)
    facts = {each.name: (oct(each.mode), each.linkname) for each in entries}
    assert facts["LumeDesk/lumedesk"] == ("0o755", "")
    assert facts["LumeDesk/_internal/libq.so.6"] == ("0o644", "")
    assert facts["LumeDesk/_internal/libq.so"] == ("0o755", "libq.so.6")
    assert {(each.uid, each.gid, each.uname, each.mtime) for each in entries} == {(0, 0, "", EPOCH)}


@has_dpkg
def test_the_package_is_the_same_each_time_and_says_what_it_needs(tmp_path: Path, drawn: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = a_folder(tmp_path / name)
        os.utime(folder / "lumedesk", (len(made), len(made)))
        made.append(linux.make_package(folder, drawn, tmp_path / name, tmp_path / name / "work", EPOCH))
    assert made[0].read_bytes() == made[1].read_bytes()
    control = subprocess.run(["dpkg-deb", "-f", str(made[0])], capture_output=True, text=True, check=True).stdout
    depends = re.search(r"^Depends: libc6 \(>= (\d+\.\d+)\),(?: .*,)? ca-certificates$", control, re.MULTILINE)
    assert depends, control
    listing = subprocess.run(["dpkg-deb", "-c", str(made[0])], capture_output=True, text=True, check=True).stdout
    assert all("root/root" in line for line in listing.splitlines())
    assert "./usr/bin/lumedesk -> /opt/lumedesk/lumedesk" in listing
    for path in ("applications/lumedesk.desktop", "icons/hicolor/48x48/apps/lumedesk.png", "doc/lumedesk/copyright"):
        assert f"./usr/share/{path}" in listing


@has_objdump
def test_a_program_tells_what_it_asks_for() -> None:
    assert "libc.so.6" in elf.needs("/bin/true")
    assert elf.oldest_glibc("/bin/true") > (2,)
    assert elf.needs(Path(__file__)) == set()
    assert elf.oldest_glibc(Path(__file__)) == (0,)


@has_objdump
def test_a_library_that_nobody_brings_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path)
    assert linux.wanted_packages(folder)[0] == []
    monkeypatch.setattr(linux, "_GLIBC", set())
    with pytest.raises(linux.Unbalanced, match=r"libc\.so\.6"):
        linux.wanted_packages(folder)


@has_objdump
def test_the_readme_says_how_to_start_it(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    linux.write_readme(folder)
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert "./lumedesk --probe" in text
    assert "{" not in text


def test_what_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path)
    archive = linux.make_archive(folder, tmp_path, EPOCH)
    assert linux.over_goals(folder, archive) == []
    monkeypatch.setattr(linux, "MOST_UNPACKED", 10)
    monkeypatch.setattr(linux, "MOST_PACKED", 10)
    told = linux.over_goals(folder, archive)
    assert [line.partition(":")[0] for line in told] == ["unpacked", archive.name]


def test_the_desktop_entry_starts_what_the_package_installs() -> None:
    entry = (ROOT / "packaging" / "linux" / "lumedesk.desktop").read_text(encoding="utf-8")
    assert re.findall(r"^Exec=(.+)$", entry, re.MULTILINE) == ["lumedesk", "lumedesk --sandbox"]
    assert re.findall(r"^Icon=(.+)$", entry, re.MULTILINE) == ["lumedesk"]
