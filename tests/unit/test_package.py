"""gateway/package.py"""

from pathlib import Path

import pytest

from gateway import pipeline
from gateway.core.submission import Sender
from tests.packages import FOLDER, ORDER, SCAN, metadata, package, xdm

FIXTURES = Path(__file__).parents[1] / "fixtures"
NOTE = (FIXTURES / "ccda" / "referral_note.xml").read_bytes()
CLINIC = Sender(clinic="riverbend")


def process(body):
    return pipeline.process(body, sender=CLINIC)


def of(outcome, type):
    return [one["resource"] for one in outcome.bundle["entry"] if one["resource"]["resourceType"] == type]


def states(outcome, part):
    return {line.location.removeprefix(part).strip(): line.state for line in outcome.ledger if part in line.location}


def test_the_sample_is_the_package_that_the_tests_build():
    assert (FIXTURES / "xdm" / "referral_360x.zip").read_bytes() == xdm(NOTE)


def test_order_note_and_scan_are_one_patient_one_referral_and_one_case():
    outcome = process(xdm(NOTE))
    assert outcome.kind == "xdm:SubmissionSet"
    (patient,), (task,) = of(outcome, "Patient"), of(outcome, "Task")
    (referral,) = [one for one in of(outcome, "ServiceRequest") if one["intent"] == "order"]
    assert {one["value"] for one in patient["identifier"]} == {"BR-1187", "X-20"}
    assert task["focus"] == {"reference": f"ServiceRequest/{referral['id']}"}
    assert {one["value"] for one in referral["identifier"]} == {"BK-4471", "RN-5520"}
    assert "Is a resection still possible after three cycles?" in [one["text"] for one in referral["reasonCode"]]
    assert {one["reference"].partition("/")[0] for one in referral["supportingInfo"]} >= {
        "DocumentReference",
        "Condition",
    }


def test_the_case_misses_nothing_that_any_document_brought():
    (task,) = of(process(xdm(NOTE)), "Task")
    missing = {one["type"]["coding"][0]["code"] for one in task["input"]}
    assert missing.isdisjoint({"pathology-report", "medication-list", "clinical-question"})


def test_every_leaf_of_every_part_is_accounted_for_at_its_place():
    outcome = process(xdm(NOTE))
    assert states(outcome, "IHE_XDM/SUBSET01/DOC00002.HL7")["PID-5.1"] == "mapped"
    assert states(outcome, "IHE_XDM/SUBSET01/DOC00001.XML")["/ClinicalDocument/title/text()"] == "mapped"
    assert states(outcome, "IHE_XDM/SUBSET01/DOC00003.PDF")[""] == "mapped"
    assert states(outcome, "INDEX.HTM")[""] == "ignored"
    assert outcome.counts["unmapped"] == outcome.counts["failed"] == 0


def test_the_cover_is_said_of_the_document_that_it_describes():
    documents = {
        one["masterIdentifier"]["value"]: one
        for one in of(process(xdm(NOTE)), "DocumentReference")
        if "masterIdentifier" in one
    }
    scan = documents["urn:oid:2.25.77103"]
    attachment = scan["content"][0]["attachment"]
    assert scan["type"]["coding"] == [{"system": "http://loinc.org", "code": "11526-1", "display": "Pathology study"}]
    assert attachment["contentType"] == "application/pdf"
    assert attachment["size"] == len(SCAN)
    assert attachment["title"] == "Document 3 of the referral"
    assert documents["urn:oid:2.25.77101"]["content"][0]["attachment"]["url"].startswith("Binary/")


@pytest.mark.parametrize(
    ("name", "born"),
    [("Brackwater^Lena^^^", "19580614"), ("Millstone^Lorenz^^^", "19580614"), ("Brackwater^Lorenz^^^", "19580616")],
    ids=["another given name", "another family name", "another birth date"],
)
def test_a_cover_of_somebody_else_is_a_conflict_of_patients(name, born):
    outcome = process(xdm(NOTE, name=name, born=born))
    assert outcome.error is not None
    assert outcome.error.code == "patient-conflict"
    assert outcome.error.place == "package"
    assert outcome.bundle is None
    assert outcome.counts["unmapped"] == outcome.counts["leaves"] > 100


