"""The macOS bundle, as far as it can be judged without a Mac: its facts, its entitlements, what is signed and in which order.

The programs of macOS don't exist here; stand-ins note what they are asked for. What only a Mac can prove is listed in
docs/releasing.md.
"""

import base64
import json
import os
import plistlib
import re
import runpy
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from installers import macos, signing
from installers.macos_signing import Notary, notary_of, sign, signing_keychain, what_to_sign
from installers.signing import SigningFailed

from lumedesk import __version__

MACHO = bytes.fromhex("cffaedfe") + bytes(12)
FAT = bytes.fromhex("cafebabe") + bytes(12)
IDENTITY = "Developer ID Application: Somebody (AB12CD34EF)"
NOTARISED = {
    "LUMEDESK_SIGN_MACOS": IDENTITY,
    "LUMEDESK_NOTARY_KEY": base64.b64encode(b"the key").decode(),
    "LUMEDESK_NOTARY_KEY_ID": "K1",
    "LUMEDESK_NOTARY_ISSUER": "I1",
}

links = pytest.mark.skipif(os.name == "nt", reason="making links needs rights there")


class Mac:
    """Stands in for the programs of macOS: notes each command, answers and fails as told."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.status = "Accepted"
        self.failing = ""
        self.key_files: list[bytes] = []

    def __call__(self, command: list[str]) -> str:
        self.commands.append(command)
        if self.failing and self.failing in " ".join(command):
            raise SigningFailed(f"{command[0]} failed")
        if "--key" in command:
            self.key_files.append(Path(command[command.index("--key") + 1]).read_bytes())
        if "submit" in command:
            return json.dumps({"id": "7", "status": self.status})
        if "log" in command:
            return "LumeDesk.app/Contents/MacOS/LumeDesk: The signature is invalid."
        return '    "/Users/somebody/Library/Keychains/login.keychain-db"\n' if "list-keychains" in command else ""

    def asked(self, *programs: str) -> list[str]:
        """The commands of these programs, without what changes from run to run."""
        return [" ".join(each) for each in self.commands if each[0] in programs]

    def place_of(self, words: str) -> int:
        """When a command was run that holds these words; fails unless there was exactly one."""
        [place] = [place for place, command in enumerate(self.commands) if words in " ".join(command)]
        return place


def put(path: Path, content: bytes = MACHO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A bundle as PyInstaller lays it out: frameworks with versions and links, a helper within a framework, data."""
    app = tmp_path / "LumeDesk.app"
    contents = app / "Contents"
    put(contents / "Info.plist", plistlib.dumps({"CFBundleExecutable": "LumeDesk"}))
    put(contents / "MacOS" / "LumeDesk")
    put(contents / "Frameworks" / "libcrypto.3.dylib", FAT)
    put(contents / "Frameworks" / "lib-dynload" / "_ssl.cpython-313-darwin.so")
    put(contents / "Frameworks" / "Python.framework" / "Versions" / "3.13" / "Python")
    put(contents / "Frameworks" / "Python.framework" / "Versions" / "3.13" / "Resources" / "Info.plist", b"<plist/>")
    core = contents / "Frameworks" / "PySide6" / "Qt" / "lib" / "QtCore.framework"
    put(core / "Versions" / "A" / "QtCore", FAT)
    put(core / "Versions" / "A" / "Helpers" / "Help.app" / "Contents" / "MacOS" / "Help")
    put(core / "Versions" / "A" / "Helpers" / "Help.app" / "Contents" / "Frameworks" / "deep" / "libhelp.dylib")
    put(contents / "Resources" / "lumetrade-v1.openapi.yaml", b"openapi: 3.1.0")
    put(contents / "Resources" / "empty", b"")
    return app


@pytest.fixture
def linked(app: Path) -> Path:
    contents = app / "Contents"
    core = contents / "Frameworks" / "PySide6" / "Qt" / "lib" / "QtCore.framework"
    (core / "Versions" / "Current").symlink_to("A")
    (core / "QtCore").symlink_to("Versions/Current/QtCore")
    (contents / "Frameworks" / "QtCore").symlink_to("PySide6/Qt/lib/QtCore.framework/Versions/A/QtCore")
    (contents / "Resources" / "PySide6").symlink_to("../Frameworks/PySide6")
    (contents / "Resources" / "libcrypto.3.dylib").symlink_to("../Frameworks/libcrypto.3.dylib")
    return app


