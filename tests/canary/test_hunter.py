"""The hunt can fail: whatever is planted, in every form and in every place that is searched, is found."""

import gzip
import io
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from tests.support import canary
from tests.support.canary import Hunter, cores_of, forms_of, why_no_core_files

VALUE = "Sx7/qL+\"Can'ary\\Zk&%9Vw=0aR;~tJ<m>4?hU#"


@pytest.fixture
def hunter() -> Hunter:
    return Hunter({"secret": VALUE})


def found(hunter: Hunter, folder: Path) -> set[str]:
    return {hit.place for hit in hunter.in_folders([folder])}


@pytest.mark.parametrize("form", forms_of(VALUE))
def test_each_form_is_found_whole_and_cut_in_two(form: str, hunter: Hunter, tmp_path: Path) -> None:
    half = len(VALUE) // 2
    for text in (VALUE, VALUE[:half], VALUE[half:], f"({VALUE[: half + 5]}"):
        (tmp_path / "file").write_bytes(b"before" + forms_of(text)[form] + b"after")
        assert found(hunter, tmp_path), text


def test_nothing_is_found_where_there_is_nothing(hunter: Hunter, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("The secret isn't here: Sx7/qL")
    assert not found(hunter, tmp_path)
    assert (hunter.files, hunter.members) == (1, 0)


def test_members_of_archives_within_archives_are_found(hunter: Hunter, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep.txt", VALUE * 10)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.gz", gzip.compress(inner.getvalue()))
    assert found(hunter, tmp_path) == {f"{tmp_path}/outer.zip: inner.gz: (gzip): deep.txt"}


def test_names_and_links_are_searched(hunter: Hunter, tmp_path: Path) -> None:
    (tmp_path / forms_of(VALUE)["hex"].decode()).mkdir()
    (tmp_path / "link").symlink_to(VALUE.replace("/", "-").encode().hex() + VALUE)
    assert len(found(hunter, tmp_path)) == 2


def test_what_lies_across_two_pieces_of_a_file_is_found(
    hunter: Hunter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "_PIECE", 4096)
    for shift in range(0, len(VALUE) * 2, 7):
        (tmp_path / "file").write_bytes(bytes(4096 - shift) + VALUE.encode() + bytes(9000))
        assert found(hunter, tmp_path)


def test_a_run_that_leaks_is_caught_in_each_place(leaky_world: Any, leak: Callable[..., Any]) -> None:
    def let_go(_told: dict[str, Any], _process: "subprocess.Popen[bytes]", stdin: IO[bytes]) -> None:
        stdin.write(b"go\n")
        stdin.flush()

    ended = leak(let_go)
    assert ended.code < 0
    hits, _ = leaky_world.hunt(ended.watch)
    folder = leaky_world.folder
    caught = {(hit.canary, hit.place, hit.form.partition(", ")[2]) for hit in hits}
    [log] = folder.rglob("lumedesk.log")
    assert ("secret", str(log), "JSON") in caught
    assert ("passphrase", f"{folder / 'exports' / 'bundle.zip'}: settings.txt", "plain") in caught
    assert ("new secret", str(folder / "tmp" / "wide.bin"), "UTF-16 LE") in caught
    assert any(name == "key id" and place.startswith("arguments of python") for name, place, _ in caught)
    assert any(name == "secret" and place.startswith("environment of python") for name, place, _ in caught)
    cores = cores_of(ended.watch.pid, [folder / "work"])
    if not (reason := why_no_core_files()):
        [core] = cores
        assert ("secret", str(core), "plain") in caught
    else:
        assert not cores, reason
