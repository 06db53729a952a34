"""gateway/core/fhirjson.py"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.core import fhirjson
from gateway.core.errors import UnsafeJsonError


@pytest.mark.parametrize("sent", [b'{"v":1.50}', b'{"v":0.010}', b'{"v":12345678901234567890.123456789}', b'{"v":1}'])
def test_a_decimal_goes_out_as_it_came_in(sent):
    assert fhirjson.write(fhirjson.read(sent)) == sent


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e400000}', b'{"a":"\\u0000"}',
        b'\xff{"a":1}', b'{"a\\b":1}', b'["\\f"]', b'["\x01"]', b'["\\u001F"]', b'[1E-4000]',
        b'{"a":"\\ud800"}', b"[" * 65 + b"]" * 65, b'{"a":' + b"9" * 5000 + b"}", b'\xef\xbb\xbf{"a":1}',
    ],
)  # fmt: skip
def test_what_is_not_strict_is_refused_without_being_repeated(sent):
    with pytest.raises(UnsafeJsonError) as refused:
        fhirjson.read(sent)
    assert str(refused.value) == UnsafeJsonError.__doc__


@pytest.mark.parametrize(
    "sent", [b"[" * 64 + b"]" * 64, b'["a\\\\b\\n\\t"]', b'["' + b"1" * 80 + b'"]', b'["e41e4000"]']
)
def test_what_only_looks_unsafe_is_read(sent):
    assert fhirjson.write(fhirjson.read(sent)) == sent


@given(some.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_any_decimal_survives(number):
    assert fhirjson.read(fhirjson.write({"v": number})) == {"v": number}
    assert isinstance(fhirjson.read(b'{"v":2.0}')["v"], Decimal)
