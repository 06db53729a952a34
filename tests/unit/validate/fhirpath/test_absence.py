"""gateway/validate/fhirpath/absence.py"""

import pytest

from gateway.validate.fhirpath import unbroken


@pytest.mark.parametrize(
    ("expression", "type_name", "groups"),
    [
        ("offset.empty() or when.exists()", "Timing.repeat", [["_offset", "offset"]]),
        ("duration.exists() implies duration >= 0", "Timing.repeat", [["_duration", "duration"]]),
        ("(when in ('C' | 'CM')).not()", "Timing.repeat", [["_when", "when"]]),
        ("contact.all(name.exists())", "Patient", [["_contact", "contact"]]),
        ("birthDate.empty() and gender.empty()", "Patient", [["_birthDate", "_gender", "birthDate", "gender"]]),
        ("fullUrl.contains('x').not()", "Bundle.entry", [["_fullUrl", "fullUrl"]]),
        ("value.empty()", "UsageContext", []),
        ("name.exists() implies %resource.contact.exists()", "Patient", [["_name", "name"]]),
        ("contact.where(name = %resource.name).empty()", "Patient", [["_contact", "contact"]]),
    ],
)  # fmt: skip
def test_absent_elements_tell_that_a_rule_is_not_broken(expression, type_name, groups):
    assert [sorted(one) for one in unbroken(expression, type_name)] == groups


@pytest.mark.parametrize(
    "expression",
    [
        "name.exists()",
        "name.exists() or telecom.exists()",
        "children().empty()",
        "$this is Patient",
        "Patient.name.empty()",
        "iif(name.empty(), true, false)",
        "name.first() = %context.name.first() and name.exists()",
        "(name | %resource.name).empty()",
        "name.single().resolve().empty() and today() > @2020",
    ],
)
def test_what_looks_further_than_at_elements_is_always_asked(expression):
    assert unbroken(expression, "Patient") == []


def test_an_element_that_must_be_there_is_not_waited_for():
    assert unbroken("type != 'display' or code.empty()", "Questionnaire.item") == [frozenset({"code", "_code"})]
