"""The tool that makes a release's notice: its key stays out of the checkout, and the program believes what it signs."""

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from installers import manifest
from installers.manifest import KEY_FILE, ManifestError, contents, keygen, private_key, sign, source, verify

from lumedesk.domain.releases import Source
from lumedesk.domain.versions import Version
from tests.support.releases import NOW, PAGE_HOST, a_text

PAGE = f"https://{PAGE_HOST}/0.2.0"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "release.pem"


@pytest.fixture
def published(key_file: Path, tmp_path: Path) -> Path:
    """A release.json that knows the key."""
    key_file.parent.mkdir()
    key_id, public = keygen(key_file)
    path = tmp_path / "release.json"
    told = {"manifest": f"https://{PAGE_HOST}/manifest.json", "page_host": PAGE_HOST, "keys": {key_id: public}}
    path.write_text(json.dumps(told))
    return path


@pytest.fixture
def where(published: Path) -> Source:
    return source(published)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_a_new_key_can_be_read_by_its_owner_alone(key_file: Path) -> None:
    key_file.parent.mkdir()
    key_id, public = keygen(key_file)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert len(key_id) == 16
    assert len(base64.b64decode(public)) == 32
    assert public not in key_file.read_text()
    assert private_key({KEY_FILE: str(key_file)})


@pytest.mark.parametrize("place", ["release.pem", "build/release.pem", "dist/../packaging/release.pem"])
def test_a_key_is_never_made_within_the_checkout(place: str) -> None:
    path = manifest.ROOT / place
    with pytest.raises(ManifestError, match="within a checkout"):
        keygen(path)
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows lets few make links")
def test_a_key_is_never_made_within_the_checkout_by_another_name(tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(manifest.ROOT / "packaging")
    with pytest.raises(ManifestError, match="within a checkout"):
        keygen(link / "release.pem")


def test_a_key_is_never_made_within_any_other_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "deep").mkdir()
    with pytest.raises(ManifestError, match="within a checkout"):
        keygen(tmp_path / "deep" / "release.pem")


def test_a_key_that_is_there_is_never_overwritten(key_file: Path) -> None:
    key_file.parent.mkdir()
    keygen(key_file)
    before = key_file.read_bytes()
    with pytest.raises(ManifestError, match="there already"):
        keygen(key_file)
    assert key_file.read_bytes() == before


