"""Every single fault put into a sound resource is found, at the element where it was put."""

import copy

import pytest

from gateway.core import r4
from gateway.core.issue import Severity
from gateway.validate.definitions import Library, core_plan
from gateway.validate.judge import Judge

CORE = "http://hl7.org/fhir/StructureDefinition/"
IT = "https://a.example/StructureDefinition/it"
SUBJECT = {"reference": "Patient/p"}
CODE = {"coding": [{"system": "http://loinc.org", "code": "1234-5", "display": "x"}], "text": "x"}
SOUND = [
    {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"versionId": "1", "lastUpdated": "2026-01-01T10:00:00Z", "tag": [{"system": "urn:t", "code": "a"}]},
        "language": "en",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
        "identifier": [{"use": "official", "system": "urn:oid:1.2.3", "value": "1", "period": {"start": "2020"}}],
        "active": True,
        "name": [{"use": "official", "family": "Testrup", "given": ["Orla"]}],
        "telecom": [{"system": "phone", "value": "1", "rank": 1}],
        "gender": "female",
        "birthDate": "1980-02-29",
        "deceasedDateTime": "2026-01-01T10:00:00Z",
        "address": [{"use": "home", "line": ["x"], "city": "y"}],
        "multipleBirthInteger": 2,
        "photo": [{"contentType": "image/png", "url": "https://a.example/p.png", "size": 3}],
        "contact": [{"name": {"text": "x"}, "gender": "male"}],
        "communication": [{"language": {"text": "x"}, "preferred": True}],
        "generalPractitioner": [{"reference": "Practitioner/g", "type": "Practitioner", "display": "x"}],
        "link": [{"other": {"reference": "Patient/q"}, "type": "seealso"}],
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "category": [CODE],
        "code": CODE,
        "subject": SUBJECT,
        "effectivePeriod": {"start": "2026-01-01", "end": "2026-01-02"},
        "issued": "2026-01-01T10:00:00.000Z",
        "valueQuantity": {"value": 1, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        "note": [{"time": "2026-01-01", "text": "x"}],
        "referenceRange": [{"low": {"value": 1}, "text": "x"}],
        "component": [{"code": {"text": "y"}, "valueBoolean": True}],
    },
    {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "medicationCodeableConcept": {"text": "Examplinib"},
        "subject": SUBJECT,
        "authoredOn": "2026-01-01",
        "requester": {"reference": "Practitioner/g"},
        "dosageInstruction": [
            {
                "sequence": 1,
                "timing": {"repeat": {"count": 2, "frequency": 1, "period": 1, "periodUnit": "d", "when": ["AC"]}},
                "asNeededBoolean": False,
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}],
            }
        ],
        "dispenseRequest": {"validityPeriod": {"start": "2026"}, "numberOfRepeatsAllowed": 1},
        "substitution": {"allowedBoolean": True, "reason": {"text": "x"}},
    },
    {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": SUBJECT,
        "created": "2026-01-01",
        "activity": [{"detail": {"kind": "Task", "status": "scheduled", "doNotPerform": False}}],
    },
    {
        "resourceType": "Task",
        "status": "draft",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/s"},
        "executionPeriod": {"start": "2026-01-01", "end": "2026-01-02"},
        "restriction": {"repetitions": 1},
        "input": [{"type": {"text": "x"}, "valueUri": "urn:x"}],
    },
    {
        "resourceType": "Composition",
        "status": "final",
        "type": CODE,
        "date": "2026-01-01",
        "author": [{"reference": "Practitioner/g"}],
        "title": "x",
        "attester": [{"mode": "legal", "time": "2026-01-01"}],
        "relatesTo": [{"code": "replaces", "targetIdentifier": {"value": "1"}}],
        "section": [{"title": "x", "mode": "working", "entry": [SUBJECT]}],
    },
]
# A text that no value of the datatype can be, where the JSON type is right.
MISWRITTEN = {
    "base64Binary": "?", "canonical": "a b", "code": " x", "date": "2026-02-30", "dateTime": "2026-01-01T10:00",
    "decimal": None, "id": "a_b", "instant": "2026-01-01", "oid": "1.2", "positiveInt": 0, "time": "24:00:00",
    "unsignedInt": -1, "uri": "a b", "url": "a b", "uuid": "urn:uuid:x", "integer": 1.5, "string": "", "markdown": "",
}  # fmt: skip


def faults(node, type_name, place):
    """Every fault that the definition of a type lets us put into a node: kind, elements, change, place of the issue."""
    yield "unknown", (), put("nickname", "x"), f"{place}.nickname"
    for name, element in r4.children(type_name).items():
        if name not in node:
            continue
        here, label = f"{place}.{name}", f"{element.choice}[x]" if element.choice else name
        if element.required and name != "div":
            yield "removed", (name,), put(name, None), f"{place}.{label}"
        if element.choice and (other := other_form(type_name, name)):
            yield "second form", (name,), put(*other), f"{place}.{label}"
        yield "array", (name,), put(name, node[name][0] if element.array else [node[name]]), here
        values = node[name] if element.array else [node[name]]
        if element.array:
            yield "empty array", (name,), put(name, []), here
        for index, value in enumerate(values):
            at = f"{here}[{index}]" if element.array else here
            step = (name, index) if element.array else (name,)
            yield from inside(value, element, at, step, node, name, index)


