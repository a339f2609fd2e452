"""Licences and the bill of materials: everything in a bundle has its text, and says what it is."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installers import bill, notices, parts
from installers.parts import PartMissing, System
from packaging.requirements import Requirement

from lumedesk import __version__
from lumedesk.origin import components

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "resources" / "licences"
MakePackage = Callable[..., System]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what a checkout keeps, as a build has it."""
    return Path(shutil.copytree(FOLDER, tmp_path / "licences"))


@pytest.fixture
def a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePackage:
    """Make a package the only one of a system: its metadata, and its licence files by name."""

    def make(metadata: str = "License-Expression: MIT\n", locked: str = "sample==1.0", **files: str) -> System:
        site = tmp_path / "site"
        info = site / "sample-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: sample\nVersion: 1.0\n{metadata}")
        record = ["sample-1.0.dist-info/METADATA,,"]
        for name, text in files.items():
            (info / name).write_text(text)
            record.append(f"sample-1.0.dist-info/{name},,")
        (info / "RECORD").write_text("\n".join(record))
        lock = tmp_path / "lock.txt"
        lock.write_text(f"{locked} \\\n    --hash=sha256:00\n    # via lumedesk\n")
        monkeypatch.setattr(parts, "LOCK", lock)
        monkeypatch.setattr(parts.packages, "__defaults__", (lock,))
        monkeypatch.setattr(parts.locked, "__defaults__", (lock,))
        return System(parts.this_system().markers, site)

    return make


# What a checkout keeps


def test_the_checkouts_index_and_offer_are_those_of_the_locked_qt(tmp_path: Path) -> None:
    [locked] = [each for each in parts.locked(parts.this_system()) if each.name == "pyside6-essentials"]
    version = str(locked.specifier).removeprefix("==")
    kept = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    assert kept == [
        {"name": each.name, "version": each.version, "licence": each.licence, "file": each.file}
        for each in notices.static_index(version)
    ], "python -m installers.notices --static resources/licences makes it anew"
    assert (FOLDER / "SOURCES.txt").read_text(encoding="utf-8") == notices.sources_text(version)


def test_the_copies_are_what_they_were_copied_from() -> None:
    for name, _, file, source in notices.OWN:
        assert (FOLDER / file).read_bytes() == (ROOT / source).read_bytes(), name


def test_the_texts_are_whole() -> None:
    assert hashlib.sha256((FOLDER / "LGPL-3.0.txt").read_bytes()).hexdigest().startswith("e3a994d82e644b03")
    assert hashlib.sha256((FOLDER / "GPL-3.0.txt").read_bytes()).hexdigest().startswith("3972dc9744f6499f")
    assert "END OF TERMS AND CONDITIONS" in (FOLDER / "Apache-2.0.txt").read_text()


def test_each_work_within_qt_has_its_licences_text_below() -> None:
    text = (FOLDER / "Qt-third-party.txt").read_text(encoding="utf-8")
    works, _, licences = text.partition("\nThe licences\n")
    named = {
        each for line in re.findall(r"   \[(.*)\]$", works, re.MULTILINE) for each in re.split(r" and | or ", line)
    }
    there = set(re.findall(r"^\[(.*)\]$", licences, re.MULTILINE))
    elsewhere = {"Apache-2.0", "GPL-2+", "public domain", "X11", "HPND: the texts lie beside it"}
    assert named - there == elsewhere
    assert there <= named
    assert len(works.split("\n\n")) > 25


def test_the_offer_names_the_version_where_its_source_is_and_how_to_replace_it() -> None:
    text = notices.sources_text("6.11.3")
    assert "https://download.qt.io/official_releases/qt/6.11/6.11.3/single/" in text
    assert "PySide6-6.11.3-src" in text
    assert f"LumeDesk {__version__} is made with Qt 6.11.3" in text
    for place in ("_internal\\PySide6", "_internal/PySide6", "LumeDesk.app/Contents/Frameworks/PySide6"):
        assert place in text
    assert "three years" in text