def test_without_the_variable_nothing_is_signed() -> None:
    with pytest.raises(ManifestError, match=f"{KEY_FILE} isn't set"):
        private_key({})


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_a_key_that_others_can_read_is_not_used(published: Path, key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.raises(ManifestError, match="can be read by others"):
        private_key({KEY_FILE: str(key_file)})


def test_what_is_no_ed25519_key_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    rsa = generate_private_key(65537, 2048)
    forms = (Encoding.PEM, PrivateFormat.PKCS8)
    for body, words in (
        (rsa.private_bytes(*forms, NoEncryption()), "another kind"),
        (rsa.private_bytes(*forms, BestAvailableEncryption(b"x")), "no private key that can be read"),
        (b"not a key", "no private key that can be read"),
    ):
        path.write_bytes(body)
        path.chmod(0o600)
        with pytest.raises(ManifestError, match=words):
            private_key({KEY_FILE: str(path)})
    with pytest.raises(ManifestError, match="can't be read"):
        private_key({KEY_FILE: str(tmp_path / "none.pem")})


def test_the_program_believes_what_is_signed(where: Source, key_file: Path, tmp_path: Path) -> None:
    built = tmp_path / "LumeDesk-0.2.0-setup.exe"
    built.write_bytes(b"MZ" * 1000)
    text = contents(serial=3, version="0.2.0", page=PAGE, notes="New.\n", files=[f"windows={built}"], now=NOW)
    notice = verify(sign(text, private_key({KEY_FILE: str(key_file)})), where, NOW)
    assert (notice.serial, notice.version, notice.notes, notice.page) == (3, Version("0.2.0"), "New.", PAGE)
    assert notice.valid_until - notice.released == timedelta(days=60)
    (file,) = notice.files
    assert (file.name, file.platform, file.size) == (built.name, "windows", 2000)
    assert file.sha256 == "dad9fd79f7660930a08ea91c2fd34ae4da0b8746f2f2dd4668c2072beffd4df0"


def test_what_another_key_signed_is_not_believed(where: Source, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    keygen(other)
    body = sign(a_text(), private_key({KEY_FILE: str(other)}))
    with pytest.raises(ManifestError, match="a key that this LumeDesk doesn't know"):
        verify(body, where, NOW)


@pytest.mark.parametrize("files", [["windows"], ["=a"], ["windows="]])
def test_a_file_needs_its_platform(files: list[str]) -> None:
    with pytest.raises(ManifestError, match="isn't written PLATFORM=FILE"):
        contents(serial=1, version="1.0.0", page=PAGE, notes="", files=files, now=NOW)


@pytest.mark.parametrize("days", [0, -1, 401])
def test_a_notice_ends_within_a_year_or_so(days: int) -> None:
    with pytest.raises(ManifestError, match="valid for 1 to"):
        contents(serial=1, version="1.0.0", page=PAGE, notes="", files=[], now=NOW, valid_days=days)


def test_the_checkouts_own_source_is_empty_so_nothing_can_be_signed_for_it() -> None:
    with pytest.raises(ManifestError, match="names no source for updates"):
        source()


# The command


def command(*arguments: str, key_file: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(manifest.ROOT), str(manifest.ROOT / "packaging")))}
    environment.pop(KEY_FILE, None)
    if key_file is not None:
        environment[KEY_FILE] = str(key_file)
    line: Sequence[str] = [sys.executable, "-m", "installers.manifest", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def test_the_command_makes_signs_and_verifies(tmp_path: Path, published: Path, key_file: Path) -> None:
    notes, out = tmp_path / "notes.txt", tmp_path / "dist" / "manifest.json"
    notes.write_text("Better.")
    usual = ["--page", PAGE, "--notes", str(notes), "--source", str(published), "--out", str(out)]
    done = command("sign", f"linux={notes}", "--serial", "4", "--version", "0.2.0", *usual, key_file=key_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Number 4: LumeDesk 0.2.0" in done.stdout
    checked = command("verify", str(out), "--source", str(published))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "notes.txt (linux, 7 bytes)" in checked.stdout
    again = ["--previous", str(out), *usual]
    for serial, version, words in (
        ("4", "0.2.1", "needs a higher number"),
        ("5", "0.1.9", "0.2.0 was told of already"),
    ):
        refused = command("sign", "--serial", serial, "--version", version, *again, key_file=key_file)
        assert refused.returncode == 1
        assert words in refused.stderr
    assert command("sign", "--serial", "5", "--version", "0.2.1", *again, key_file=key_file).returncode == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (["--version", "2"], "isn't written as it must be"),
        (["--page", "https://evil.example/"], "leads elsewhere"),
        (["--serial", "0"], "isn't written as it must be"),
        (["linux=/nowhere"], "No such file"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_what_the_program_would_refuse_is_not_written(
    tmp_path: Path, published: Path, key_file: Path, changed: list[str], words: str
) -> None:
    notes, out = tmp_path / "notes.txt", tmp_path / "manifest.json"
    notes.write_text("Better.")
    usual = ["--serial", "1", "--version", "0.2.0", "--page", PAGE, "--notes", str(notes), "--source", str(published)]
    done = command("sign", *usual, "--out", str(out), *changed, key_file=key_file)
    assert done.returncode == 1
    assert words in done.stderr
    assert not out.exists()


def test_the_command_tells_the_public_key_and_never_the_private_one(key_file: Path) -> None:
    key_file.parent.mkdir()
    done = command("keygen", str(key_file))
    assert done.returncode == 0
    assert '"keys" in resources/release.json' in done.stdout
    secret = "".join(key_file.read_text().splitlines()[1:-1])
    assert secret not in done.stdout
    assert "PRIVATE" not in done.stdout
