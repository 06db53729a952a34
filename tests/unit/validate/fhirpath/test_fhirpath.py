"""gateway/validate/fhirpath/"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.validate import fhirpath
from gateway.validate.fhirpath import ExpressionError
from gateway.validate.fhirpath.functions import FUNCTIONS
from gateway.validate.fhirpath.functions.function import Function

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"given": ["Ann", None], "_given": [None, {"extension": [{"url": "urn:why", "valueCode": "unknown"}]}]}],
    "_birthDate": {"extension": [{"url": "urn:why", "valueCode": "masked"}]},
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "The clinic"}],
    "managingOrganization": {"reference": "#o"},
}


def found(expression, resource=PATIENT, **more):
    return fhirpath.compile(expression)(resource, **more)


@pytest.mark.parametrize(
    ("left", "operator", "right", "answer"),
    [
        ("true", "and", "{}", []),
        ("{}", "and", "false", [False]),
        ("{}", "or", "true", [True]),
        ("{}", "or", "false", []),
        ("{}", "xor", "true", []),
        ("{}", "implies", "true", [True]),
        ("{}", "implies", "false", []),
        ("false", "implies", "{}", [True]),
    ],
)
def test_what_is_not_known_makes_an_answer_unknown_only_where_it_matters(left, operator, right, answer):
    assert found(f"{left} {operator} {right}") == answer


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("@2020 < @2020-05", []),
        ("@2020-01 < @2020-05-01", [True]),
        ("@2020-01-01T10:00:00Z = @2020-01-01T11:00:00+01:00", [True]),
        ("@2020-01-01T10:00:00Z = @2020-01-01T10:00:00", []),
        ("@2020-01-31 + 1 month = @2020-02-29", [True]),
        ("@2024-02-29 - 1 year = @2023-02-28", [True]),
        ("1 year = 1 'a'", []),
        ("1 year ~ 1 'a'", [True]),
        ("1 week = 7 days", [True]),
        ("1 'kg' > 999 'g'", [True]),
        ("1 'kg' > 1 'm'", []),
    ],
)
def test_what_precision_zone_or_unit_does_not_tell_stays_open(expression, answer):
    assert found(expression) == answer


def test_decimals_are_exact():
    assert found("0.1 + 0.2 = 0.3") == [True]
    assert (
        str(found("value.value", {"resourceType": "Observation", "valueQuantity": {"value": Decimal("72.50")}})[0])
        == "72.50"
    )


def test_a_choice_is_found_by_its_name_without_the_type():
    assert found("multipleBirth") == [2]
    assert found("multipleBirth is integer") == [True]
    assert found("multipleBirth.ofType(boolean)") == []
    assert found("multipleBirthInteger") == []


def test_a_primitive_stands_by_its_extension_alone():
    assert found("birthDate.exists() and birthDate.hasValue().not()") == [True]
    assert found("birthDate.extension('urn:why').value") == ["masked"]
    assert found("name.given.count()") == [2]
    assert found("name.given.extension.value") == ["unknown"]
    assert found("birthDate.extension.exists()") == [True]


def test_the_type_of_system_and_the_type_of_fhir_are_two():
    assert found("active.is(boolean)") == [True]
    assert found("active.is(System.Boolean)") == [False]
    assert found("active is Boolean") == [True]  # as the invariants of questionnaires mean it


def test_a_path_may_begin_with_the_type_of_its_context():
    assert found("Patient.active") == [True]
    assert found("DomainResource.active") == [True]
    assert found("Observation.active") == []


def test_a_strict_expression_refuses_an_element_that_the_type_does_not_have():
    for expression in ("name.first", "Observation.active", "contained.absent.exists()"):
        with pytest.raises(ExpressionError):
            fhirpath.compile(expression, strict=True)(PATIENT)


def test_a_reference_is_resolved_by_whoever_can():
    assert found("managingOrganization.resolve()") == []
    organization = PATIENT["contained"][0]
    assert found("managingOrganization.resolve().name", resolve=lambda reference: organization) == ["The clinic"]


def test_several_types_in_a_search_expression_raise_nothing():
    goal = {"resourceType": "Goal", "target": [{"dueDate": "2026-01-01"}, {"dueDuration": {"value": 1}}]}
    assert found("(Goal.target.due as date)", goal) == ["2026-01-01"]


def test_the_index_and_the_context_of_an_outer_loop_come_back():
    assert found("(10 | 20).select($index + (1 | 2).select($index).last() + $index)") == [1, 3]
    assert found("('a' | 'b').where($this = ('b' | 'c').where($this = 'b').first())") == ["b"]


def test_a_pattern_that_could_run_away_is_not_run():
    for pattern in ("(a+)+$", "(a*)*b", "(x{1,9}){1,9}", "["):
        with pytest.raises(ExpressionError):
            found(f"'aaaa'.matches('{pattern}')")


@pytest.mark.parametrize(
    "expression", ["", "a.", "a b", "(a", "a.unknown()", "a.where()", "1 +", "'a", "@2020-13", "a is Nothing"]
)
def test_what_is_no_expression_is_refused_when_it_is_compiled(expression):
    with pytest.raises(ExpressionError):
        fhirpath.compile(expression)


def test_a_nest_without_end_is_refused():
    for endless in ("(" * 5000 + "1" + ")" * 5000, "a" + ".a" * 5000):
        with pytest.raises(ExpressionError):
            fhirpath.compile(endless)


def test_a_long_chain_of_operators_is_compiled_in_a_time_that_fits_its_length():
    assert found("+".join(["1"] * 150)) == [150]


def test_a_row_of_the_table_says_how_many_arguments_it_takes():
    assert all(isinstance(row, Function) and row.least <= row.most for row in FUNCTIONS.values())


@given(st.text(alphabet="ab1'.()[]{}|+-*/=<>~!&,@T:%$` \\" + "é", max_size=30))
def test_any_text_is_an_expression_or_is_refused_as_one(text):
    try:
        fhirpath.compile(text)(PATIENT)
    except ExpressionError as refused:
        assert str(refused)  # noqa: PT017  (most texts are refused)
