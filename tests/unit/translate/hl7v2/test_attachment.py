"""gateway/translate/hl7v2/attachment.py"""

import hashlib
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.converter import NotConvertedError
from gateway.translate.hl7v2.attachment import _checked

PDF = b"%PDF-1.4\n"


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (f"^application^pdf^Base64^{b64encode(PDF).decode()}", PDF),
        (f"^application^pdf^Base64^{b64encode(PDF[:6]).decode()}\\.br\\{b64encode(PDF[6:]).decode()}", PDF),
        (f"^application^pdf^Base64^ {b64encode(PDF[:6]).decode()} {b64encode(PDF[6:]).decode()} ", PDF),
        (f"^application^pdf^Hex^{PDF.hex()}", PDF),
        ("^text^plain^A^a\\T\\b", b"a&b"),
    ],
)
def test_a_document_is_its_bytes_however_they_were_written(bench, sent, body):
    made = bench.convert("attachment", sent)
    assert b64decode(made["data"]) == body
    assert made["size"] == len(body)
    assert b64decode(made["hash"]) == hashlib.sha1(body, usedforsecurity=False).digest()
    assert bench.unread == []


@pytest.mark.parametrize("sent", ["JVBE=i0=", "JVBEi", "JV$Ei0", "====", "JVBE\\Q\\"])
def test_what_is_no_base64_is_refused(bench, sent):
    with pytest.raises(NotConvertedError):
        bench.convert("attachment", f"^application^pdf^Base64^{sent}")


@given(st.integers(1, 200_000))
def test_base64_of_any_length_is_kept_as_sent(length):
    body = bytes(range(256)) * (length // 256) + bytes(length % 256)
    sent = b64encode(body).decode()
    assert _checked(sent) == {
        "data": sent,
        "size": length,
        "hash": b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode(),
    }
