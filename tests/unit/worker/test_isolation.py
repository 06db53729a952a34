"""gateway/worker/isolation.py"""

import os
import signal
from functools import partial

import pytest

from gateway.core.errors import MappingTableError
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.worker import isolation
from gateway.worker.isolation import ConversionCrashError, Isolated

MEBIBYTE = 1024 * 1024


def convert(body, *, media_type=None, sender=None, received=None, apart=None):
    """Bodies that do what hostile ones have done to parsers elsewhere."""
    if body == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if body == b"bloat":
        bytearray(4096 * MEBIBYTE)
    if body == b"raise":
        raise ZeroDivisionError
    while body == b"hang":
        pass
    return Outcome(f"kind:{sender.clinic}", {"resourceType": "Bundle", "id": body.decode()}, (), ())


@pytest.fixture(scope="module")
def isolated():
    made = Isolated(convert, seconds=5)
    yield made
    made.close()


def test_what_comes_back_is_what_the_corridor_said(isolated):
    outcome = isolated(b"fine", sender=Sender(clinic="a"))
    assert (outcome.kind, outcome.bundle["id"]) == ("kind:a", "fine")


@pytest.mark.parametrize("body", [b"die", b"bloat", b"raise"])
def test_what_kills_or_bloats_the_corridor_harms_one_submission(isolated, body):
    with pytest.raises(ConversionCrashError):
        isolated(body)
    assert isolated(b"next").bundle["id"] == "next"


def test_what_never_ends_is_ended():
    made = Isolated(convert, seconds=0.2)
    with pytest.raises(ConversionCrashError):
        made(b"hang")
    made.close()


def test_a_large_submission_may_take_longer_than_a_small_one():
    assert isolation.patience(0) == isolation.SECONDS
    assert isolation.patience(27 * MEBIBYTE) > 5 * 31.6  # what a dense document of that size takes
    assert isolation.patience(4096 * MEBIBYTE) == isolation.LONGEST


def test_a_corridor_that_is_warm_has_its_child_before_the_first_submission(standing):
    isolated, _ = standing
    isolated.warm()
    ready = isolated._child
    assert isolated(b"").kind == "first"
    assert isolated._child is ready


def test_a_corridor_that_cannot_be_made_warm_is_tried_again(standing):
    isolated, file = standing
    file.write_text("wrong")
    isolated.warm()
    file.write_text("first")
    assert isolated(b"").kind == "first"


def read(file, body, *, media_type=None, sender=None, received=None, apart=None):
    """A corridor that stands on a file, which it reads once."""
    KEPT.setdefault("words", file.read_text())
    return Outcome(KEPT["words"], None, (), ())


def check(file):
    KEPT["words"] = file.read_text()
    if KEPT["words"] == "wrong":
        raise MappingTableError(file.name, 3, "it is wrong")


KEPT = {}


@pytest.fixture
def standing(tmp_path, monkeypatch):
    monkeypatch.setattr(isolation, "_LOOKED", 0.0)
    file = tmp_path / "table.yaml"
    file.write_text("first")
    made = Isolated(partial(read, file), prepare=partial(check, file), look=file.read_text)
    yield made, file
    made.close()


def test_a_table_that_is_mended_holds_from_the_next_submission_on(standing):
    isolated, file = standing
    assert isolated(b"").kind == "first"
    file.write_text("second")
    assert isolated(b"").kind == "second"


def test_a_table_that_is_wrong_changes_nothing_until_it_is_mended(standing, capsys):
    isolated, file = standing
    assert isolated(b"").kind == "first"
    file.write_text("wrong")
    assert isolated(b"").kind == "first"
    assert isolated(b"").kind == "first"
    assert capsys.readouterr().out.count("table.yaml:3") == 1  # told once, with its place
    file.write_text("second")
    assert isolated(b"").kind == "second"


def test_with_a_wrong_table_and_no_child_nothing_is_converted(tmp_path):
    file = tmp_path / "table.yaml"
    file.write_text("wrong")
    made = Isolated(partial(read, file), prepare=partial(check, file))
    with pytest.raises(ConversionCrashError):
        made(b"")
    made.close()
