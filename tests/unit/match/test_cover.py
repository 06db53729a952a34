"""gateway/match/cover.py"""

import pytest

from gateway.match import agree

NUMBER = {"system": "urn:oid:2.16.840.1.113883.19.77.1", "value": "BR-1187"}


def patient(family="Brackwater", given="Lorenz", born="1958-06-14", number=None):
    said = {"resourceType": "Patient", "name": [{"family": family, "given": [given]}] if family else []}
    return said | ({"birthDate": born} if born else {}) | ({"identifier": [number]} if number else {})


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (patient(), True),
        (patient(born="1958"), True),
        (patient(given="LORENZ", family="BRACKWATER"), True),
        (patient(born="1958-06-15"), False),
        (patient(given="Lena"), False),
        (patient(family="Millstone"), False),
        (patient(family="Brackwaters"), False),
        (patient(born=""), False),
        (patient(family=""), False),
    ],
)
def test_without_a_common_number_name_and_birth_date_must_be_told_and_equal(other, same):
    assert agree(patient(), other) is same


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (patient(family="", born="", number=NUMBER), True),
        (patient(family="Brackwaters", number=NUMBER), True),
        (patient(given="Lena", number=NUMBER), False),
        (patient(born="1961-06-14", number=NUMBER), False),
    ],
)
def test_a_common_number_forgives_a_slip_in_the_name_and_nothing_else(other, same):
    assert agree(patient(number=NUMBER), other) is same
