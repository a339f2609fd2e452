"""Profiles as files: what each is, its free name, and how one goes and comes back with everything of it."""

from pathlib import Path

import pytest

from lumedesk.domain.profiles import Colour, Listed, Profile, ProfileKind
from lumedesk.store.chain import ChainBroken, ChainedLog
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.profiles import (
    BadProfile,
    free_name,
    last_opened,
    list_profiles,
    note_opened,
    read_profile,
    restore,
    retire,
    retired,
    wipe,
    write_profile,
)
from tests.support.keys import STORE_KEY

FULL = Profile(
    "mine",
    ProfileKind.STAGING,
    "Group treasury",
    "https://api.example.com",
    "http://proxy:8080",
    "/etc/ca.pem",
    Colour.GREY,
    is_view_only=True,
    id="0123456789abcdef",
)


def made(data_dir: Path, profile: Profile = FULL) -> ProfilePaths:
    paths = profile_paths(data_dir, profile.name)
    make_private_folder(paths.folder)
    write_profile(paths, profile)
    return paths


def with_records(data_dir: Path) -> ProfilePaths:
    paths = made(data_dir)
    log = ChainedLog(paths.journal, paths.head_of(paths.journal), STORE_KEY)
    log.append("2026-01-01", "u1", "armed", b"{}")
    log.close()
    return paths


def test_a_profile_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_profile(made(tmp_path)) == FULL


def test_one_that_nobody_made_is_none(tmp_path: Path) -> None:
    assert read_profile(profile_paths(tmp_path, "mine")) is None


def test_records_without_a_description_are_no_profile(tmp_path: Path) -> None:
    paths = with_records(tmp_path)
    paths.marker.unlink()
    with pytest.raises(BadProfile, match="holds records"):
        read_profile(paths)


def test_a_sandbox_of_an_older_desk_is_known(tmp_path: Path) -> None:
    paths = made(tmp_path, Profile("sandbox", ProfileKind.SANDBOX))
    paths.marker.write_text('{"kind": "sandbox"}')
    known = read_profile(paths)
    assert known is not None
    assert (known.kind, known.title, known.colour) == (ProfileKind.SANDBOX, "Sandbox", Colour.GREEN)


@pytest.mark.parametrize(
    "marker",
    [
        '{"kind": "production", "id": "x"}',
        '{"kind": "production", "base_url": "https://x"}',
        '{"kind": "vault", "id": "x", "base_url": "https://x"}',
        '{"kind": "custom", "id": 5, "base_url": "https://x"}',
        '{"kind": "custom", "id": "x", "base_url": "https://x", "view_only": "no"}',
        '{"kind": "custom", "id": "x", "base_url": "https://x", "colour": "pink"}',
        '{"kind": ["custom"]}',
        "null",
        "",
    ],
)
def test_what_is_not_a_profile_is_listed_with_its_problem(tmp_path: Path, marker: str) -> None:
    paths = made(tmp_path)
    made(tmp_path, Profile("other", ProfileKind.SANDBOX))
    paths.marker.write_text(marker)
    if marker == "null":
        assert [each.name for each in list_profiles(tmp_path)] == ["other"], "nothing was made there yet"
        return
    with pytest.raises(BadProfile):
        read_profile(paths)
    first, second = list_profiles(tmp_path)
    assert (first.name, first.profile) == ("mine", None)
    assert "profile.json" in first.problem
    assert isinstance(second, Listed)
    assert second.profile is not None


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Group treasury", "group-treasury"),
        ("  Müller & Söhne  ", "m-ller-s-hne"),
        ("日本", "profile"),
        ("mine", "mine-2"),
        ("CON", "con-2"),
        ("../../etc", "etc"),
        ("x" * 200, "x" * 32),
    ],
)
def test_a_free_name_is_a_folders_name_and_nobodys(tmp_path: Path, wanted: str, name: str) -> None:
    made(tmp_path)
    assert free_name(tmp_path, wanted) == name


def test_the_last_one_opened_is_remembered(tmp_path: Path) -> None:
    assert last_opened(tmp_path) is None
    note_opened(tmp_path, "mine")
    assert last_opened(tmp_path) == "mine"
    (tmp_path / "desk.json").write_text("nonsense")
    assert last_opened(tmp_path) is None


def test_wiping_leaves_nothing_of_it_and_all_of_the_others(tmp_path: Path) -> None:
    paths = with_records(tmp_path)
    other = made(tmp_path, Profile("other", ProfileKind.SANDBOX))
    assert paths.head_of(paths.journal).exists()
    wipe(paths)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {other.marker}


def test_a_retired_profile_comes_back_with_its_journal_whole(tmp_path: Path) -> None:
    paths = with_records(tmp_path)
    place = retire(paths)
    assert place.parent.name == "removed"
    assert list_profiles(tmp_path) == ()
    assert retired(tmp_path) == ("mine",)
    # A new one may take the name meanwhile; then the old one doesn't come back over it.
    made(tmp_path)
    with pytest.raises(FileExistsError):
        restore(tmp_path, "mine")
    assert retire(profile_paths(tmp_path, "mine")).name == "mine-2"
    back = restore(tmp_path, "mine")
    assert read_profile(back) == FULL
    log = ChainedLog(back.journal, back.head_of(back.journal), STORE_KEY)
    assert [entry.subject for entry in log.entries] == ["u1"]
    log.close()


def test_a_journal_that_was_emptied_while_it_was_retired_is_noticed(tmp_path: Path) -> None:
    place = retire(with_records(tmp_path))
    (place / "journal.sqlite").write_bytes(b"")
    back = restore(tmp_path, "mine")
    with pytest.raises(ChainBroken):
        ChainedLog(back.journal, back.head_of(back.journal), STORE_KEY)