def inside(value, element, at, step, node, name, index):
    """The faults of one value."""

    def other(new):
        return put(name, [*node[name][:index], new, *node[name][index + 1 :]] if element.array else new)

    yield "JSON type", step, other(["x"] if element.array else "x" if type(value) in (bool, int) else 4711), at
    if element.primitive:
        wrong = MISWRITTEN.get(element.type)
        if wrong is not None:
            yield "format", step, other(wrong), at
        if element.binding and element.type == "code":
            yield "code", step, other("no-such-code"), at
        return
    yield "empty", step, other({}), at
    if element.type == "Reference":
        yield "form", step, other({"reference": "somewhere"}), at
        yield "lost", step, other({"reference": "#nowhere"}), at
        if element.targets and "Binary" not in element.targets:
            yield "target", step, other({"reference": "Binary/b"}), at
    for kind, below, change, where in faults(value, element.type, at):
        yield kind, (*step, *below), within(step, change), where


def put(name, value):
    """A change of one member of a node; None takes it away."""

    def change(node):
        node.pop(name, None)
        if value is not None:
            node[name] = copy.deepcopy(value)

    return change


def within(step, change):
    def below(node):
        for one in step:
            node = node[one]
        change(node)

    return below


def other_form(type_name, name):
    """Another form of the same choice, with a value."""
    choice = r4.children(type_name)[name].choice
    values = {"boolean": True, "string": "x", "integer": 1, "dateTime": "2026", "CodeableConcept": {"text": "x"}}
    forms = [(key, values[one.type]) for key, one in r4.children(type_name).items()
             if one.choice == choice and key != name and one.type in values]  # fmt: skip
    return next(iter(forms), None)


MUTANTS = [
    pytest.param(resource, change, where, id=f"{kind} {where}")
    for resource in SOUND
    for kind, _, change, where in faults(resource, resource["resourceType"], resource["resourceType"])
]
JUDGE = Judge(Library((), core_plan()))


def errors(resource, judge=JUDGE):
    return [one for one in judge.judge(resource) if one.severity is Severity.ERROR]


@pytest.mark.parametrize("resource", SOUND, ids=lambda one: one["resourceType"])
def test_without_a_fault_there_is_no_error(resource):
    assert errors(resource) == []


@pytest.mark.parametrize(("resource", "change", "where"), MUTANTS)
def test_a_single_fault_is_found_at_its_element(resource, change, where):
    broken = copy.deepcopy(resource)
    change(broken)
    assert where in {one.path for one in errors(broken)}


def test_there_are_many_kinds_of_single_faults():
    assert len({one.id for one in MUTANTS}) >= 200


def profiled(*elements):
    definition = {
        "resourceType": "StructureDefinition",
        "url": IT,
        "type": "Observation",
        "derivation": "constraint",
        "baseDefinition": f"{CORE}Observation",
        "differential": {"element": [{"id": "Observation", "path": "Observation"}, *elements]},
    }
    return Judge(Library([definition], core_plan()))


def said(id, **more):
    return {"id": id, "path": ".".join(step.partition(":")[0] for step in id.split(".")), **more}


SLICED = [
    said("Observation.category", slicing={"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "closed"}),
    said("Observation.category:a", sliceName="a", min=1, max="1", patternCodeableConcept={"text": "x"}),
]


@pytest.mark.parametrize(
    ("elements", "change", "where"),
    [
        ([said("Observation.method", min=1)], {}, "Observation.method"),
        ([said("Observation.note", max="0")], {}, "Observation.note[0]"),
        ([said("Observation.component", max="1")], {"component": [{"code": CODE}] * 2}, "Observation.component[1]"),
        ([said("Observation.status", fixedCode="amended")], {}, "Observation.status"),
        ([said("Observation.code", patternCodeableConcept={"text": "y"})], {}, "Observation.code"),
        ([said("Observation.value[x]", type=[{"code": "string"}])], {}, "Observation.valueQuantity"),
        ([said("Observation.value[x]", minValueQuantity={"value": 1, "system": "http://unitsofmeasure.org",
               "code": "g"})], {}, "Observation.valueQuantity"),
        ([said("Observation.note.text", maxLength=1)], {"note": [{"text": "xy"}]}, "Observation.note[0].text"),
        ([said("Observation.subject", type=[{"code": "Reference", "targetProfile": [f"{CORE}Group"]}])], {},
         "Observation.subject"),
        ([said("Observation.subject", type=[{"code": "Reference", "aggregation": ["contained"]}])], {},
         "Observation.subject"),
        ([said("Observation.code", binding={"strength": "required",
               "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"})], {}, "Observation.code"),
        ([said("Observation", constraint=[{"key": "x-1", "severity": "error", "expression": "method.exists()"}])], {},
         "Observation"),
        ([said("Observation.component.code.text", min=1)], {"component": [{"code": {"id": "a", "coding": [{}]}}]},
         "Observation.component[0].code.text"),
        (SLICED, {"category": [{"text": "y"}]}, "Observation.category"),
        (SLICED, {"category": [{"text": "x"}, {"text": "x"}]}, "Observation.category"),
        (SLICED, {"category": [{"text": "x"}, {"text": "y"}]}, "Observation.category[1]"),
    ],
)  # fmt: skip
def test_what_a_profile_forbids_is_found_at_its_element(elements, change, where):
    resource = {**copy.deepcopy(SOUND[1]), **change, "meta": {"profile": [IT]}}
    assert where in {one.path for one in errors(resource, profiled(*elements))}
