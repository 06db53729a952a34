"""gateway/cases/opinion.py: the answer to a question as one FHIR document, valid by our own profile."""

import base64
from dataclasses import replace

import pytest

from gateway import validate
from gateway.cases import put_together
from gateway.cases.case import Case
from gateway.cases.opinion import CONCORDANCE, PROFILE, document, is_ours
from gateway.core.issue import Severity
from gateway.core.labels import label
from gateway.core.outcome import BASE

AT = "2026-04-01T09:00:00.000000Z"
WORDS = "Dose-dense therapy is <not> advised.\n"
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Sandoval"}],
    "generalPractitioner": [{"reference": "Practitioner/gp"}],
    "link": [{"other": {"reference": "Patient/q"}, "type": "seealso"}],
}
REFERRAL = {
    "resourceType": "ServiceRequest",
    "id": "r",
    "identifier": [{"system": "urn:clinic", "value": "LK-1"}],
    "status": "active",
    "intent": "order",
    "code": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0282", "code": "SO"}]},
    "subject": {"reference": "Patient/p"},
    "requester": {"reference": "Practitioner/d"},
    "reasonCode": [{"text": "Is dose-dense therapy advisable?"}],
    "supportingInfo": [{"reference": "DocumentReference/sent"}],
}


def of_patient(kind, id, patient="p", /, **more):
    return {"resourceType": kind, "id": id, "subject": {"reference": f"Patient/{patient}"}, **more}


def clinician(id, family):
    return {"resourceType": "Practitioner", "id": id, "name": [{"family": family}]}


def note(id="n", text=WORDS, **more):
    attachment = {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}
    said = {
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        "date": "2026-03-30T10:00:00Z",
        "author": [{"reference": "Practitioner/a"}],
        "identifier": [{"system": "urn:clinic", "value": "LK-1"}],
        "content": [{"attachment": attachment}],
    }
    return of_patient("DocumentReference", id, **(said | more))


REVIEWED = {"extension": [{"url": CONCORDANCE, "valueCode": "major"}]}
DIAGNOSIS = of_patient("Condition", "c", "q", code={"text": "Melanoma of skin"}, **REVIEWED)
REPORT = of_patient(
    "DiagnosticReport",
    "dr",
    status="final",
    code={"text": "Review of the slides"},
    conclusion="Melanoma",
    result=[{"reference": "Observation/o"}],
    **REVIEWED,
)
FINDING = of_patient("Observation", "o", status="final", code={"text": "Breslow"}, valueString="2 mm")
OTHERS = [
    clinician("a", "Abara"),
    clinician("d", "Okafor"),
    clinician("gp", "Marsh"),
    of_patient("DocumentReference", "sent", status="current", content=[{"attachment": {"url": "Binary/s"}}]),
    of_patient("Condition", "before", code={"text": "Nevus"}),
    of_patient("MedicationRequest", "m", status="active", intent="plan", medicationCodeableConcept={"text": "X"}),
    {"resourceType": "Patient", "id": "q", "name": [{"family": "Sandoval-Reyes"}]},
]
RECORDS = [PATIENT, REFERRAL, note(), DIAGNOSIS, REPORT, FINDING, *OTHERS]
CASE = Case("r", "clinic", number="SO-2026-000001", state="opinion-returned", opened=AT)


def opinion(*records, case=CASE):
    """The document of a case; none when there is no opinion."""
    made = [one for one in put_together(case, records, at=AT).made if one["resourceType"] == "Composition"]
    held = {f"{one['resourceType']}/{one['id']}": one for one in records}
    return [document(one, held.get, AT, ["p", "q"]) for one in made if is_ours(one)]


def inside(bundle, type):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == type]


def test_the_document_is_valid_by_our_profile_and_the_same_every_time():
    [made] = opinion(*RECORDS)
    assert made["meta"]["profile"] == [PROFILE]
    issues = validate.validate(made, profiles=[PROFILE])
    assert [one for one in issues if one.severity in (Severity.ERROR, Severity.FATAL)] == []
    assert [one.code for one in issues if one.code in ("reference-unresolved", "entry-unreachable")] == []
    assert opinion(*RECORDS) == [made]


