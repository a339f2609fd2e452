"""Signing by hooks from outside. The command that signs here is a script that notes what it was asked and marks the file."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from installers import signing
from installers.signing import ByCertificate, BySignCommand, SigningFailed, Unsigned, windows_signing

# It notes its arguments, and appends what stands for a signature: an entry in the header that points behind the file's end.
SIGNER = """
import struct, sys
from pathlib import Path
here, file = Path(__file__).parent, Path(sys.argv[-1])
with (here / "asked.txt").open("a") as log:
    log.write(repr(sys.argv[1:]) + "\\n")
body = bytearray(file.read_bytes())
struct.pack_into("<II", body, 0x40 + 24 + 112 + 32, len(body), 8)
file.write_bytes(bytes(body) + b"SIGNED!!")
"""


def a_program(folder: Path, name: str = "LumeDesk.exe") -> Path:
    """The header of a 64-bit program, without anything that could run."""
    body = bytearray(0x200)
    body[:2] = b"MZ"
    struct.pack_into("<I", body, 0x3C, 0x40)
    body[0x40:0x44] = b"PE\0\0"
    struct.pack_into("<H", body, 0x40 + 24, 0x20B)
    program = folder / name
    program.write_bytes(bytes(body))
    return program


@pytest.fixture
def signer(tmp_path: Path) -> Path:
    folder = tmp_path / "the signer's"
    folder.mkdir()
    script = folder / "sign.py"
    script.write_text(SIGNER)
    return script


def environment(script: Path, **more: str) -> dict[str, str]:
    return {signing.SIGN_WINDOWS: f'"{sys.executable}" "{script}" --password=a\\b {{file}}', **more}


def test_the_command_is_run_on_the_file(tmp_path: Path, signer: Path) -> None:
    program = a_program(tmp_path, "Lume Desk.exe")
    way = windows_signing(environment(signer))
    assert way.signs
    way.sign(program)
    asked = (signer.parent / "asked.txt").read_text().splitlines()
    assert asked == [repr(["--password=a\\b", str(program)])]
    assert program.read_bytes().endswith(b"SIGNED!!")


def test_what_the_command_is_given_is_not_told(signer: Path) -> None:
    assert "password" not in windows_signing(environment(signer)).words


def test_a_command_that_names_no_file_is_refused() -> None:
    with pytest.raises(SigningFailed, match=r"names no \{file\}"):
        windows_signing({signing.SIGN_WINDOWS: "sign-it --now"})


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text("import sys; sys.stderr.write('no such key'); sys.exit(3)")
    with pytest.raises(SigningFailed, match=r"LumeDesk\.exe could not be signed \(exit code 3\)\.\nno such key"):
        windows_signing(environment(script)).sign(a_program(tmp_path))


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    way = BySignCommand(("no-such-signer", "{file}"))
    with pytest.raises(SigningFailed, match="no-such-signer"):
        way.sign(a_program(tmp_path))


def test_a_command_that_signed_nothing_is_noticed(tmp_path: Path) -> None:
    script = tmp_path / "idle.py"
    script.write_text("")
    program = a_program(tmp_path)
    way = windows_signing(environment(script))
    way.sign(program)
    with pytest.raises(SigningFailed, match="carries no signature"):
        way.verify(program)


def test_another_command_verifies(tmp_path: Path, signer: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_text("import sys; sys.exit('the chain is broken')")
    program = a_program(tmp_path)
    way = windows_signing(environment(signer, **{signing.VERIFY_WINDOWS: f'"{sys.executable}" "{script}" {{file}}'}))
    way.sign(program)
    with pytest.raises(SigningFailed, match="the chain is broken"):
        way.verify(program)


def test_without_a_certificate_the_build_says_unsigned(tmp_path: Path) -> None:
    installer = a_program(tmp_path, "LumeDesk-1.2.3-windows-x64.exe")
    before = installer.read_bytes()
    way = windows_signing({})
    line = signing.finish(installer, way)
    assert "UNSIGNED" in line
    assert installer.read_bytes() == before
    note = tmp_path / "LumeDesk-1.2.3-windows-x64.exe.unsigned.txt"
    assert "LumeDesk-1.2.3-windows-x64.exe is unsigned." in note.read_text(encoding="utf-8")
    with pytest.raises(SigningFailed, match="is unsigned"):
        way.verify(installer)


def test_a_note_of_an_earlier_build_goes_when_it_is_signed(tmp_path: Path, signer: Path) -> None:
    installer = a_program(tmp_path)
    note = signing.note_unsigned(installer)
    line = signing.finish(installer, windows_signing(environment(signer)))
    assert "verified" in line
    assert "UNSIGNED" not in line
    assert not note.exists()


@pytest.mark.parametrize("one", [signing.CERTIFICATE, signing.KEY])
def test_half_a_certificate_is_refused(one: str) -> None:
    with pytest.raises(SigningFailed, match="go together"):
        windows_signing({one: "file.pem"})


def test_a_command_comes_before_a_certificate(signer: Path) -> None:
    both = environment(signer, **{signing.CERTIFICATE: "c.pem", signing.KEY: "k.pem"})
    assert isinstance(windows_signing(both), BySignCommand)
    del both[signing.SIGN_WINDOWS]
    assert isinstance(windows_signing(both), ByCertificate)
    assert isinstance(windows_signing({}), Unsigned)


def test_the_door_for_the_uninstaller_signs_as_the_environment_says(
    tmp_path: Path, signer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = a_program(tmp_path)
    for name, value in environment(signer).items():
        monkeypatch.setenv(name, value)
    assert signing.main([str(program)]) == 0
    assert signing.has_signature(program)


def test_the_door_for_the_uninstaller_fails_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(signing.SIGN_WINDOWS, "no-such-signer {file}")
    assert signing.main([str(a_program(tmp_path))]) == 1
    assert "no-such-signer" in capsys.readouterr().err


def test_the_door_for_the_uninstaller_refuses_where_nothing_says_how_to_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in Unsigned().environment().items():
        monkeypatch.setenv(name, value)
    assert signing.main([str(a_program(tmp_path))]) == 1
    assert "LumeDesk.exe can't be signed. UNSIGNED" in capsys.readouterr().err


@pytest.mark.parametrize(
    "way",
    [
        Unsigned(),
        ByCertificate(Path("/a b/c.pem"), Path("/a b/k.pem")),
        BySignCommand(("C:\\My Signer\\sign.exe", "", '--say="it\'s me"', "{file}")),
        BySignCommand(("sign", "{file}"), ("verify", "-x", "{file}")),
    ],
)
def test_another_process_signs_in_the_same_way_whatever_this_ones_environment_says(way: signing.Signing) -> None:
    around = {signing.SIGN_WINDOWS: "another {file}", signing.CERTIFICATE: "c.pem", signing.KEY: "k.pem"}
    assert windows_signing({**around, **way.environment()}) == way


def test_what_is_no_program_carries_no_signature(tmp_path: Path) -> None:
    text = tmp_path / "text.exe"
    text.write_bytes(b"MZ")
    assert not signing.has_signature(text)
    assert not signing.has_signature(a_program(tmp_path))


def test_an_msi_is_looked_at_for_its_own_signature(tmp_path: Path) -> None:
    msi = tmp_path / "LumeDesk.msi"
    msi.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(8000))
    assert not signing.has_signature(msi)
    msi.write_bytes(msi.read_bytes() + "\x05DigitalSignature".encode("utf-16-le") + bytes(40))
    assert signing.has_signature(msi)


def test_macos_is_signed_only_with_an_identity() -> None:
    assert signing.macos_identity({}) is None
    assert signing.macos_identity({signing.SIGN_MACOS: " Developer ID "}) == "Developer ID"


needs_osslsigncode = pytest.mark.skipif(
    not (shutil.which("osslsigncode") and shutil.which("openssl") and shutil.which("x86_64-w64-mingw32-gcc")),
    reason="osslsigncode, openssl or mingw is not on this computer",
)


@needs_osslsigncode
def test_a_certificate_signs_a_real_program_and_one_changed_byte_is_found(tmp_path: Path) -> None:
    from installers.windows_wine import make_certificate

    program, source = tmp_path / "real.exe", tmp_path / "real.c"
    source.write_text("int main(void) { return 0; }")
    subprocess.run(["x86_64-w64-mingw32-gcc", "-o", str(program), str(source)], check=True)
    way = make_certificate(tmp_path / "mine")
    with pytest.raises(SigningFailed, match="no signature that holds"):
        way.verify(program)
    assert "verified" in signing.finish(program, way)
    with pytest.raises(SigningFailed, match="no signature that holds"):
        make_certificate(tmp_path / "somebody else's").verify(program)
    body = bytearray(program.read_bytes())
    body[len(body) // 2] ^= 1
    program.write_bytes(body)
    with pytest.raises(SigningFailed, match="no signature that holds"):
        way.verify(program)
