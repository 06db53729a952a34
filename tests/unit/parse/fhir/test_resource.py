"""gateway/parse/fhir/resource.py"""

import json

import pytest

from gateway.core.errors import MalformedMessageError, TooLargeError, UnsafeJsonError, UnsupportedFormatError
from gateway.parse import fhir


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"resourceType": "Patient"}, "fhir:Patient"),
        ({"resourceType": "Bundle", "type": "transaction"}, "fhir:Bundle/transaction"),
        ({"resourceType": "Bundle", "type": "my secret"}, "fhir:Bundle"),
    ],
)
def test_the_kind_is_one_of_ours_and_never_a_word_of_the_sender(sent, kind):
    assert fhir.parse(json.dumps(sent).encode())[0].kind == kind


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"[]", MalformedMessageError),
        (b'{"resourceType": {"a": 1}}', UnsupportedFormatError),
        (b'{"resourceType": "Chart"}', UnsupportedFormatError),
        (b'{"resourceType": "DomainResource"}', UnsupportedFormatError),
        (b'{"resourceType": "Bundle", "entry": {}}', MalformedMessageError),
        (b'{"resourceType": "Bundle", "entry": [7]}', MalformedMessageError),
        (b'{"resourceType": "Bundle", "entry": [' + b",".join([b"{}"] * 501) + b"]}", TooLargeError),
        (b'{"resourceType": "Patient", "gender": "female", "gender": "male"}', UnsafeJsonError),
        (b'{"resourceType": "Patient", "x": NaN}', UnsafeJsonError),
        (b'{"resourceType": "Patient"', UnsafeJsonError),
    ],
)
def test_what_is_no_resource_is_refused(sent, error):
    with pytest.raises(error):
        fhir.parse(sent)


def test_each_value_is_a_leaf_with_its_json_pointer():
    sent = {"resourceType": "Patient", "active": True, "name": [{"given": ["Ada", None, " "]}], "a/b": {"~": 1.5}}
    record = fhir.parse(json.dumps(sent).encode())[0]
    assert {key: record.value(key) for key, *_ in record.leaves()} == {
        "/resourceType": "Patient",
        "/active": "true",
        "/name/0/given/0": "Ada",
        "/a~1b/~0": "1.5",
    }
