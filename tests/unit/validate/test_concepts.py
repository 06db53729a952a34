"""gateway/validate/concepts.py, datatypes.py and bindings.py"""

import pytest

from gateway.validate.definitions import Library, core_plan
from gateway.validate.judge import Judge

SNOMED = "http://snomed.info/sct"
SYSTEM = {
    "resourceType": "CodeSystem",
    "url": "https://a.example/CodeSystem/c",
    "content": "complete",
    "property": [{"code": "big", "type": "boolean"}, {"code": "kin", "type": "Coding"}],
    "concept": [{"code": "a"}, {"code": "b"}],
}
C = SYSTEM["url"]


def issues(resource, *definitions, strict=True):
    found = Judge(Library([SYSTEM, *definitions], core_plan())).judge(resource, strict=strict)
    return {(one.severity.value, one.rule, one.path) for one in found}


def value_set(**include):
    return {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}


def filter_of(property, op, value, system=C):
    return value_set(system=system, filter=[{"property": property, "op": op, "value": value}])


WHERE = "ValueSet.compose.include[0]"


@pytest.mark.parametrize(
    ("sound", "broken", "rule", "path"),
    [
        (
            value_set(system=C, concept=[{"code": "a"}]),
            value_set(system=C, concept=[{"code": "a"}, {"code": "z"}]),
            "value-set.concept",
            f"{WHERE}.concept[1]",
        ),
        (
            value_set(system=SNOMED, concept=[{"code": "254837009"}]),
            value_set(system=SNOMED, concept=[{"code": "1"}]),
            "value-set.concept",
            f"{WHERE}.concept[0]",
        ),
        (
            filter_of("concept", "is-a", "a"),
            filter_of("concept", "is-a", "z"),
            "value-set.filter",
            f"{WHERE}.filter[0]",
        ),
        (filter_of("big", "=", "true"), filter_of("big", "=", "1"), "value-set.filter", f"{WHERE}.filter[0]"),
        (filter_of("kin", "=", f"{C}#a"), filter_of("kin", "=", f"{C}#z"), "value-set.filter", f"{WHERE}.filter[0]"),
        (value_set(system=C), value_set(system="#c"), "value-set.contained", WHERE),
    ],
)
def test_a_value_set_names_codes_that_its_systems_have(sound, broken, rule, path):
    assert ("error", rule, path) in issues(broken)
    assert not [one for one in issues(sound) if one[0] == "error"]


def test_a_concept_map_starts_from_codes_of_its_source():
    source = {**value_set(system=C, concept=[{"code": "a"}]), "url": "https://a.example/ValueSet/v"}
    target = {"code": "x", "equivalence": "equal"}
    elements = [{"code": code, "target": [target]} for code in "abz"]
    group = {"source": C, "target": "urn:t", "element": elements}
    concept_map = {"resourceType": "ConceptMap", "status": "draft", "sourceCanonical": source["url"], "group": [group]}
    assert {one for one in issues(concept_map, source) if one[0] == "error"} == {
        ("error", "concept-map.value-set", "ConceptMap.group[0].element[1].code"),
        ("error", "concept-map.code", "ConceptMap.group[0].element[2].code"),
    }


@pytest.mark.parametrize(
    ("coding", "rule", "element"),
    [
        ({"system": "local", "code": "a"}, "extra.system", "system"),
        ({"system": C, "code": "z"}, "extra.code", "code"),
    ],
)
def test_a_coding_that_cannot_be_is_an_error_to_the_validator_and_a_warning_at_the_door(coding, rule, element):
    basic = {"resourceType": "Basic", "code": {"coding": [coding]}}
    path = f"Basic.code.coding[0].{element}"
    assert ("error", rule, path) in issues(basic)
    assert ("warning", rule, path) in issues(basic, strict=False)


def test_a_code_of_a_system_that_grows_is_a_warning():
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NEWER"}
    basic = {"resourceType": "Basic", "code": {"coding": [coding]}}
    assert issues(basic) == {("warning", "extra.code", "Basic.code.coding[0].code")}


def test_an_attachment_has_the_size_that_it_says():
    media = {
        "resourceType": "Media",
        "status": "completed",
        "content": {"contentType": "text/plain", "data": "YWJj", "size": 3},
    }
    assert not [one for one in issues(media) if one[0] == "error"]
    media["content"]["size"] = 4
    assert ("error", "extra.attachment-size", "Media.content") in issues(media)


