"""gateway/worker/isolation.py"""

import os
import signal

import pytest

from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.worker.isolation import ConversionCrashError, Isolated

MEBIBYTE = 1024 * 1024


def convert(body, *, media_type=None, sender=None, received=None):
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
