"""gateway/validate/ucum.py"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.core import fhirjson
from gateway.validate.ucum import TABLE, measure

ROWS = fhirjson.read(TABLE.read_bytes())
ATOMS = [*ROWS["base"], *ROWS["units"]]


UNITS = """
mg/dL mm[Hg] 10*3/uL {score} /min mL/min/{1.73_m2} mg/(24.h) m[IU]/mL %{WBC} umol/kg{Hb} B[10.nV] 1 s-2 10^3
"""


@pytest.mark.parametrize("code", UNITS.split())
def test_a_unit_is_read_as_ucum_writes_it(code):
    assert measure(code) is not None


@pytest.mark.parametrize(
    "code", ["", "mgs", "mcg", "mmHg", "mg per day", "mg/", "mg(", "(mg", "mg..d", "k%", "{a", "10*999", "x" * 300]
)
def test_what_is_not_written_so_is_no_unit(code):
    assert measure(code) is None


def test_every_atom_is_a_unit_and_so_is_the_one_that_it_is_made_of():
    made_of = [row[2] for row in ROWS["units"].values() if len(row) > 1]
    assert [one for one in [*ATOMS, *made_of] if measure(one) is None] == []


@pytest.mark.parametrize(
    ("code", "amount", "of"),
    [
        ("[lb_av]", Fraction("453.59237"), {"g": 1}),
        ("mm[Hg]", Fraction(133322), {"g": 1, "m": -1, "s": -2}),
        ("[IU]", 1, {"[iU]": 1}),
        ("Cel", 1, {"Cel": 1}),
        ("mg/d/kg", Fraction(1, 86400 * 10**6), {"s": -1}),
    ],
)
def test_a_unit_is_so_much_of_its_base_units(code, amount, of):
    assert measure(code) == (amount, of)


@given(some.sampled_from(ATOMS), some.sampled_from(ATOMS))
def test_a_quotient_undoes_a_product(one, other):
    assert measure(f"({one}.{other})/{other}") == measure(one)


@given(some.text(max_size=30))
def test_no_text_makes_it_raise(text):
    measure(text)
