"""gateway/validate/structure.py, by single faults in sound resources."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.issue import Severity
from gateway.validate import validate

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [
        {
            "family": "Testrup",
            "given": ["Orla", None],
            "_given": [None, {"extension": [{"url": "http://example.org/x", "valueCode": "y"}]}],
        }
    ],
    "gender": "female",
    "birthDate": "1980-02-29",
    "_birthDate": {"id": "b"},
    "deceasedBoolean": False,
    "contact": [{"name": {"text": "Somebody"}}],
    "link": [{"other": {"reference": "Patient/q"}, "type": "seealso"}],
}
PLAN = {
    "resourceType": "CarePlan",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/p"},
    "activity": [{"detail": {"status": "scheduled", "scheduledPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}}],
}
DRUG = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Examplinib"},
    "subject": {"reference": "Patient/p"},
    "dosageInstruction": [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}],
}
WHOLE = {one["resourceType"]: one for one in (PATIENT, PLAN, DRUG)}


def errors(resource):
    return [issue for issue in validate(resource) if issue.severity is Severity.ERROR]


def spoiled(name, path, value):
    """The resource with one value put, or taken away (None)."""
    resource = copy.deepcopy(WHOLE[name])
    *way, last = path
    here = resource
    for step in way:
        here = here[step]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return resource


FAULTS = [
    ("Patient", ["nickname"], "x", "element-unknown", "Patient.nickname"),
    ("Patient", ["contact", 0, "nickname"], "x", "element-unknown", "Patient.contact[0].nickname"),
    ("Patient", ["name"], {"family": "x"}, "array-expected", "Patient.name"),
    ("Patient", ["name"], [], "value-empty", "Patient.name"),
    ("Patient", ["name", 0], {}, "value-empty", "Patient.name[0]"),
    ("Patient", ["name", 0], "x", "json-type", "Patient.name[0]"),
    ("Patient", ["name", 0, "family"], "", "value-empty", "Patient.name[0].family"),
    ("Patient", ["name", 0, "family"], ["x"], "array-unexpected", "Patient.name[0].family"),
    ("Patient", ["name", 0, "given"], ["Orla"], "structure", "Patient.name[0]._given"),
    ("Patient", ["name", 0, "_given"], None, "json-type", "Patient.name[0].given[1]"),
    ("Patient", ["gender"], "f", "code-not-in-value-set", "Patient.gender"),
    ("Patient", ["gender"], True, "json-type", "Patient.gender"),
    ("Patient", ["birthDate"], "1981-02-29", "value-format", "Patient.birthDate"),
    ("Patient", ["birthDate"], None, "value-empty", "Patient.birthDate"),
    ("Patient", ["deceasedBoolean"], "true", "json-type", "Patient.deceasedBoolean"),
    ("Patient", ["deceasedDateTime"], "2020", "choice-repeated", "Patient.deceased[x]"),
    (
        "Patient",
        ["_deceasedDateTime"],
        {"extension": [{"url": "http://example.org/x", "valueCode": "y"}]},
        "choice-repeated",
        "Patient.deceased[x]",
    ),
    ("Patient", ["link", 0, "other"], None, "element-missing", "Patient.link[0].other"),
    ("Patient", ["link", 0, "other", "reference"], "Device/q", "reference-target", "Patient.link[0].other"),
    ("Patient", ["link", 0, "other", "reference"], "somewhere", "reference-form", "Patient.link[0].other"),
    ("Patient", ["link", 0, "other", "reference"], "#q", "invariant-broken", "Patient.link[0].other"),
    ("Patient", ["link", 0, "other", "type"], "RelatedPerson", "reference-target", "Patient.link[0].other"),
    ("Patient", ["link", 0, "other", "type"], "patient", "reference-target", "Patient.link[0].other"),
    ("Patient", ["contact", 0], {"gender": "male"}, "invariant-broken", "Patient.contact[0]"),
    ("Patient", ["id"], "a_b", "value-format", "Patient.id"),
    ("Patient", ["name", 0, "text"], "x <script>y</script>", "text-unsafe", "Patient.name[0].text"),
    ("Patient", ["extension"], [{"valueCode": "y"}], "element-missing", "Patient.extension[0].url"),
    ("Patient", ["extension"], [{"url": "urn:x"}], "invariant-broken", "Patient.extension[0]"),
    ("Patient", ["contained"], [{"resourceType": "Nobody"}], "resource-unknown", "Patient.contained[0]"),
    ("CarePlan", ["status"], None, "element-missing", "CarePlan.status"),
    ("CarePlan", ["intent"], "order-like", "code-not-in-value-set", "CarePlan.intent"),
    ("CarePlan", ["activity", 0, "reference"], {"reference": "Task/t"}, "invariant-broken", "CarePlan.activity[0]"),
    (
        "CarePlan",
        ["activity", 0, "detail", "scheduledPeriod", "end"],
        "2025-01-01",
        "invariant-broken",
        "CarePlan.activity[0].detail.scheduledPeriod",
    ),
    ("CarePlan", ["subject"], {"reference": "Patient/p", "display": 5}, "json-type", "CarePlan.subject.display"),
    ("MedicationRequest", ["medicationCodeableConcept"], None, "element-missing", "MedicationRequest.medication[x]"),
    (
        "MedicationRequest",
        ["dosageInstruction", 0, "timing", "repeat", "periodUnit"],
        None,
        "invariant-broken",
        "MedicationRequest.dosageInstruction[0].timing.repeat",
    ),
    (
        "MedicationRequest",
        ["dosageInstruction", 0, "timing", "repeat", "periodUnit"],
        "day",
        "code-not-in-value-set",
        "MedicationRequest.dosageInstruction[0].timing.repeat.periodUnit",
    ),
]


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_the_sound_resources_have_no_error(name):
    assert errors(WHOLE[name]) == []


@pytest.mark.parametrize(("name", "way", "value", "code", "path"), FAULTS)
def test_a_single_fault_is_found_in_its_place(name, way, value, code, path):
    assert (code, path) in {(issue.code, issue.path) for issue in errors(spoiled(name, way, value))}


def test_what_is_no_resource_is_refused():
    for nothing in (
        {},
        {"resourceType": "Nobody"},
        {"resourceType": "HumanName"},
        {"resourceType": "Resource"},
        [],
        None,
        "x",
    ):
        assert [issue.code for issue in validate(nothing)] == ["resource-unknown"]


def test_no_message_holds_what_was_sent():
    resource = spoiled("Patient", ["gender"], "Marker-4711")
    resource["birthDate"] = "Marker-4711"
    resource["name"][0]["family"] = {"Marker-4711": 1}
    assert len(errors(resource)) >= 3
    told = [issue for issue in validate(resource) if issue.code != "element-unknown"]
    assert "Marker-4711" not in "".join(map(str, told))


def test_more_issues_than_a_reader_can_bear_are_cut_and_the_cut_is_said():
    issues = validate({"resourceType": "Patient", "name": [{"family": ""} for _ in range(500)]})
    assert len(issues) == 201
    assert issues[-1].code == "too-many-issues"


KEYS = [
    "name",
    "family",
    "contained",
    "extension",
    "url",
    "valueCode",
    "text",
    "div",
    "meta",
    "profile",
    "period",
    "start",
    "end",
    "low",
    "high",
    "identifier",
    "subject",
    "reference",
    "activity",
    "detail",
    "category",
    "coding",
    "system",
    "code",
    "entry",
    "resource",
    "fullUrl",
    "type",
    "component",
    "repeat",
    "timing",
    "_birthDate",
    "section",
    "focus",
    "dosageInstruction",
]
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)


@given(st.sampled_from(["Patient", "CarePlan", "Bundle", "Observation", "MedicationRequest", "Task"]), st.data())
def test_no_json_makes_the_validator_raise(name, data):
    resource = {"resourceType": name, **data.draw(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5))}
    resource["meta"] = {"profile": ["https://fhir.second-opinion.example/StructureDefinition/so-careplan"]}
    assert isinstance(validate(resource), list)
