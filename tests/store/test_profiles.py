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


def with_records(data_dir: Path, profile: Profile = FULL, subject: str = "u1") -> ProfilePaths:
    paths = made(data_dir, profile)
    for record in (paths.journal, paths.audit):
        log = ChainedLog(record, paths.head_of(record), STORE_KEY)
        log.append("2026-01-01", subject, "armed", b"{}")
        log.close()
    return paths


def subjects(paths: ProfilePaths) -> list[list[str]]:
    """What both records tell, once they were checked against their heads."""
    found = []
    for record in (paths.journal, paths.audit):
        log = ChainedLog(record, paths.head_of(record), STORE_KEY)
        found.append([entry.subject for entry in log.entries])
        log.close()
    return found


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
    assert subjects(back) == [["u1"], ["u1"]]
    assert {path.name for path in back.folder.iterdir()} == {"profile.json", "journal.sqlite", "audit.sqlite"}


def test_a_journal_that_was_emptied_while_it_was_retired_is_noticed(tmp_path: Path) -> None:
    place = retire(with_records(tmp_path))
    (place / "journal.sqlite").write_bytes(b"")
    back = restore(tmp_path, "mine")
    with pytest.raises(ChainBroken):
        ChainedLog(back.journal, back.head_of(back.journal), STORE_KEY)


def test_two_retired_profiles_of_one_name_each_come_back_with_their_own_heads(tmp_path: Path) -> None:
    long = "x" * 40
    places = [
        retire(with_records(tmp_path, Profile(long, ProfileKind.SANDBOX), who)).name for who in ("first", "second")
    ]
    assert places[0] == long
    assert not list((tmp_path / "heads").iterdir()), "nobody's head is left for a new profile of that name"
    with_records(tmp_path, Profile(long, ProfileKind.SANDBOX), "new")
    second = restore(tmp_path, places[1])
    assert subjects(second) == [["second"], ["second"]]
    assert subjects(profile_paths(tmp_path, long)) == [["new"], ["new"]]
    # Retired once more under the name that it has now, it tells the heads that are older from those it had last.
    log = ChainedLog(second.journal, second.head_of(second.journal), STORE_KEY)
    log.append("2026-01-02", "later", "armed", b"{}")
    log.close()
    assert subjects(restore(tmp_path, retire(second).name)) == [["second", "later"], ["second"]]


def test_a_record_that_was_set_back_while_it_was_retired_is_noticed_under_another_name_too(tmp_path: Path) -> None:
    retire(with_records(tmp_path))
    paths = with_records(tmp_path)
    older = paths.journal.read_bytes()
    log = ChainedLog(paths.journal, paths.head_of(paths.journal), STORE_KEY)
    log.append("2026-01-02", "later", "armed", b"{}")
    log.close()
    place = retire(paths)
    (place / "journal.sqlite").write_bytes(older)
    with pytest.raises(ChainBroken, match="older than it was"):
        subjects(restore(tmp_path, place.name))


def test_a_head_that_was_lost_before_is_not_made_up_by_an_older_copy(tmp_path: Path) -> None:
    paths = with_records(tmp_path)
    head = paths.head_of(paths.journal)
    (paths.folder / head.name).write_bytes(head.read_bytes())
    head.unlink()
    place = retire(paths)
    with pytest.raises(ChainBroken, match="gone or damaged"):
        subjects(restore(tmp_path, place.name))