def places(app: Path, signed: Sequence[Path]) -> list[str]:
    return [each.relative_to(app).as_posix() for each in signed]


# Facts


def test_the_facts_are_plain_and_name_the_running_version() -> None:
    facts = macos.info_plist()
    assert plistlib.loads(plistlib.dumps(facts)) == facts
    assert facts["CFBundleShortVersionString"] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts["CFBundleVersion"])
    assert facts["CFBundleIdentifier"] == "org.lumedesk.LumeDesk"
    assert facts["LSMinimumSystemVersion"] == "13.0"
    assert facts["LSApplicationCategoryType"] == "public.app-category.finance"
    assert facts["NSHighResolutionCapable"] is True
    assert facts["NSRequiresAquaSystemAppearance"] is False
    assert "MIT" in facts["NSHumanReadableCopyright"]


def test_no_connection_is_exempt_from_encryption_and_no_link_is_claimed() -> None:
    assert not {"NSAppTransportSecurity", "CFBundleURLTypes", "LSUIElement"} & set(macos.info_plist())


def test_a_version_that_is_not_a_release_counts_as_the_one_it_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(macos, "VERSION", "1.4.0rc2")
    facts = macos.info_plist()
    assert (facts["CFBundleShortVersionString"], facts["CFBundleVersion"]) == ("1.4.0rc2", "1.4.0")
    monkeypatch.setattr(macos, "VERSION", "unknown")
    with pytest.raises(ValueError, match="unknown"):
        macos.info_plist()


def test_nothing_is_exempt_from_the_hardened_runtime() -> None:
    assert plistlib.loads(macos.ENTITLEMENTS.read_bytes()) == {}
    text = macos.ENTITLEMENTS.read_text()
    for each in (
        "allow-jit",
        "allow-unsigned-executable-memory",
        "disable-library-validation",
        "dyld",
        "get-task-allow",
    ):
        assert each in text, "why not is said"


# Signing


@links
def test_what_is_signed_comes_before_what_it_lies_in_and_the_bundle_last(linked: Path) -> None:
    signed = what_to_sign(linked)
    assert signed[-1] == linked
    for place, each in enumerate(signed):
        assert not [outer for outer in signed[:place] if outer in each.parents], f"{each} is signed too late"
    frameworks = "Contents/Frameworks"
    core = f"{frameworks}/PySide6/Qt/lib/QtCore.framework/Versions/A"
    assert sorted(places(linked, signed)) == sorted(
        [
            ".",
            f"{frameworks}/libcrypto.3.dylib",
            f"{frameworks}/lib-dynload/_ssl.cpython-313-darwin.so",
            f"{frameworks}/Python.framework/Versions/3.13",
            core,
            f"{core}/Helpers/Help.app",
            f"{core}/Helpers/Help.app/Contents/Frameworks/deep/libhelp.dylib",
        ]
    )


@links
def test_a_link_is_never_signed_nor_what_is_reached_through_one(linked: Path) -> None:
    for each in what_to_sign(linked):
        assert not [part for part in (each, *each.parents) if part.is_symlink()]
    alone = linked.parent / "alone.app"
    put(alone / "Contents" / "MacOS" / "alone")
    (alone / "Contents" / "elsewhere").symlink_to(linked / "Contents", target_is_directory=True)
    assert what_to_sign(alone) == [alone]


def test_every_program_in_the_bundle_is_sealed_by_something(app: Path) -> None:
    signed = set(what_to_sign(app))
    for each in app.rglob("*"):
        if each.is_file() and each.read_bytes()[:4] in (MACHO[:4], FAT[:4]):
            mains = {"LumeDesk", "Python", "QtCore", "Help"}
            assert each in signed or (each.name in mains and set(each.parents) & signed)


