"""gateway/validate/invariants/"""

import pytest

from gateway.core.issue import Severity
from gateway.validate import validate

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
SUBJECT = {"reference": "Patient/p"}
CODE = {"coding": [{"system": "urn:x", "code": "y"}]}


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def observation(**more):
    return {"resourceType": "Observation", "status": "final", "code": CODE, **more}


def bundle(type, *entries, **more):
    return {"resourceType": "Bundle", "type": type, "entry": list(entries), **more}


BROKEN = {
    "ait-1": {"resourceType": "AllergyIntolerance", "patient": SUBJECT},
    "con-4": {
        "resourceType": "Condition",
        "subject": SUBJECT,
        "abatementDateTime": "2020",
        "clinicalStatus": coded(CLINICAL, "active"),
    },
    "con-5": {
        "resourceType": "Condition",
        "subject": SUBJECT,
        "clinicalStatus": coded(CLINICAL, "active"),
        "verificationStatus": coded(VERIFIED, "entered-in-error"),
    },
    "con-1": {"resourceType": "Condition", "subject": SUBJECT, "stage": [{"type": {"text": "x"}}]},
    "gol-1": {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "x"},
        "subject": SUBJECT,
        "target": [{"detailString": "x"}],
    },
    "ctm-1": {
        "resourceType": "CareTeam",
        "contained": [{"resourceType": "RelatedPerson", "id": "r", "patient": SUBJECT}],
        "participant": [{"member": {"reference": "#r"}, "onBehalfOf": {"reference": "Organization/o"}}],
    },
    "obs-6": observation(valueString="x", dataAbsentReason={"text": "y"}),
    "obs-7": observation(valueString="x", component=[{"code": CODE}]),
    "obs-3": observation(referenceRange=[{"type": {"text": "x"}}]),
    "qty-3": observation(valueQuantity={"value": 1, "code": "mg"}),
    "rng-2": observation(valueRange={"low": {"value": 2}, "high": {"value": 1}}),
    "rat-1": observation(valueRatio={"numerator": {"value": 2}}),
    "per-1": observation(effectivePeriod={"start": "2026-02-01T10:00:00Z", "end": "2026-02-01T11:59:00+02:00"}),
    "prr-1": {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "orderDetail": [CODE],
    },
    "inv-1": {
        "resourceType": "Task",
        "status": "draft",
        "intent": "order",
        "authoredOn": "2026-02-02T10:00:00Z",
        "lastModified": "2026-02-01T10:00:00Z",
    },
    "att-1": {"resourceType": "Patient", "photo": [{"data": "QUJD"}]},
    "cpt-2": {"resourceType": "Patient", "telecom": [{"value": "1"}]},
    "txt-1": {"resourceType": "Patient", "text": {"status": "generated", "div": "<div>x</div>"}},
    "dom-3": {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]},
    "dom-4": {
        "resourceType": "Patient",
        "managingOrganization": {"reference": "#o"},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "x", "meta": {"versionId": "1"}}],
    },
    "ref-1": {"resourceType": "Patient", "managingOrganization": {"reference": "#o"}},
    "ext-1": {
        "resourceType": "Patient",
        "extension": [{"url": "urn:x", "valueCode": "y", "extension": [{"url": "z", "valueCode": "y"}]}],
    },
    "ele-1": {"resourceType": "Patient", "maritalStatus": {"id": "x"}},
    "bdl-1": bundle("collection", {"resource": {"resourceType": "Patient"}}, total=1),
    "bdl-3": bundle("transaction", {"resource": {"resourceType": "Patient"}}),
    "bdl-5": bundle("collection", {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}),
    "bdl-7": bundle(
        "collection",
        *[{"fullUrl": "http://a.example/Patient/p", "resource": {"resourceType": "Patient", "id": "p"}}] * 2,
    ),
    "bdl-9": bundle("document", {"resource": {"resourceType": "Patient"}}, timestamp="2026-01-01T00:00:00Z"),
    "bdl-11": bundle("document", {"resource": {"resourceType": "Patient"}}),
    "bdl-12": bundle("message", {"resource": {"resourceType": "Patient"}}),
    "tim-1": {
        "resourceType": "Observation",
        "status": "final",
        "code": CODE,
        "effectiveTiming": {"repeat": {"duration": 1}},
    },
    "tim-4": {
        "resourceType": "Observation",
        "status": "final",
        "code": CODE,
        "effectiveTiming": {"repeat": {"duration": -1, "durationUnit": "h"}},
    },
    "tim-6": {
        "resourceType": "Observation",
        "status": "final",
        "code": CODE,
        "effectiveTiming": {"repeat": {"periodMax": 1, "periodUnit": "d"}},
    },
    "tim-9": {
        "resourceType": "Observation",
        "status": "final",
        "code": CODE,
        "effectiveTiming": {"repeat": {"offset": 5}},
    },
    "tim-10": {
        "resourceType": "Observation",
        "status": "final",
        "code": CODE,
        "effectiveTiming": {"repeat": {"timeOfDay": ["10:00:00"], "when": ["HS"]}},
    },
}
KEPT = [
    {"resourceType": "AllergyIntolerance", "patient": SUBJECT, "clinicalStatus": coded(ALLERGY, "active")},
    observation(effectivePeriod={"start": "2026-02-01T23:30:00-05:00", "end": "2026-02-02"}),
    observation(valueRange={"low": {"value": 2, "unit": "g"}, "high": {"value": 1, "unit": "kg"}}),
    observation(
        effectiveTiming={"repeat": {"period": 2, "periodMax": 3, "periodUnit": "d", "offset": 30, "when": ["AC"]}}
    ),
    {
        "resourceType": "Patient",
        "contained": [{"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "#"}}],
    },
]


@pytest.mark.parametrize("key", sorted(BROKEN))
def test_a_broken_invariant_is_named_by_its_key(key):
    assert key in {issue.rule for issue in validate(BROKEN[key]) if issue.severity is Severity.ERROR}


def test_what_is_contained_and_never_referred_to_is_named_itself():
    holder = {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]}
    assert [one.path for one in validate(holder) if one.rule == "dom-3"] == ["Patient.contained[0]"]


@pytest.mark.parametrize("resource", KEPT)
def test_what_the_invariants_allow_is_not_refused(resource):
    assert [issue for issue in validate(resource) if issue.severity is Severity.ERROR] == []