def bound(strength, **more):
    """A profile of Basic that binds its code to a value set of one system, which nobody can list."""
    binding = {"strength": strength, "valueSet": "https://a.example/ValueSet/open", **more}
    return {
        "resourceType": "StructureDefinition",
        "url": "https://a.example/StructureDefinition/it",
        "type": "Basic",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Basic",
        "differential": {"element": [{"id": "Basic.code", "path": "Basic.code", "binding": binding}]},
    }


OPEN = {**value_set(system=SNOMED), "url": "https://a.example/ValueSet/open"}
LISTED = {**value_set(system=C, concept=[{"code": "a"}]), "url": "https://a.example/ValueSet/listed"}
MAX = {"url": "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet", "valueCanonical": LISTED["url"]}
ADDITIONAL = {
    "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.binding.additional",
    "extension": [
        {"url": "purpose", "valueCode": "required"},
        {"url": "valueSet", "valueCanonical": LISTED["url"]},
    ],
}


@pytest.mark.parametrize(
    ("binding", "system", "code", "expected"),
    [
        (bound("required"), C, "b", ("error", "binding.required")),
        (bound("required"), SNOMED, "254837009", ("information", "binding.not-checked")),
        (bound("extensible"), C, "b", ("warning", "binding.extensible")),
        (bound("extensible", extension=[MAX]), C, "b", ("error", "binding.required")),
        (bound("example", extension=[ADDITIONAL]), C, "b", ("error", "binding.required")),
        (bound("preferred"), C, "b", None),
        (bound("example", extension=[ADDITIONAL]), C, "a", None),
    ],
)
def test_a_binding_is_judged_as_strictly_as_it_binds(binding, system, code, expected):
    coded = {"coding": [{"system": system, "code": code}]}
    basic = {"resourceType": "Basic", "meta": {"profile": [binding["url"]]}, "code": coded}
    found = {(severity, rule) for severity, rule, path in issues(basic, binding, OPEN, LISTED) if path == "Basic.code"}
    assert found >= {expected} if expected else not found


@pytest.mark.parametrize("strict", [True, False])
def test_what_r4_only_advises_is_a_warning_of_the_validator(strict):
    problem = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "problem-list-item"}]
    }
    local = {"coding": [{"system": "urn:local", "code": "x"}]}
    condition = {"resourceType": "Condition", "subject": {"display": "x"}, "category": [problem]}
    married = {"resourceType": "Patient", "maritalStatus": local}
    assert (("warning", "con-3", "Condition") in issues(condition, strict=strict)) is strict
    assert (("warning", "binding.extensible", "Patient.maritalStatus") in issues(married, strict=strict)) is strict


def billed(currency):
    return {"resourceType": "Invoice", "status": "issued", "totalNet": {"value": 1, "currency": currency}}


def test_a_currency_in_no_form_is_refused_and_one_out_of_use_is_doubtful():
    where = "Invoice.totalNet.currency"
    assert not issues(billed("USD"))
    assert issues(billed("usd")) == {("error", "binding.required", where)}
    assert issues(billed("DEM")) == {("warning", "binding.not-in-use", where)}


@pytest.mark.parametrize(("code", "known"), [("mg/dL", True), ("mg per dL", False), ("mcg", False)])
def test_a_unit_that_ucum_does_not_have_is_doubtful(code, known):
    measured = {"value": 1, "unit": "x", "system": "http://unitsofmeasure.org", "code": code}
    weight = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": measured}
    assert issues(weight) == (set() if known else {("warning", "extra.unit", "Observation.valueQuantity.code")})


@pytest.mark.parametrize(("system", "code"), [("http://loinc.org", "29463-7"), (SNOMED, "276885007")])
def test_a_vital_sign_must_fit_its_profile_to_the_validator(system, code):
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
    }
    assert [one for one in issues(observation) if one[0] == "error"]
    assert not [one for one in issues(observation, strict=False) if one[0] == "error"]


@pytest.mark.parametrize(
    ("start", "end", "sound"),
    [
        ("2026-01-01", "2026-01-01T10:00:00Z", False),
        ("2026", "2026-01", False),
        ("2026", "2027-01", True),
        ("2026-01-01", "2026-01-01", True),
    ],
)
def test_a_period_whose_order_cannot_be_told_is_an_error_to_the_validator_only(start, end, sound):
    team = {"resourceType": "CareTeam", "period": {"start": start, "end": end}}
    assert (("error", "per-1", "CareTeam.period") not in issues(team)) is sound
    assert ("error", "per-1", "CareTeam.period") not in issues(team, strict=False)
