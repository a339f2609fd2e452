"""Signs what is shipped, as the environment says, and says plainly where it doesn't. Holds no key and knows no password.

LUMEDESK_SIGN_WINDOWS         a command with {file} in it, such as the one of a signing service; it signs in place
LUMEDESK_VERIFY_WINDOWS       a command with {file} in it that fails unless the signature holds
LUMEDESK_SIGN_CERTIFICATE     or: a certificate (PEM), for osslsigncode
LUMEDESK_SIGN_KEY             and its key (PEM)
LUMEDESK_SIGN_MACOS           the identity that codesign is given

`python -m installers.signing FILE` signs one file: NSIS has its uninstaller signed that way while it makes the installer.
"""

import os
import shlex
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SIGN_WINDOWS = "LUMEDESK_SIGN_WINDOWS"
VERIFY_WINDOWS = "LUMEDESK_VERIFY_WINDOWS"
CERTIFICATE = "LUMEDESK_SIGN_CERTIFICATE"
KEY = "LUMEDESK_SIGN_KEY"
SIGN_MACOS = "LUMEDESK_SIGN_MACOS"

_VARIABLES = (SIGN_WINDOWS, VERIFY_WINDOWS, CERTIFICATE, KEY)
_FILE = "{file}"
# An .msi is a compound file, and its signature a stream of that name.
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_MSI_SIGNATURE = "\x05DigitalSignature".encode("utf-16-le")
_NOTE = """\
{name} is unsigned.

It was built without a certificate, so nothing tells who made it, and the system will warn of it. It is for tests.
A release is signed; how: docs/releasing.md
"""


class SigningFailed(RuntimeError):
    """A file could not be signed, or its signature doesn't hold. The text says which file and what the program said."""


class Signing(Protocol):
    """One way to sign programs and installers of Windows."""

    @property
    def signs(self) -> bool:
        """Whether `sign` does anything."""

    @property
    def words(self) -> str:
        """How it signs, for the build's output."""

    def sign(self, file: Path) -> None:
        """Sign the file in place. Errors: SigningFailed."""

    def verify(self, file: Path) -> None:
        """Errors: SigningFailed unless the file carries a signature that holds."""

    def environment(self) -> dict[str, str]:
        """What another process has to find in its environment so that `main` signs there in this very way."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """No certificate was named: every file stays as it is."""

    signs: bool = False
    words: str = f"UNSIGNED: neither {SIGN_WINDOWS} nor {CERTIFICATE} is set"

    def sign(self, file: Path) -> None:
        """Leave the file as it is."""

    def verify(self, file: Path) -> None:
        """Nothing was signed, so nothing can hold. Errors: SigningFailed, always."""
        raise SigningFailed(f"{file.name} is unsigned.")

    def environment(self) -> dict[str, str]:
        """Nothing is configured."""
        return dict.fromkeys(_VARIABLES, "")


@dataclass(frozen=True, slots=True)
class BySignCommand:
    """A command from outside signs; another one verifies, or at least a signature has to be there."""

    command: tuple[str, ...]
    check: tuple[str, ...] = ()
    signs: bool = True

    @property
    def words(self) -> str:
        """Names the program only: its arguments may hold what isn't for a log."""
        return f"signed by {Path(self.command[0]).name}"

    def sign(self, file: Path) -> None:
        """Run the command on the file. Errors: SigningFailed."""
        _run(self.command, file, "could not be signed")

    def verify(self, file: Path) -> None:
        """Run the other command, if there is one. Errors: SigningFailed."""
        if not has_signature(file):
            raise SigningFailed(f"{file.name} carries no signature, although the command to sign it ended well.")
        if self.check:
            _run(self.check, file, "carries a signature that doesn't hold")

    def environment(self) -> dict[str, str]:
        """Both commands, as `split` reads them."""
        return {**Unsigned().environment(), SIGN_WINDOWS: _joined(self.command), VERIFY_WINDOWS: _joined(self.check)}


@dataclass(frozen=True, slots=True)
class ByCertificate:
    """osslsigncode signs with a certificate and a key in files. The tests' way: real keys don't lie in files any more."""

    certificate: Path
    key: Path
    signs: bool = True

    @property
    def words(self) -> str:
        """Names the file of the certificate."""
        return f"signed with {self.certificate.name} by osslsigncode"

    def sign(self, file: Path) -> None:
        """Sign beside the file, then put that in its place. Errors: SigningFailed."""
        signed = file.with_name(file.name + ".signed")
        signed.unlink(missing_ok=True)
        command = ["osslsigncode", "sign", "-certs", str(self.certificate), "-key", str(self.key), "-h", "sha256"]
        _run([*command, "-n", "LumeDesk", "-in", _FILE, "-out", str(signed)], file, "could not be signed")
        signed.chmod(file.stat().st_mode)
        signed.replace(file)

    def verify(self, file: Path) -> None:
        """Check the digest and that this certificate signed it. Errors: SigningFailed."""
        command = ["osslsigncode", "verify", "-CAfile", str(self.certificate), "-in", _FILE]
        _run(command, file, "carries no signature that holds")

    def environment(self) -> dict[str, str]:
        """Both files, from wherever it is looked."""
        files = {CERTIFICATE: str(self.certificate.absolute()), KEY: str(self.key.absolute())}
        return {**Unsigned().environment(), **files}