def test_qt_is_as_old_as_its_package_says() -> None:
    from PySide6.QtCore import qVersion

    assert parts.qt_version() == qVersion()


# What a build gathers


def test_every_package_of_the_lock_is_in_the_index_with_a_text(folder: Path) -> None:
    index = notices.gather(folder)
    by_name = {each.name: each for each in index}
    wanted = {each.name for each in parts.locked(parts.this_system())} - {"pyside6-essentials", "shiboken6"}
    assert len(wanted) > 20
    assert wanted <= set(by_name)
    assert {"LumeDesk", "CPython", "SQLite", "SQLite3 Multiple Ciphers", "OpenSSL in cryptography"} <= set(by_name)
    for each in index:
        assert len((folder / each.file).read_text(encoding="utf-8")) > 200, each.name
    assert json.loads((folder / "index.json").read_text())[0]["name"] == "LumeDesk"
    assert by_name["certifi"].licence == "MPL-2.0"
    assert "Mozilla Public License" in (folder / "certifi.txt").read_text()


def test_about_reads_the_index_and_every_text_of_it(folder: Path, tmp_path: Path) -> None:
    index = notices.gather(folder)
    shown = components(folder.parent)
    assert [each.name for each in shown] == [each.name for each in index]
    assert not [each.title for each in shown if "can't be read" in each.text()]


def test_gathering_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(FOLDER, tmp_path / "other"))
    notices.gather(folder)
    notices.gather(other)
    notices.gather(other)
    read = [{each.name: each.read_bytes() for each in sorted(place.iterdir())} for place in (folder, other)]
    assert read[0] == read[1]


def test_a_package_without_a_text_fails_the_build_by_its_name(folder: Path, a_package: MakePackage) -> None:
    with pytest.raises(PartMissing, match=r"sample 1\.0 brings no licence text"):
        notices.gather(folder, a_package())


def test_an_empty_text_is_none(folder: Path, a_package: MakePackage) -> None:
    with pytest.raises(PartMissing, match="brings no licence text"):
        notices.gather(folder, a_package(LICENSE="\n \n"))


def test_all_texts_of_a_package_are_kept(folder: Path, a_package: MakePackage) -> None:
    notices.gather(folder, a_package(LICENSE="The one.", NOTICE="The other."))
    text = (folder / "sample.txt").read_text()
    assert "The one." in text
    assert "The other." in text


def test_a_package_that_is_not_there_fails_the_build_by_its_name(folder: Path, a_package: MakePackage) -> None:
    with pytest.raises(PartMissing, match=r"absent isn't there, but the lock names absent==2\.0"):
        notices.gather(folder, a_package(locked="absent==2.0", LICENSE="The one."))


def test_another_version_than_the_locked_one_fails_the_build(folder: Path, a_package: MakePackage) -> None:
    with pytest.raises(PartMissing, match=r"sample is 1\.0 here, but the lock names sample==1\.1"):
        notices.gather(folder, a_package(locked="sample==1.1", LICENSE="The one."))


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT OR Apache-2.0\n", "MIT OR Apache-2.0"),
        ("License: MIT\n", "MIT"),
        ("License: MIT License\n", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License\n", "BSD-3-Clause"),
        ("License: see file\nClassifier: License :: OSI Approved :: MIT License\n", "MIT"),
    ],
)
def test_a_licence_is_read_wherever_a_package_says_it(a_package: MakePackage, metadata: str, licence: str) -> None:
    [package] = parts.packages(a_package(metadata))
    assert parts.licence_of(package) == licence


def test_a_licence_that_nobody_knows_fails_the_build(a_package: MakePackage) -> None:
    [package] = parts.packages(a_package("License: ask me\n"))
    with pytest.raises(PartMissing, match=r"Under which licence sample is isn't known\..*ask me"):
        parts.licence_of(package)


def test_windows_has_its_own_packages() -> None:
    windows = parts.windows_system(Path("site"), "3.13.2")
    names = {each.name for each in parts.locked(windows)}
    assert "pywin32-ctypes" in names
    assert not {"secretstorage", "jeepney", "zipp"} & names
    [cryptography] = [each for each in parts.locked(windows) if each.name == "cryptography"]
    assert isinstance(cryptography, Requirement)
    inside = parts.within(windows)
    assert inside["CPython"][0] == "3.13.2"
    assert inside["OpenSSL in CPython"][0] == "", "another Python's isn't known"


