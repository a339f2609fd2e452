"""What Windows gets: versions, the files that may be shipped, NSIS' script and the .msi's source. Nothing here needs Wine."""

import os
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath

import pytest
from installers import windows, windows_msi, windows_proof, windows_release
from installers.signing import BySignCommand, Unsigned

from lumedesk import __version__

HERE = Path(__file__).resolve().parents[2] / "packaging" / "windows"
WIX = {"w": windows_msi.NAMESPACE}

needs_makensis = pytest.mark.skipif(not shutil.which("makensis"), reason="NSIS is not on this computer")
needs_osslsigncode = pytest.mark.skipif(
    not (shutil.which("osslsigncode") and shutil.which("openssl")),
    reason="osslsigncode or openssl is not on this computer",
)
needs_wixl = pytest.mark.skipif(
    not (shutil.which("wixl") and shutil.which("msiinfo")), reason="wixl and msitools are not on this computer"
)


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A folder as PyInstaller leaves one, with names that NSIS or WiX could stumble over."""
    folder = tmp_path / "frozen" / "LumeDesk"
    for each in ("LumeDesk.exe", "lumedesk-cli.exe", "_internal/deep/er/a$b & c.txt", "_internal/base_library.zip"):
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_bytes(b"MZ" + each.encode())
    return folder


@pytest.fixture
def icon(tmp_path: Path) -> Path:
    """The smallest icon that NSIS takes: one picture of one size, all transparent."""
    size, picture = 16, 40 + 16 * 16 * 4 + 16 * 4
    header = (
        bytes([0, 0, 1, 0, 1, 0, size, size, 0, 0, 1, 0, 32, 0]) + picture.to_bytes(4, "little") + bytes([22, 0, 0, 0])
    )
    bitmap = bytes([40, 0, 0, 0, size, 0, 0, 0, size * 2, 0, 0, 0, 1, 0, 32, 0]) + bytes(24)
    file = tmp_path / "lumedesk.ico"
    file.write_bytes(header + bitmap + bytes(picture - 40))
    return file


# Versions


def test_a_version_becomes_windows_numbers() -> None:
    assert windows.numbers("1.20.300") == (1, 20, 300, 0)
    assert windows.dotted("1.20.300") == "1.20.300.0"


@pytest.mark.parametrize("version", ["1.2", "1.2.3.4", "1.2.3rc1", "256.0.0", "1.256.0", "1.0.65536", "1.2.3\n"])
def test_a_version_that_windows_installer_would_misread_is_refused(version: str) -> None:
    with pytest.raises(windows.BadVersion, match=r"1\.2\.3 only"):
        windows.numbers(version)


def test_this_version_can_be_packed_for_windows() -> None:
    assert windows.numbers(__version__)[3] == 0


def test_the_properties_of_the_program_tell_its_version() -> None:
    told = windows.version_strings("1.2.3")
    assert told["FileVersion"] == "1.2.3.0"
    assert told["ProductVersion"] == "1.2.3"
    assert told["OriginalFilename"] == windows.PROGRAM
    assert all(told.values())


def test_each_version_is_another_product_and_the_upgrade_code_stays() -> None:
    assert windows.product_code("1.2.3") == windows.product_code("1.2.3")
    assert windows.product_code("1.2.3") != windows.product_code("1.2.4")
    # Written out: a version with another one would be installed beside the older, and never over it.
    assert str(windows.UPGRADE_CODE) == "7c0d7d0a-53d8-4f0c-9d0e-4b7a0a6c5e21"


# The files


def test_the_payload_is_every_file_in_one_order(frozen: Path) -> None:
    assert [str(each) for each in windows.payload(frozen)] == [
        "LumeDesk.exe",
        "_internal/base_library.zip",
        "_internal/deep/er/a$b & c.txt",
        "lumedesk-cli.exe",
    ]


@pytest.mark.parametrize(
    "file",
    [
        "_internal/icuuc.dll",
        "_internal/PySide6/ICUUC.DLL",
        "_internal/bcryptprimitives.dll",
        "_internal/mscms.dll",
        "_internal/opengl32sw.dll",
        "_internal/ntdll.dll",
        "_internal/winecrt0.dll",
        "_internal/lumedesk/cli.py",
        "_internal/test-key.pem",
        "_internal/signing.pfx",
        "_internal/setuptools/__init__.pyc",
        "_internal/cryptography/tests/vectors.txt",
        "uninstall.exe",
    ],
)
def test_what_must_not_be_shipped_is_refused(frozen: Path, file: str) -> None:
    (frozen / file).parent.mkdir(parents=True, exist_ok=True)
    (frozen / file).write_bytes(b"")
    with pytest.raises(windows.BadPayload, match=re.escape(file)):
        windows.payload(frozen)


@pytest.mark.parametrize("file", ["_internal/certifi/cacert.pem", "_internal/Qt6Core.dll", "_internal/testing.txt"])
def test_what_the_program_needs_is_shipped(frozen: Path, file: str) -> None:
    (frozen / file).parent.mkdir(parents=True, exist_ok=True)
    (frozen / file).write_bytes(b"")
    assert PurePosixPath(file) in windows.payload(frozen)


def test_a_folder_without_the_program_is_refused(frozen: Path) -> None:
    (frozen / "LumeDesk.exe").unlink()
    with pytest.raises(windows.BadPayload, match=r"no LumeDesk\.exe"):
        windows.payload(frozen)


def test_everything_that_stands_in_for_windows_under_wine_is_refused_by_name(frozen: Path) -> None:
    stubs = sorted(each.stem for each in (HERE.parent / "wine").glob("*.c"))
    assert stubs
    for stub in stubs:
        (frozen / "_internal" / f"{stub}.dll").write_bytes(b"")
        with pytest.raises(windows.BadPayload, match=stub):
            windows.payload(frozen)
        (frozen / "_internal" / f"{stub}.dll").unlink()


# NSIS


def test_the_script_removes_exactly_what_it_installs(frozen: Path) -> None:
    script = windows.payload_script(frozen, windows.payload(frozen))
    installed = re.findall(r'^  File "(.+)"$', script, re.MULTILINE)
    assert installed == [str(frozen / each) for each in ("LumeDesk.exe", "lumedesk-cli.exe", *_inner())]
    deleted = re.findall(r'^  Delete "\$INSTDIR\\(.+)"$', script, re.MULTILINE)
    assert len(deleted) == len(installed)
    assert r"_internal\deep\er\a$$b & c.txt" in deleted
    removed = re.findall(r'^  RMDir "\$INSTDIR(.*)"$', script, re.MULTILINE)
    assert removed == [r"\_internal\deep\er", r"\_internal\deep", r"\_internal"]
    assert "RMDir /r" not in script


def _inner() -> list[str]:
    return ["_internal/base_library.zip", "_internal/deep/er/a$b & c.txt"]


def test_only_the_data_is_removed_as_a_whole_folder() -> None:
    script = (HERE / "lumedesk.nsi").read_text(encoding="utf-8")
    assert re.findall(r"RMDir /r (.+)", script) == [r'"$LOCALAPPDATA\${NAME}"']


def test_each_way_to_end_has_a_code_of_its_own_which_the_script_tells() -> None:
    script = (HERE / "lumedesk.nsi").read_text(encoding="utf-8")
    codes = [int(code) for code in re.findall(r"^!define (?:IS|NEEDS)_\w+ (\d+)$", script, re.MULTILINE)]
    assert codes == list(range(3, 10))
    head = script.partition("\nUnicode true")[0]
    assert set(codes) <= {int(each) for each in re.findall(r"\b(\d): ", head)}
    # The trial under Wine expects these.
    expected = {windows_proof.RUNNING, windows_proof.NEWER, windows_proof.MANAGED, windows_proof.OTHERS}
    assert expected | {windows_proof.OUTSIDE} <= set(codes)


def test_a_folder_is_looked_at_before_anything_is_put_there_on_the_page_and_silently() -> None:
    """What it finds is tried out under Wine, by windows_proof.refuse_folders; the page only on Windows."""
    script = (HERE / "lumedesk.nsi").read_text(encoding="utf-8")
    assert "!define MUI_PAGE_CUSTOMFUNCTION_LEAVE TakeFolder\n!insertmacro MUI_PAGE_DIRECTORY" in script
    for name in ("Prepare", "TakeFolder"):
        body = script.partition(f"\nFunction {name}\n")[2].partition("\nFunctionEnd")[0]
        assert "Call LookAtFolder" in body
        assert body.count("${Refuse} ${IS_OTHERS}" if name == "Prepare" else "    Abort") in (1, 2)


def test_the_uninstaller_that_starts_itself_again_still_deletes_the_data_it_was_told_to() -> None:
    script = (HERE / "lumedesk.nsi").read_text(encoding="utf-8")
    body = script.partition("\nFunction un.onInit\n")[2].partition("\nFunctionEnd")[0]
    assert re.search(
        r'\$\{IfOption\} "/DeleteData"\s+StrCpy \$1 "/DeleteData"\s+\$\{EndIf\}\s+ExecShell runas "[^"]+" \$1\n', body
    )


def test_links_and_the_removal_of_data_are_off_unless_chosen() -> None:
    script = (HERE / "lumedesk.nsi").read_text(encoding="utf-8")
    assert 'Section /o "lumedesk: links"' in script
    assert 'Section /o "un.Delete my data too"' in script


def test_the_licence_page_shows_the_licence_and_names_qts() -> None:
    text = windows.licence_text()
    assert "GNU Lesser General Public License" in text
    assert (HERE.parents[1] / "LICENSE").read_text(encoding="utf-8") in text


@needs_makensis
def test_nsis_makes_an_installer_of_the_script_and_the_same_one_each_time(
    frozen: Path, icon: Path, tmp_path: Path
) -> None:
    made = []
    for out in ("first", "second"):
        installer, line = windows.make_installer(
            frozen, tmp_path / out, tmp_path / "work", Unsigned(), icon=icon, version="1.2.3", fast=True
        )
        assert "UNSIGNED" in line
        made.append(installer)
    assert made[0].name == "LumeDesk-1.2.3-windows-x64.exe"
    body = made[0].read_bytes()
    # How every program of Windows notes its version: a mark, then the four numbers, each pair the wrong way round.
    assert struct.pack("<I4xHHHH", 0xFEEF04BD, 2, 1, 0, 3) in body
    assert "1.2.3".encode("utf-16-le") in body
    assert windows.PUBLISHER.encode("utf-16-le") in body
    assert body == made[1].read_bytes()


@needs_makensis
def test_a_script_that_nsis_warns_of_is_a_failed_build(tmp_path: Path) -> None:
    script = tmp_path / "odd.nsi"
    script.write_text(f'Unicode true\nName x\nOutFile "{tmp_path / "x.exe"}"\nVar Unused\nSection\nSectionEnd\n')
    with pytest.raises(subprocess.CalledProcessError) as failure:
        windows.run_makensis(script, {}, {})
    assert "Unused" in failure.value.stdout + failure.value.stderr


@needs_makensis
@needs_osslsigncode
def test_the_uninstaller_is_signed_like_the_rest_also_from_a_folder_with_a_space(
    frozen: Path, icon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from installers.windows_wine import make_certificate

    # What osslsigncode signed is kept: makensis takes its uninstaller away again.
    tools, kept = tmp_path / "it's tools", tmp_path / "kept"
    for folder in (tools, kept):
        folder.mkdir()
    real = shutil.which("osslsigncode")
    (tools / "osslsigncode").write_text(
        f'#!/bin/sh\n{real} "$@" || exit\ntest "$1" != sign || for last; do :; done\n'
        f'test "$1" != sign || cp "$last" "{kept}"\n'
    )
    (tools / "osslsigncode").chmod(0o755)
    (tools / "python").symlink_to(Path(sys.executable).resolve())
    monkeypatch.setattr(sys, "executable", str(tools / "python"))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    way = make_certificate(tmp_path / "my certificate")
    installer, line = windows.make_installer(
        frozen, tmp_path / "out", tmp_path / "work", way, icon=icon, version="1.2.3", fast=True
    )
    assert "verified" in line
    signed = list(kept.iterdir())
    assert len(signed) == 2
    assert f"{installer.name}.signed" in {each.name for each in signed}
    for each in signed:
        way.verify(each)


# The .msi


def test_the_frame_is_well_formed_and_takes_its_codes_from_here() -> None:
    product = ET.parse(HERE / "lumedesk.wxs").getroot().find("w:Product", WIX)  # noqa: S314 - our own file
    assert product is not None
    assert product.get("UpgradeCode") == "$(var.UpgradeCode)"
    assert product.get("Id") == "$(var.ProductCode)"
    assert product.find("w:MajorUpgrade", WIX) is not None
    levels = {each.get("Id"): each.get("Level") for each in product.findall("w:Feature", WIX)}
    assert levels == {"Program": "1", "Links": "1000"}


def test_every_variable_of_the_frame_is_given() -> None:
    used = set(re.findall(r"\$\(var\.(\w+)\)", (HERE / "lumedesk.wxs").read_text(encoding="utf-8")))
    given = windows_msi.variables("1.2.3", "lumedesk.ico")
    assert used == set(given)
    assert given["UpgradeCode"] == "{7C0D7D0A-53D8-4F0C-9D0E-4B7A0A6C5E21}"
    assert given["ProductCode"] == f"{{{str(windows.product_code('1.2.3')).upper()}}}"
    assert given["Version"] == "1.2.3"


def test_the_msi_refuses_versions_that_windows_installer_would_misread() -> None:
    with pytest.raises(windows.BadVersion, match=r"1\.2\.3 only"):
        windows_msi.variables("1.2.3rc1", "lumedesk.ico")


def test_each_file_is_a_component_with_a_code_that_stays(frozen: Path) -> None:
    files = windows.payload(frozen)
    source = windows_msi.payload_source(files, base="frozen")
    assert source == windows_msi.payload_source(files, base="frozen")
    root = ET.fromstring(source)  # noqa: S314 - our own text
    components = root.findall(".//w:Component", WIX)
    assert len(components) == len(files)
    assert len({each.get("Guid") for each in components}) == len(files)
    assert {each.get("Win64") for each in components} == {"yes"}
    named = {each.get("Source") for each in root.findall(".//w:File", WIX)}
    assert str(Path("frozen", "_internal", "deep", "er", "a$$b & c.txt")) in named
    referred = {each.get("Id") for each in root.findall(".//w:ComponentRef", WIX)}
    assert referred == {each.get("Id") for each in components}


@needs_wixl
def test_wixl_makes_an_msi_that_upgrades_and_refuses_to_go_back(frozen: Path, icon: Path, tmp_path: Path) -> None:
    msi, line = windows_msi.make_msi(
        frozen, tmp_path / "out", tmp_path / "work", Unsigned(), icon=icon, version="1.2.3"
    )
    assert "UNSIGNED" in line
    properties = _table(msi, "Property")
    assert properties["ProductVersion"] == ["1.2.3"]
    assert properties["UpgradeCode"] == ["{7C0D7D0A-53D8-4F0C-9D0E-4B7A0A6C5E21}"]
    assert properties["ALLUSERS"] == ["1"]
    assert _table(msi, "LaunchCondition").keys() == {"NOT WIX_DOWNGRADE_DETECTED", "NOT BYINSTALLER OR Installed"}
    assert len(_table(msi, "File")) == 4
    assert _table(msi, "Feature")["Links"][-3] == "1000"


def test_without_a_compiler_there_is_no_msi_and_it_is_said(
    frozen: Path, icon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("makensis"):
        pytest.skip("NSIS is not on this computer")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "makensis").symlink_to(Path(shutil.which("makensis") or "").resolve())
    monkeypatch.setenv("PATH", str(tools))
    made, lines = windows_release.package(
        frozen, tmp_path / "out", tmp_path / "work", Unsigned(), icon=icon, version="1.2.3"
    )
    assert [each.suffix for each in made] == [".exe"]
    assert lines[-1].startswith("No .msi")
    assert lines[0].startswith("LumeDesk.exe: UNSIGNED")


def test_a_release_without_an_msi_is_no_release(
    frozen: Path, icon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    # Only the .msi is looked at here: what signs and packs before it is taken for done.
    monkeypatch.setattr(windows, "sign_programs", lambda _folder, _signing: [])
    monkeypatch.setattr(windows, "make_installer", lambda *_arguments, **_options: (tmp_path / "a.exe", ""))
    way = BySignCommand(("sign", "{file}"))
    with pytest.raises(windows_msi.NoCompiler, match="WiX 3"):
        windows_release.package(frozen, tmp_path / "out", tmp_path / "work", way, icon=icon, version="1.2.3")


def test_wix_leaves_out_only_the_two_checks_that_are_for_installs_of_one_user(
    frozen: Path, icon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WiX is a fake here: it only runs on Windows."""
    ran: list[list[str]] = []
    monkeypatch.setattr(windows_msi.shutil, "which", lambda name: None if name == "wixl" else name)
    monkeypatch.setattr(windows_msi.subprocess, "run", lambda command, **_options: ran.append(command))
    monkeypatch.setattr(windows_msi, "finish", lambda _msi, _signing: "")
    windows_msi.make_msi(frozen, tmp_path / "out", tmp_path / "work", Unsigned(), icon=icon, version="1.2.3")
    assert [each[0] for each in ran] == ["candle", "light"]
    assert [each for each in ran[1] if each.startswith("-s") and each != "-spdb"] == ["-sice:ICE43", "-sice:ICE57"]


def _table(msi: Path, name: str) -> dict[str, list[str]]:
    """A table of an .msi by its first column, without its three lines of heading."""
    told = subprocess.run(["msiinfo", "export", str(msi), name], check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in told.splitlines()[3:]]
    return {row[0]: row[1:] for row in rows}