def windows_signing(environment: Mapping[str, str]) -> Signing:
    """The way that the environment asks for. Errors: SigningFailed where it asks for half of one."""
    command = environment.get(SIGN_WINDOWS, "").strip()
    if command:
        return BySignCommand(split(command, SIGN_WINDOWS), split(environment.get(VERIFY_WINDOWS, ""), VERIFY_WINDOWS))
    certificate, key = environment.get(CERTIFICATE, ""), environment.get(KEY, "")
    if bool(certificate) != bool(key):
        raise SigningFailed(f"{CERTIFICATE} and {KEY} go together; only one of them is set.")
    return ByCertificate(Path(certificate), Path(key)) if certificate else Unsigned()


def macos_identity(environment: Mapping[str, str]) -> str | None:
    """The identity for codesign; None where the build stays unsigned."""
    return environment.get(SIGN_MACOS, "").strip() or None


def split(command: str, name: str) -> tuple[str, ...]:
    """A command's parts: quotes hold words together, a backslash is a backslash. Errors: SigningFailed without {file}."""
    words = shlex.shlex(command, posix=True, punctuation_chars=False)
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    parts = tuple(words)
    if parts and not any(_FILE in part for part in parts):
        raise SigningFailed(f"{name} names no {_FILE}: it wouldn't know what to work on.")
    return parts


def _joined(parts: Sequence[str]) -> str:
    """The opposite of `split`, which knows no escapes: a double quote stands in single ones."""
    return " ".join('"{}"'.format(part.replace('"', '"\'"\'"')) for part in parts)


def has_signature(file: Path) -> bool:
    """Whether a Windows program or an .msi says that it carries a signature. Doesn't tell whether that holds."""
    with file.open("rb") as opened:
        head = opened.read(4096)
        if head.startswith(_COMPOUND):
            return _MSI_SIGNATURE in head + opened.read()
    try:
        (pe,) = struct.unpack_from("<I", head, 0x3C)
        if head[:2] != b"MZ" or head[pe : pe + 4] != b"PE\0\0":
            return False
        (magic,) = struct.unpack_from("<H", head, pe + 24)
        # The fifth of the directories that end the header, which is longer in 64-bit programs.
        offset, size = struct.unpack_from("<II", head, pe + 24 + (112 if magic == 0x20B else 96) + 4 * 8)
    except struct.error:
        return False
    return bool(offset and size)


def note_unsigned(artefact: Path) -> Path:
    """Put a text beside the artefact that says it is unsigned; answers where."""
    note = _note(artefact)
    note.write_text(_NOTE.format(name=artefact.name), encoding="utf-8")
    return note


def forget_unsigned(artefact: Path) -> None:
    """Remove that text, which an earlier build may have left."""
    _note(artefact).unlink(missing_ok=True)


def _note(artefact: Path) -> Path:
    return artefact.with_name(artefact.name + ".unsigned.txt")


def finish(artefact: Path, signing: Signing) -> str:
    """Sign and verify a finished installer, or note that it is unsigned. Answers a line for the build's output."""
    forget_unsigned(artefact)
    if not signing.signs:
        note_unsigned(artefact)
        return f"{artefact.name}: {signing.words}"
    signing.sign(artefact)
    signing.verify(artefact)
    return f"{artefact.name}: {signing.words}, verified"


def _run(command: Sequence[str], file: Path, trouble: str) -> None:
    filled = [part.replace(_FILE, str(file)) for part in command]
    try:
        ended = subprocess.run(filled, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise SigningFailed(f"{file.name} {trouble}: {error.strerror}: {Path(filled[0]).name}") from error
    if ended.returncode:
        said = (ended.stdout + ended.stderr).strip()[-2000:]
        raise SigningFailed(f"{file.name} {trouble} (exit code {ended.returncode}).\n{said}".rstrip())


def main(arguments: Sequence[str]) -> int:
    """Sign the one file that is named, as the environment says; it fails where the environment names no way to."""
    try:
        (file,) = arguments
        way = windows_signing(os.environ)
        if not way.signs:
            raise SigningFailed(f"{Path(file).name} can't be signed. {way.words}")
        way.sign(Path(file))
    except (SigningFailed, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