def test_the_command_says_what_is_missing(
    a_package: MakePackage, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system = a_package()
    assert notices.main([str(folder), "--windows", str(system.site), "3.13.2"]) == 1
    assert "sample 1.0 brings no licence text" in capsys.readouterr().err


# The bill of materials


def test_the_bill_lists_what_is_in_the_bundle_each_with_its_address_and_licence() -> None:
    document = bill.bill(epoch=1_700_000_000)
    listed = {each["name"]: each for each in document["components"]}
    locked = {each.name: str(each.specifier).removeprefix("==") for each in parts.locked(parts.this_system())}
    for name, version in locked.items():
        assert listed[name]["purl"] == f"pkg:pypi/{name}@{version}"
    assert {"Qt", "CPython", "OpenSSL in cryptography", "SQLite", "SQLite3 Multiple Ciphers"} <= set(listed)
    assert all(re.fullmatch(r"\d+(\.\d+)+", each["version"]) for each in listed.values())
    assert all(each["licenses"][0]["expression"] for each in listed.values())
    assert document["metadata"]["component"]["version"] == __version__
    assert document["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"


def test_what_needs_what_leads_to_things_that_are_listed() -> None:
    document = bill.bill()
    references = {each["bom-ref"] for each in document["components"]} | {"LumeDesk"}
    needs = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    assert set(needs) == references
    assert {other for each in needs.values() for other in each} | {"LumeDesk"} == references
    [essentials] = [each for each in references if each.startswith("pkg:pypi/pyside6-essentials@")]
    assert "Qt" in needs[essentials]
    [httpx] = [each for each in references if each.startswith("pkg:pypi/httpx@")]
    assert any(other.startswith("pkg:pypi/anyio@") for other in needs[httpx])


def test_the_same_bundle_has_the_same_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert bill.bill() == bill.bill(epoch=1_700_000_000)
    later = bill.bill(epoch=1_800_000_000)
    assert later["serialNumber"] == bill.bill()["serialNumber"]
    assert later["metadata"]["timestamp"] == "2027-01-15T08:00:00Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert "timestamp" not in bill.bill()["metadata"]


def test_another_bundle_has_another_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    before = bill.bill()["serialNumber"]
    monkeypatch.setattr(bill, "VERSION", "0.1.1")
    assert bill.bill()["serialNumber"] != before


def test_a_bill_is_written_only_as_the_specification_allows(tmp_path: Path) -> None:
    if importlib.util.find_spec("cyclonedx") is None:
        pytest.skip("cyclonedx-bom is in the build's environment only, where every bill is checked")
    document: dict[str, Any] = bill.bill(epoch=1_700_000_000)
    bill.write(tmp_path / "a.cdx.json", document)
    assert json.loads((tmp_path / "a.cdx.json").read_text()) == document
    with pytest.raises(bill.BadBill, match="nonsense"):
        bill.write(tmp_path / "b.cdx.json", document | {"nonsense": 1})
    assert not (tmp_path / "b.cdx.json").exists()


def test_the_sums_are_what_sha256sum_would_write(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(b"two")
    (tmp_path / "a.bin").write_bytes(b"one")
    (tmp_path / "folder").mkdir()
    command = [sys.executable, "-I", "-S", "-c"]
    places = [str(ROOT / "packaging"), str(ROOT)]
    script = f"import sys; sys.path[:0] = {places!r}; from installers import bill; bill.main(sys.argv[1:])"
    for _ in range(2):
        subprocess.run([*command, script, "sums", str(tmp_path)], check=True, timeout=60)
    assert (tmp_path / "SHA256SUMS").read_text() == "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in (("a.bin", b"one"), ("b.bin", b"two"))
    )


def test_nothing_to_sum_up_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bill.checksums(tmp_path)
