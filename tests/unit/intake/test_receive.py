"""gateway/intake/receive.py"""

from dataclasses import replace

import pytest

from gateway.core.errors import IntakeError, KeyReusedError, TooLargeError
from gateway.intake.receive import Arrival, receive
from gateway.parse import xdm
from gateway.store import submissions


@pytest.fixture
def send(here, riverbend):
    def one(body, **said):
        return receive(here, Arrival(body, **said), clinic="riverbend-clinic", agent="key")

    return one


@pytest.fixture
def kept(here):
    return lambda receipt: here.store.read(lambda c: submissions.find(c, receipt.id, None))


def test_what_was_sent_is_kept_byte_for_byte(here, send):
    body = bytes(range(256)) * 4
    receipt = send(body)
    assert here.store.read(lambda c: submissions.original(c, receipt.id, "riverbend-clinic"))[0] == body


def test_the_same_bytes_get_the_same_receipt(send):
    assert send(b"MSH|", idempotency_key="a") == send(b"MSH|", idempotency_key="b") == send(b"MSH|")


def test_a_key_used_before_with_other_bytes_is_refused(send):
    send(b"first", idempotency_key="k-1")
    with pytest.raises(KeyReusedError):
        send(b"second", idempotency_key="k-1")


@pytest.mark.parametrize("key", ["", " ", "a b", "a\r\nSet-Cookie: x", "é", "\x1b[31m", "k" * 256])
def test_a_key_that_could_be_a_trick_is_refused(send, key):
    with pytest.raises(IntakeError) as refused:
        send(b"MSH|", idempotency_key=key)
    assert refused.value.place == "Idempotency-Key"


def test_nothing_is_no_submission_and_too_much_is_none_either(send, settings):
    with pytest.raises(IntakeError):
        send(b"")
    with pytest.raises(TooLargeError):
        send(b"x" * (settings.max_body + 1))
    assert send(b"x" * settings.max_body).size == settings.max_body


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\clerk\\Marta.hl7", "Marta.hl7"),
        ("a\x00b\r\n\x1b[2Jc.xml", "ab[2Jc.xml"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("n" * 5000, "n" * 255),
        ("", None),
        ("..//", None),
        (None, None),
    ],
)
def test_of_a_file_name_only_what_can_be_shown_is_kept(send, kept, said, shown):
    assert kept(send(b"MSH|", file_name=said)).file_name == shown


@pytest.mark.parametrize(
    ("said", "kept_as"),
    [
        ("Text/XML; charset=utf-8", "text/xml"),
        ("application/fhir+json", "application/fhir+json"),
        ("text/html\r\nX: y", None),
        ("nonsense", None),
        ("a/" + "b" * 900, None),
    ],
)
def test_of_a_media_type_only_a_media_type_is_kept(send, kept, said, kept_as):
    assert kept(send(b"MSH|", media_type=said)).media_type == kept_as


def test_a_package_of_twenty_megabytes_is_taken_and_one_byte_more_is_refused(here, riverbend):
    roomy = replace(here, settings=replace(here.settings, max_body=2 * xdm.MAX_BYTES))
    body = b"PK\x03\x04" + bytes(xdm.MAX_BYTES - 4)
    assert receive(roomy, Arrival(body), clinic="riverbend-clinic", agent="key").size == xdm.MAX_BYTES
    with pytest.raises(TooLargeError):
        receive(roomy, Arrival(body + b"\0"), clinic="riverbend-clinic", agent="key")