def test_only_the_program_itself_gets_the_entitlements(app: Path) -> None:
    mac = Mac()
    sign(app, IDENTITY, macos.ENTITLEMENTS, mac)
    signing_commands = [each for each in mac.commands if "--sign" in each]
    assert [each[-1] for each in signing_commands] == [str(each) for each in what_to_sign(app)]
    for each in signing_commands:
        assert each[:2] == ["codesign", "--force"]
        assert each[each.index("--options") + 1] == "runtime"
        assert each[each.index("--sign") + 1] == IDENTITY
        assert "--timestamp" in each
        assert ("--entitlements" in each) == (each[-1] == str(app))
    assert mac.commands[-1] == ["codesign", "--verify", "--deep", "--strict", "--verbose=2", str(app)]


def test_half_a_notarys_key_is_refused_and_none_is_none() -> None:
    assert notary_of({}) is None
    with pytest.raises(SigningFailed, match="LUMEDESK_NOTARY_ISSUER is missing"):
        notary_of({"LUMEDESK_NOTARY_KEY": "eA==", "LUMEDESK_NOTARY_KEY_ID": "K1"})
    notary = notary_of(NOTARISED)
    assert notary == Notary(b"the key", "K1", "I1")
    assert "the key" not in repr(notary)


def test_what_apple_refuses_fails_with_its_words(app: Path) -> None:
    mac = Mac()
    mac.status = "Invalid"
    with pytest.raises(SigningFailed, match=r"Invalid\.\nLumeDesk\.app.*signature is invalid"):
        Notary(b"k", "K1", "I1").notarise(app, mac)
    assert not [each for each in mac.commands if "stapler" in each]


def test_a_program_is_sent_as_an_archive_that_keeps_its_links_and_the_key_does_not_stay(app: Path) -> None:
    mac = Mac()
    Notary(b"the key", "K1", "I1").notarise(app, mac)
    archive, submit = mac.commands[:2]
    assert archive[:5] == ["ditto", "-c", "-k", "--sequesterRsrc", "--keepParent"]
    assert archive[5] == str(app)
    assert submit[:4] == ["xcrun", "notarytool", "submit", archive[6]]
    assert "--wait" in submit
    assert mac.key_files == [b"the key"]
    assert not Path(submit[submit.index("--key") + 1]).exists()
    assert mac.asked("xcrun")[1:] == [f"xcrun stapler staple {app}", f"xcrun stapler validate {app}"]


def test_the_certificates_keychain_goes_away_whatever_happens() -> None:
    mac = Mac()
    environment = {"LUMEDESK_MACOS_CERTIFICATE": base64.b64encode(b"p12").decode()}
    with pytest.raises(KeyError), signing_keychain(environment, mac):
        raise KeyError
    steps = [each[1] for each in mac.commands]
    assert steps == [
        "list-keychains",
        "create-keychain",
        "set-keychain-settings",
        "unlock-keychain",
        "import",
        "set-key-partition-list",
        "list-keychains",
        "delete-keychain",
    ]
    assert mac.commands[6][-1] == "/Users/somebody/Library/Keychains/login.keychain-db", "the others stay"
    assert not Path(mac.commands[-1][-1]).parent.exists()


def test_without_a_certificate_the_computers_own_keychains_are_used() -> None:
    mac = Mac()
    with signing_keychain({}, mac):
        pass
    assert mac.commands == []


def test_a_certificate_that_is_not_base64_is_refused() -> None:
    with (
        pytest.raises(SigningFailed, match="LUMEDESK_MACOS_CERTIFICATE isn't base64"),
        signing_keychain({"LUMEDESK_MACOS_CERTIFICATE": "a"}, Mac()),
    ):
        pass


# The disk


def test_without_an_identity_it_says_unsigned_and_asks_apple_nothing(app: Path, tmp_path: Path) -> None:
    mac, said = Mac(), list[str]()
    disk = macos.make_disk(app, tmp_path / "dist", {}, mac, said.append)
    assert said == [f"{disk.name}: UNSIGNED: {signing.SIGN_MACOS} is not set"]
    assert "is unsigned" in (tmp_path / "dist" / f"{disk.name}.unsigned.txt").read_text()
    assert mac.asked("xcrun", "spctl", "security") == []
    signed = [each for each in mac.asked("codesign") if "--verify" not in each]
    assert len(signed) == len(what_to_sign(app))
    assert all("--sign - --timestamp=none" in each for each in signed)
    assert not any("runtime" in each for each in signed), "it would load no library of no team"


