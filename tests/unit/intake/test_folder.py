"""gateway/intake/folder.py"""

import threading

import pytest

from gateway.core import fhirjson
from gateway.core.errors import StoreError
from gateway.intake import folder as room
from gateway.intake.folder import Folder, Taken, watch
from gateway.store import submissions

CLINIC = "riverbend-clinic"


@pytest.fixture
def drop(tmp_path, riverbend):
    place = tmp_path / "drop" / CLINIC
    place.mkdir(parents=True)
    return place


@pytest.fixture
def folder(here, drop):
    return Folder(here, drop.parent)


def all_kept(here):
    found = here.store.read(lambda c: submissions.listing(c, clinic=CLINIC))
    return [here.store.read(lambda c, id=one.id: submissions.original(c, id, CLINIC)[0]) for one in found]


def names(place):
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_a_file_is_taken_at_the_second_look_and_moves_to_done(here, folder, drop):
    (drop / "a.hl7").write_bytes(b"MSH|one")
    assert folder.look() == []
    assert [taken.clinic for taken in folder.look()] == [CLINIC]
    assert all_kept(here) == [b"MSH|one"]
    assert (names(drop), names(drop / "done")) == (["done"], ["a.hl7"])


def test_a_file_that_still_grows_is_left(here, folder, drop):
    for part in (b"MSH|", b"MSH|one", b"MSH|one\rPID|"):
        (drop / "a.hl7").write_bytes(part)
        assert folder.look() == []
    folder.look()
    assert all_kept(here) == [b"MSH|one\rPID|"]


def test_a_file_is_taken_at_once_when_its_part_was_seen(here, folder, drop):
    (drop / "a.hl7.part").write_bytes(b"MSH|")
    for _ in range(3):
        assert folder.look() == []
    (drop / "a.hl7.part").rename(drop / "a.hl7")
    assert len(folder.look()) == 1
    assert all_kept(here) == [b"MSH|"]


def test_a_crash_after_the_commit_makes_no_double(here, folder, drop, monkeypatch):
    (drop / "a.hl7").write_bytes(b"MSH|one")
    folder.look()
    with monkeypatch.context() as patched:
        patched.setattr(room, "_free", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            folder.look()
    assert names(drop) == ["a.hl7", "done"] or names(drop) == ["a.hl7"]
    again = Folder(here, drop.parent)
    again.look()
    again.look()
    assert all_kept(here) == [b"MSH|one"]
    assert names(drop / "done") == ["a.hl7"]


def test_what_cannot_be_taken_is_put_aside_with_its_reason(folder, drop, settings):
    (drop / "empty.hl7").write_bytes(b"")
    (drop / "huge.xml").write_bytes(b"x" * (settings.max_body + 1))
    folder.look()
    assert folder.look() == [Taken(CLINIC, refused="intake"), Taken(CLINIC, refused="too-large")]
    assert names(drop / "refused") == ["empty.hl7", "empty.hl7.reason.json", "huge.xml", "huge.xml.reason.json"]
    reason = fhirjson.read((drop / "refused" / "huge.xml.reason.json").read_bytes())
    assert reason["issue"][0]["code"] == "too-long"


def test_a_store_that_is_down_leaves_the_file_for_the_next_look(here, folder, drop, monkeypatch):
    (drop / "a.hl7").write_bytes(b"MSH|one")
    folder.look()

    def down(*_, **__):
        raise StoreError

    with monkeypatch.context() as patched:
        patched.setattr(room, "receive", down)
        assert folder.look() == []
    assert names(drop) == ["a.hl7"]
    assert len(folder.look()) == 1


def test_files_of_one_name_are_all_kept_in_done(here, folder, drop):
    for body in (b"one", b"two", b"three"):
        (drop / "a.hl7").write_bytes(body)
        folder.look()
        folder.look()
    assert names(drop / "done") == ["a-2.hl7", "a-3.hl7", "a.hl7"]
    assert len(all_kept(here)) == 3


def test_links_folders_hidden_files_and_strangers_are_left(here, folder, drop, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (drop / "link").symlink_to(tmp_path / "secret")
    (drop / ".hidden").write_bytes(b"x")
    (drop / "sub").mkdir()
    (drop.parent / "nobody").mkdir()
    (drop.parent / "nobody" / "a.hl7").write_bytes(b"x")
    for _ in range(2):
        assert folder.look() == []
    assert all_kept(here) == []


def test_a_folder_may_belong_to_one_clinic(here, drop):
    single = Folder(here, drop, CLINIC)
    (drop / "a.hl7").write_bytes(b"MSH|")
    single.look()
    assert len(single.look()) == 1


def test_watching_ends_when_told(folder, drop):
    (drop / "a.hl7").write_bytes(b"MSH|")
    stop, found = threading.Event(), []
    for taken in watch(folder, stop, every=0.01):
        found.append(taken)
        stop.set()
    assert len(found) == 1
