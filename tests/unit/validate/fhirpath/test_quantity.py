"""gateway/validate/fhirpath/quantity.py"""

from decimal import Decimal

import pytest

from gateway.validate.fhirpath.quantity import Quantity, alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1", "g"), ("1000", "mg")),
        (("1", "L"), ("1000", "mL")),
        (("1", "dl"), ("100", "cm3")),
        (("1", "mg/d"), ("1", "mg/24/h")),
        (("1", "mg/h"), ("24", "mg/d")),
        (("1", "wk"), ("10080", "min")),
        (("12", "mo"), ("1", "a")),
        (("1", "[ft_i]"), ("30.48", "cm")),
        (("1", "[lb_av]"), ("453.59237", "g")),
        (("16", "[oz_av]"), ("1", "[lb_av]")),
        (("50", "%"), ("0.5", "1")),
    ],
)
def test_amounts_in_different_units_are_compared_as_ucum_defines_them(one, other):
    left, right = (Quantity(Decimal(value), unit) for value, unit in (one, other))
    pair = alike(left, right)
    assert pair is not None
    assert pair[0] == pair[1]


@pytest.mark.parametrize(
    "units", [("mg", "mL"), ("mg", "[iU]"), ("{tablet}", "mg"), ("m", "m2"), ("mg", "mg/kg"), ("mg/d", "mg/24.h")]
)
def test_amounts_of_different_kinds_have_no_unit_in_common(units):
    assert alike(*(Quantity(Decimal(1), unit) for unit in units)) is None
