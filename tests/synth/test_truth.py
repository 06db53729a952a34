"""One truth, many carriers: the same patient, drugs and plan come back from each, its declared losses aside."""

import json

import pytest

from gateway import convert
from tests.synth.truth import carriers, truth, written
from tests.synth.view import expected, seen

CASES = 500


@pytest.mark.parametrize("carrier", carriers(), ids=lambda carrier: carrier.name)
def test_every_case_comes_back_from_every_carrier(carrier):
    for number in range(CASES):
        case = truth(number)
        outcome = convert(written(case, carrier))
        assert outcome.error is None, number
        assert seen([entry["resource"] for entry in outcome.bundle["entry"]], carrier) == expected(case, carrier), (
            number
        )


def test_a_truth_is_the_same_whenever_it_is_told():
    assert json.dumps(truth(7)) == json.dumps(truth(7)) != json.dumps(truth(15))
    assert {truth(number)["group"] for number in range(8)} == {truth(number)["group"] for number in range(CASES)}