def test_signed_checked_by_itself_notarised_packed_notarised_and_verified_in_this_order(
    app: Path, tmp_path: Path
) -> None:
    mac, said = Mac(), list[str]()
    # What an earlier build without an identity left.
    disk = macos.make_disk(app, tmp_path / "dist", {}, Mac(), lambda _: None)
    assert list((tmp_path / "dist").glob("*.unsigned.txt"))
    assert macos.make_disk(app, tmp_path / "dist", NOTARISED, mac, said.append) == disk
    order = [
        mac.place_of(f"--entitlements {macos.ENTITLEMENTS} {app}"),
        mac.place_of("Contents/MacOS/LumeDesk --probe"),
        mac.place_of("LumeDesk.zip --key"),
        mac.place_of(f"stapler staple {app}"),
        mac.place_of("--type execute"),
        mac.place_of("dmgbuild"),
        mac.place_of(f"--sign {IDENTITY} {disk}"),
        mac.place_of(f"submit {disk}"),
        mac.place_of(f"stapler staple {disk}"),
        mac.place_of("--type open"),
    ]
    assert order == sorted(order)
    assert said == [f"{disk.name}: signed and notarised, verified"]
    assert not list((tmp_path / "dist").glob("*.unsigned.txt"))


def test_signed_but_not_notarised_is_said_too(app: Path, tmp_path: Path) -> None:
    mac, said = Mac(), list[str]()
    macos.make_disk(app, tmp_path, {"LUMEDESK_SIGN_MACOS": IDENTITY}, mac, said.append)
    assert "NOT NOTARISED" in said[0]
    assert mac.asked("xcrun") == []


def test_a_program_that_fails_its_own_check_is_never_sent_to_apple(app: Path, tmp_path: Path) -> None:
    mac = Mac()
    mac.failing = "--probe"
    with pytest.raises(SigningFailed):
        macos.make_disk(app, tmp_path, NOTARISED, mac)
    assert mac.asked("xcrun", "spctl") == []


def test_the_disk_holds_a_copy_that_keeps_its_links(app: Path, tmp_path: Path) -> None:
    mac = Mac()
    macos.make_disk(app, tmp_path, {}, mac, lambda _: None)
    copied = mac.commands[mac.place_of("ditto")]
    assert copied[:2] == ["ditto", str(app)]
    packed = mac.commands[mac.place_of("dmgbuild")]
    assert f"app={copied[2]}" in packed
    assert packed[packed.index("-s") + 1] == str(macos.DISK_SETTINGS)


def test_the_disk_shows_the_program_and_where_to_drag_it() -> None:
    defines = {"app": "/x/LumeDesk.app", "icon": "i", "background": "b"}
    settings = runpy.run_path(str(macos.DISK_SETTINGS), {"defines": defines})
    assert settings["files"] == ["/x/LumeDesk.app"]
    assert settings["symlinks"] == {"Applications": "/Applications"}
    assert set(settings["icon_locations"]) == {"LumeDesk.app", "Applications"}
    (_, (width, height)) = settings["window_rect"]
    svg = (macos.HERE / "background.svg").read_text()
    assert f'width="{width}" height="{height}"' in svg
    half = settings["icon_size"] / 2
    for x, y in settings["icon_locations"].values():
        assert half < x < width - half
        assert half < y < height - half


def test_the_background_is_drawn_at_both_densities_the_same_each_time(tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    drawn = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        command = [sys.executable, "-m", "installers.disk_background", str(folder)]
        environment = {**os.environ, "PYTHONPATH": str(macos.ROOT / "packaging"), "QT_QPA_PLATFORM": "offscreen"}
        subprocess.run(command, env=environment, check=True, timeout=60)
        drawn.append({each.name: each.read_bytes() for each in sorted(folder.iterdir())})
    assert drawn[0] == drawn[1]
    sizes = {name: QImage.fromData(data).size().toTuple() for name, data in drawn[0].items()}
    assert sizes == {"background.png": (640, 400), "background@2x.png": (1280, 800)}
    image = QImage.fromData(drawn[0]["background.png"])
    assert image.pixelColor(320, 200).name() == "#1c56d8", "the arrow"
    assert image.pixelColor(20, 100).name() == "#f6f7f9"