def test_it_says_question_note_reports_and_changed_diagnosis_and_nothing_else_of_the_record():
    [made] = opinion(*RECORDS)
    first, patient = made["entry"][0]["resource"], inside(made, "Patient")
    assert [one["title"] for one in first["section"]] == [
        "Question", "Opinion", "Reports of the review", "Diagnosis after the review",
    ]  # fmt: skip
    assert [one["id"] for one in patient] == ["p"]
    kinds = [entry["resource"]["resourceType"] for entry in made["entry"]]
    assert (kinds.count("Condition"), kinds.count("DocumentReference"), kinds.count("MedicationRequest")) == (1, 1, 0)
    assert {one["name"][0]["family"] for one in inside(made, "Practitioner")} == {"Abara", "Okafor", "Marsh"}
    [attached] = [one["content"][0]["attachment"] for one in inside(made, "DocumentReference")]
    assert base64.b64decode(attached["data"]).decode() == WORDS
    assert inside(made, "Observation")[0]["valueString"] == "2 mm"
    assert inside(made, "Condition")[0]["subject"] == {"reference": "Patient/p"}
    assert "Patient/q" not in str(made)


def test_the_words_can_be_read_without_opening_anything():
    [made] = opinion(*RECORDS)
    words = made["entry"][0]["resource"]["text"]["div"]
    for said in ("Is dose-dense therapy advisable?", "&lt;not&gt; advised", "Review of the slides: Melanoma", "major"):
        assert said in words


@pytest.mark.parametrize(
    ("records", "case"),
    [
        (RECORDS, replace(CASE, state="under-review")),
        ([one for one in RECORDS if one["id"] != "n"], CASE),
        ([*RECORDS[:2], note(identifier=[]), *OTHERS], CASE),
        ([*RECORDS[:2], note(status="entered-in-error"), *OTHERS], CASE),
    ],
)
def test_there_is_none_before_it_is_returned_or_while_no_note_of_this_question_stands(records, case):
    assert opinion(*records, case=case) == []


def test_a_note_that_is_not_final_makes_no_final_opinion_and_no_day_is_invented():
    undated = note(docStatus="preliminary", author=[])
    del undated["date"]
    [made] = opinion(PATIENT, REFERRAL, undated, *OTHERS)
    first = made["entry"][0]["resource"]
    assert (first["status"], first["author"]) == ("preliminary", [{"display": "Second opinion service"}])
    assert "date" not in first
    assert first["_date"]["extension"][0]["valueCode"] == "unknown"


def test_the_whole_bears_every_label_of_its_parts():
    labelled = note(meta={"security": [label("GDIS")]})
    [made] = opinion(PATIENT, REFERRAL, labelled, *OTHERS)
    assert label("GDIS") in made["meta"]["security"]
    assert label("GDIS") in made["entry"][0]["resource"]["meta"]["security"]


def test_a_structured_note_is_told_section_by_section_beside_the_document_that_it_was_read_from():
    told = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Wait and see.</div>'}
    read = of_patient(
        "Composition",
        "cda",
        status="final",
        type={"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        date="2026-03-30",
        title="Consultation",
        author=[{"reference": "Practitioner/a"}],
        event=[{"detail": [{"identifier": {"system": "urn:clinic", "value": "LK-1"}}]}],
        section=[{"title": "Recommendations", "text": told}],
    )
    original = of_patient(
        "DocumentReference",
        "of-cda",
        status="current",
        identifier=[{"system": f"{BASE}/sid/submission", "value": "s9"}],
        type={"text": "Original submission"},
        content=[{"attachment": {"contentType": "text/xml", "url": "Binary/s9"}}],
    )
    source = {
        "resourceType": "Provenance",
        "id": "prov",
        "target": [{"reference": "Patient/p"}, {"reference": "Composition/cda"}],
        "entity": [{"role": "source", "what": {"reference": "DocumentReference/of-cda"}}],
    }
    [made] = opinion(PATIENT, REFERRAL, read, original, source, *OTHERS)
    assert "Wait and see." in made["entry"][0]["resource"]["text"]["div"]
    assert [one["id"] for one in inside(made, "DocumentReference")] == ["of-cda"]


def test_putting_a_case_together_again_makes_no_second_opinion():
    known = list(RECORDS)
    first = put_together(CASE, known, at=AT).made
    again = put_together(CASE, [*known, *first[1:]], at="2026-05-01T09:00:00.000000Z").made
    made = [[one for one in several if one["resourceType"] == "Composition"] for several in (first, again)]
    assert made[0] == made[1]
    assert len(made[0]) == 1


def test_a_consultation_note_of_whoever_asked_is_no_second_opinion():
    who = {"identifier": {"system": f"{BASE}/sid/clinic", "value": "clinic"}}
    agent = {"type": {"coding": [{"code": "transmitter"}]}, "who": who}
    sent = {"resourceType": "Provenance", "id": "v", "target": [{"reference": "DocumentReference/n"}], "agent": [agent]}
    assert opinion(*RECORDS, sent) == []
    assert len(opinion(*RECORDS, sent, case=replace(CASE, clinic="another"))) == 1
