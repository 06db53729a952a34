"""gateway/cases/views.py and mappings/cases/views.yaml"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import cases, pipeline
from gateway.cases.views import view_of, views
from gateway.core import fhirjson, r4
from gateway.core.issue import Severity
from gateway.core.labels import CONFIDENTIALITY, PART_2, REDACTED, label
from gateway.core.outcome import BASE
from gateway.core.submission import Sender
from gateway.validate import validate

AT = "2026-03-02T09:00:00Z"
OURS = f"{BASE}/CodeSystem/so-activity"
TRAVEL = {"coding": [{"system": OURS, "code": "travel-lodging"}]}
FORM = json.loads(Path("tests/fixtures/form/referral.json").read_text("utf-8"))
FORM["wishes"]["mobility"] = "a wheelchair"
SOURCES = [json.dumps(FORM).encode()] + [
    Path("tests/fixtures", name).read_bytes() for name in ("hl7v2/REF_I12_second_opinion.hl7", "ccda/referral_note.xml")
]


def case_of(body):
    """Everything of a case whose patient asks for help with travel, and the id of its referral."""
    outcome = pipeline.process(body, sender=Sender(clinic="c"), received=datetime(2026, 3, 2, tzinfo=UTC), judge=False)
    made = [entry["resource"] for entry in outcome.bundle["entry"]]
    referral = next(filter(cases.is_referral, made))
    referral["orderDetail"] = [*referral.get("orderDetail", ()), TRAVEL]
    case = cases.Case(referral["id"], "c", "SO-2026-000001", opened=AT)
    every = [*made, *cases.put_together(case, made, at=AT).made]
    return list({(one["resourceType"], one["id"]): one for one in every}.values()), referral["id"]


CASES = [case_of(body) for body in SOURCES]


def strings(node, path=""):
    """Every text in a resource, with its path."""
    if isinstance(node, dict):
        for name, one in node.items():
            yield from strings(one, f"{path}.{name}".strip("."))
    elif isinstance(node, list):
        for one in node:
            yield from strings(one, path)
    elif isinstance(node, str):
        yield path, node


def codings(node):
    if isinstance(node, dict):
        if "system" in node and "code" in node and "value" not in node:
            yield node["system"], node["code"]
        for one in node.values():
            yield from codings(one)
    elif isinstance(node, list):
        for one in node:
            yield from codings(one)


@pytest.mark.parametrize(("resources", "referral"), CASES)
def test_the_travel_view_has_no_clinical_code_in_any_text_or_coding(resources, referral):
    clinical = {code for _, code in codings(resources) if any(one.isdigit() for one in code)}
    view = view_of("travel", resources, referral)
    assert {"Patient", "Task", "ServiceRequest"} <= {one["resourceType"] for one in view}
    assert {system for system, _ in codings([{**one, "contained": []} for one in view])} <= {OURS, REDACTED["system"]}
    said = {text for one in view for path, text in strings({**one, "contained": []}) if not path.startswith("meta")}
    assert said.isdisjoint(clinical)


def test_the_travel_desk_learns_who_travels_how_many_and_what_they_need():
    said = {text for one in view_of("travel", *CASES[0]) for _, text in strings(one)}
    assert {"People who would travel: 2", "Needs on the way: a wheelchair", "+1 555 0100", "Jonas Quendler"} <= said
    assert not {text for text in said if "Treatment" in text or "Remarks" in text or "surgery" in text}


@pytest.mark.parametrize("needs", ["wheelchair (C79.51)", "wheelchair since 51969-4", "x" * 81])
def test_words_on_the_way_that_could_hold_a_code_stay_here(needs):
    resources, referral = CASES[0]
    spoken = [
        one | {"note": [{"text": f"Needs on the way: {needs}"}]} if one["id"] == referral else one for one in resources
    ]
    assert needs not in json.dumps(fhirjson.read_own(fhirjson.write(view_of("travel", spoken, referral))), default=str)


@pytest.mark.parametrize("name", ["travel", "pharmacy", "payer"])
@pytest.mark.parametrize(("resources", "referral"), CASES[:1])
def test_a_view_is_valid_tagged_and_refers_to_nothing_outside(name, resources, referral):
    view = view_of(name, resources, referral)
    places = {f"{one['resourceType']}/{one['id']}" for one in view}
    for one in view:
        assert REDACTED in one["meta"]["security"]
        assert [i for i in validate(one) if i.severity in (Severity.ERROR, Severity.FATAL)] == []
        assert {text for path, text in strings(one) if path.endswith("reference")} <= {*places, "#redacted"}
    (note,) = (note for one in view for note in one.get("contained", ()))
    assert note["resourceType"] == "OperationOutcome"


def test_the_pharmacy_has_the_orders_word_for_word_the_allergies_and_where_to_deliver():
    view = view_of("pharmacy", *CASES[0])
    said = {text for one in view for _, text in strings(one)}
    assert {"Capecitabine 500 mg tablets", "1500 mg twice a day, days 1 to 14, every 21 days", "18 Alder Row"} <= said
    assert "No known allergies" in said
    assert not {one["resourceType"] for one in view} & {"Condition", "CarePlan", "Coverage", "DocumentReference"}


def test_the_payer_has_the_insurance_and_who_asks_and_no_clinical_word():
    view = view_of("payer", *CASES[0])
    said = " ".join(text for one in view for _, text in strings(one))
    assert all(word in said for word in ("GMM-009112", "Green Mountain Mutual", "Brandauer"))
    assert not any(word in said for word in ("C18", "Adenocarcinoma", "Capecitabine", "surgery", "Treatment"))


def test_what_the_plan_does_not_call_for_has_no_view():
    resources, referral = CASES[0]
    left = [one for one in resources if "travel-lodging" not in json.dumps(one.get("identifier", ""))]
    assert view_of("travel", left, referral) == []


def test_what_bears_a_label_that_a_view_does_not_show_is_left_out_and_labels_stay_but_where_they_tell():
    resources, referral = CASES[0]
    marked = {"meta": {"security": [label("R"), PART_2]}}
    drug = next(one for one in resources if one["resourceType"] == "MedicationRequest")
    pharmacy = view_of("pharmacy", [one | marked if one is drug else one for one in resources], referral)
    assert drug["id"] not in {one["id"] for one in pharmacy}
    travel = view_of("travel", [one | marked for one in resources], referral)
    assert [one["meta"]["security"] for one in travel] == [[label("R"), REDACTED]] * len(travel)
    assert label("R")["system"] == CONFIDENTIALITY


# --- default deny: what a table does not name does not leave, whatever a resource holds -----------------------------
KEPT = {
    "resourceType",
    "id",
    "identifier",
    "status",
    "meta",
    "subject",
    "patient",
    "for",
    "focus",
    "beneficiary",
    "payor",
}
HELD = sorted(
    {one["resourceType"] for one in CASES[0][0]} & {part.resource for v in views().values() for part in v.parts}
)


def filled(holds, type, path="", depth=3):
    """A value for an element: what R4 has there, as far as `holds` says, each text saying where it stands.

    No modifier, since what bears one leaves in no view.
    """
    made = {}
    for name, element in r4.children(type).items():
        here = f"{path}.{name}".strip(".")
        if depth and name != "modifierExtension" and holds(here) and (one := _value(holds, element, here, depth)):
            made[name] = [one] if element.array else one
    return made


def _value(holds, element, here, depth):
    return f"X:{here}" if element.primitive else filled(holds, element.type, here, depth - 1)


def leaves(tree, path=""):
    for name, below in tree.items():
        here = f"{path}.{name}".strip(".")
        yield from leaves(below, here) if below else (here,)


def left_of(name, type, canary):
    """The places of the planted texts that leave in a view."""
    resources, referral = CASES[0]
    planted = {name: one for name, one in canary.items() if name not in KEPT}
    view = view_of(name, [one | planted if one["resourceType"] == type else one for one in resources], referral)
    return {text[2:] for one in view if one["resourceType"] == type for _, text in strings(one) if text[:2] == "X:"}


def named(name, type):
    """The leaves that a view names; codings and references have their own rules, and words what they must say."""
    parts = [part for part in views()[name].parts if part.resource == type]
    found = {path for part in parts for path in leaves(part.elements) if path not in part.says}
    return {path for path in found if not path.endswith(("coding", "reference"))}


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(views())), st.sampled_from(HELD))
def test_whatever_a_resource_holds_only_named_elements_leave(data, name, type):
    canary = filled(lambda _: data.draw(st.booleans()), type, depth=2)
    assert left_of(name, type, canary) <= named(name, type)


@pytest.mark.parametrize("name", sorted(views()))
def test_of_resources_that_hold_all_that_r4_has_only_named_elements_leave(name):
    left = {type: left_of(name, type, filled(lambda _: True, type)) for type in HELD}
    assert all(left[type] <= named(name, type) for type in HELD)
    assert {"name.family", "telecom.value"} & left["Patient"]


def dispensed(dosage, **more):
    """What the pharmacy view leaves of the directions of a drug of the first case."""
    resources, referral = CASES[0]
    [drug, *_] = (one for one in resources if one["resourceType"] == "MedicationRequest" and one["status"] == "active")
    changed = {**drug, "dosageInstruction": [dosage], **more}
    others = [one for one in resources if one is not drug]
    view = view_of("pharmacy", [*others, changed], referral)
    return [one.get("dosageInstruction") for one in view if one["id"] == drug["id"]]


def test_directions_leave_whole_or_in_their_words_alone():
    weekly = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    plain = {
        "text": "1 g weekly",
        "timing": weekly,
        "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]},
    }
    assert dispensed(plain) == [[plain]]
    for more in (
        {"asNeededCodeableConcept": {"text": "pain"}},
        {"timing": {"repeat": {**weekly["repeat"], "dayOfWeek": ["mon"]}}},
        {"maxDosePerPeriod": {"numerator": {"value": 2}, "denominator": {"value": 1}}},
        {"route": {"coding": [{"system": "urn:own", "code": "x"}]}},
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
    ):
        assert dispensed({**plain, **more}) == [[{"text": "1 g weekly"}]]


def test_what_a_modifier_changes_leaves_in_no_view():
    assert dispensed({"text": "1 g weekly"}, modifierExtension=[{"url": "urn:x", "valueBoolean": True}]) == []