def test_an_order_for_somebody_else_is_a_conflict_too():
    assert process(xdm(NOTE, order=ORDER.replace(b"19580614", b"19610614"))).error.code == "patient-conflict"


def test_documents_that_nothing_ties_together_are_not_taken_for_one_persons():
    note = NOTE.replace(b'<birthTime value="19580614"/>', b"")
    stranger = ORDER.replace(b"BR-1187", b"ZZ-99")
    assert process(package({"note.xml": note, "order.hl7": stranger})).error.code == "patient-conflict"


def test_a_plain_zip_of_documents_needs_no_cover():
    outcome = process(package({"a note.xml": NOTE, "scan of page 1.pdf": SCAN, "__MACOSX/._x": b"junk"}))
    assert outcome.kind == "xdm:documents"
    kept = next(one for one in of(outcome, "DocumentReference") if one["content"][0]["attachment"].get("data"))
    assert kept["content"][0]["attachment"]["title"] == "scan of page 1.pdf"
    assert kept["subject"]["reference"] == f"Patient/{of(outcome, 'Patient')[0]['id']}"
    assert states(outcome, "entry 2")[""] == "mapped"
    assert len(of(outcome, "Task")) == 1


def test_a_broken_document_costs_no_other_and_is_kept_as_it_is():
    outcome = process(package({"note.xml": NOTE, "other.xml": NOTE[:-20]}))
    assert [(one.rule, one.location) for one in outcome.issues if one.code == "record-refused"] == [
        ("malformed-message", "other.xml")
    ]
    assert any("data" in one["content"][0]["attachment"] for one in of(outcome, "DocumentReference"))


def test_a_document_that_is_missing_is_told():
    cover = metadata({"DOC00003.PDF": SCAN, "DOC00004.PDF": SCAN}, "Brackwater^Lorenz^^^", "19580614")
    outcome = process(package({f"{FOLDER}/DOC00003.PDF": SCAN, f"{FOLDER}/METADATA.XML": cover}))
    codes = [one.code for one in outcome.issues if one.code.startswith("document-")]
    assert codes == ["document-missing", "document-kept"]


@pytest.mark.parametrize("body", [SCAN + b"more", SCAN[::-1]], ids=["longer", "as long"])
def test_a_document_that_is_not_what_the_cover_says_is_refused_with_its_place(body):
    cover = metadata({"DOC00003.PDF": SCAN}, "Brackwater^Lorenz^^^", "19580614")
    error = process(package({f"{FOLDER}/DOC00003.PDF": body, f"{FOLDER}/METADATA.XML": cover})).error
    assert error.code == "document-differs"
    assert error.place.startswith(f"{FOLDER}/METADATA.XML /")
    assert "/ExtrinsicObject/Slot[4]/" in error.place


SECOND = ORDER.replace(b"BK-4471", b"BK-4472").replace(b"BK000712", b"BK000713")
ANSWERS = b'<inFulfillmentOf><order><id root="2.16.840.1.113883.19.77.5" extension="%s"/></order></inFulfillmentOf>'


def naming(*orders):
    return NOTE.replace(b"<component>", b"".join(ANSWERS % one for one in orders) + b"<component>", 1)


def questions(outcome):
    """What each case of the package asks, by the number of its order."""
    focus = {task["focus"]["reference"] for task in of(outcome, "Task")}
    asked = [one for one in of(outcome, "ServiceRequest") if f"ServiceRequest/{one['id']}" in focus]
    assert len(asked) == len(focus)
    return {one["identifier"][0]["value"]: {reason["text"] for reason in one["reasonCode"]} for one in asked}


QUESTION = "Is a resection still possible after three cycles?"


