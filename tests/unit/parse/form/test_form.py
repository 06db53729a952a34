"""gateway/parse/form"""

import json
from pathlib import Path

import pytest

from gateway.core.errors import MalformedMessageError, UnsafeJsonError, UnsupportedFormatError
from gateway.parse import form


def test_a_filled_form_is_one_record():
    (record,) = form.parse(Path("tests/fixtures/form/referral.json").read_bytes())
    assert record.kind == "form:second-opinion-referral"
    assert record.root.at("medicines.medicine")[1].at("name")[0].peek == "Ondansetron 8 mg"
    assert record.root.at("question.pathology_review")[0].peek == "true"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"form": "tax-return", "version": 1}, UnsupportedFormatError),
        ({"form": "second-opinion-referral", "version": 2}, UnsupportedFormatError),
        ({"form": ["second-opinion-referral"], "version": 1}, UnsupportedFormatError),
        (["form"], MalformedMessageError),
    ],
)
def test_a_form_that_we_do_not_have_is_refused(sent, error):
    with pytest.raises(error):
        form.parse(json.dumps(sent).encode())


def test_a_repeated_answer_is_refused():
    with pytest.raises(UnsafeJsonError):
        form.parse(b'{"form": "second-opinion-referral", "version": 1, "version": 1}')