@pytest.mark.parametrize(
    ("named", "with_question", "cases"),
    [
        ((b"BK-4472",), {"BK-4472"}, {"BK-4471", "BK-4472"}),
        ((b"BK-4471", b"BK-4472"), {"BK-4471", "BK-4472"}, {"BK-4471", "BK-4472"}),
        ((), {"RN-5520"}, {"BK-4471", "BK-4472", "RN-5520"}),
    ],
    ids=["one", "both", "none"],
)
def test_each_of_several_orders_is_a_question_with_the_notes_that_name_it(named, with_question, cases):
    outcome = process(package({"note.xml": naming(*named), "one.hl7": ORDER, "two.hl7": SECOND}))
    found = questions(outcome)
    assert set(found) == cases
    assert {number for number, reasons in found.items() if QUESTION in reasons} == with_question
    assert len(of(outcome, "Patient")) == 1
    assert ("order-not-named" in [one.code for one in outcome.issues]) is (not named)
    assert outcome.counts["unmapped"] == outcome.counts["failed"] == 0


def test_two_orders_of_one_message_are_two_questions_and_an_order_told_twice_is_one():
    segments, others = ORDER.split(b"\r"), SECOND.split(b"\r")
    both = b"\r".join([*segments[:4], *others[2:4], b""])
    assert set(questions(process(package({"both.hl7": both})))) == {"BK-4471", "BK-4472"}
    told_twice = questions(process(package({"note.xml": NOTE, "one.hl7": ORDER, "again.hl7": ORDER + b"\r"})))
    assert QUESTION in told_twice["BK-4471"]


def test_a_document_of_the_cover_comes_with_the_order_that_it_names():
    listed = '<Slot name="referenceIdList"><ValueList><Value>{}</Value></ValueList></Slot>'.format(
        "BK-4472^^^&amp;2.16.840.1.113883.19.77.5&amp;ISO^urn:ihe:iti:xds:2013:order"
    )
    cover = metadata({"DOC00003.PDF": SCAN}, "Brackwater^Lorenz^^^", "19580614")
    cover = cover.replace(b"<Name>", listed.encode() + b"<Name>", 1)
    files = {"METADATA.XML": cover, "DOC00003.PDF": SCAN, "ONE.HL7": ORDER, "TWO.HL7": SECOND}
    outcome = process(package({f"{FOLDER}/{name}": body for name, body in files.items()}))
    (scan,) = [one for one in of(outcome, "DocumentReference") if "masterIdentifier" in one]
    assert scan["context"]["related"][0]["identifier"]["type"]["text"] == "urn:ihe:iti:xds:2013:order"
    with_scan = [
        one["identifier"][0]["value"]
        for one in of(outcome, "ServiceRequest")
        if {"reference": f"DocumentReference/{scan['id']}"} in one.get("supportingInfo", ())
    ]
    assert with_scan == ["BK-4472"]
    assert outcome.counts["unmapped"] == outcome.counts["failed"] == 0


def test_a_package_with_an_order_for_test_is_for_test_as_a_whole():
    real, test = process(xdm(NOTE)), process(xdm(NOTE, order=ORDER.replace(b"|P|2.5.1", b"|T|2.5.1")))
    assert all(one["resource"]["meta"]["security"] for one in test.bundle["entry"])
    clinical = {"Patient", "ServiceRequest", "Condition", "MedicationRequest", "CarePlan"}
    names = [
        {one["resource"]["id"] for one in found.bundle["entry"] if one["resource"]["resourceType"] in clinical}
        for found in (real, test)
    ]
    assert names[0].isdisjoint(names[1])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (package({"README.TXT": b"nothing else"}), "malformed-message"),
        (package({"../note.xml": NOTE}), "unsafe-package"),
        (package({"IHE_XDM/SUBSET01/METADATA.XML": b"<a", "one.pdf": SCAN}), "malformed-message"),
        (b"PK\x03\x04", "malformed-message"),
    ],
)
def test_a_package_that_cannot_be_opened_says_why(body, code):
    outcome = process(body)
    assert outcome.error.code == code
    assert outcome.kind == "xdm:unknown"
