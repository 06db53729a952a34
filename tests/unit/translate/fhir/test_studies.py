"""gateway.translate.studies: who names a study of images by its UID names the one study of that UID."""

import json

from gateway.core import study
from gateway.core.submission import Sender
from gateway.pipeline import process

UID = "2.25.1188"
NUMBER = study.number(UID)
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:2.999.7", "value": "P-1"}],
    "name": [{"family": "Holbrook", "given": ["Maren"]}],
}
SUBJECT = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}
# As IHE MHD provides an imaging manifest: the key objects are elsewhere, the study is named.
MANIFEST = {
    "resourceType": "DocumentReference",
    "status": "current",
    "type": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]},
    "subject": SUBJECT,
    "content": [{"attachment": {"contentType": "application/dicom", "url": "https://archive.harbor.example/kos/1"}}],
    "context": {"related": [{"type": "ImagingStudy", "identifier": NUMBER}]},
}
ACCESSION = {"type": {"coding": [dict(zip(("system", "code"), study.ACCESSION, strict=True))]}, "value": "ACC-1"}
STUDY = {
    "resourceType": "ImagingStudy",
    "identifier": [ACCESSION, NUMBER],
    "status": "available",
    "subject": SUBJECT,
    "series": [{"uid": "2.25.2", "modality": {"code": "CT"}}],
}


def made(*resources):
    entries = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{n}", "resource": one}
        for n, one in enumerate((PATIENT, *resources), 1)
    ]
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
    outcome = process(body, sender=Sender(clinic="harbor"))
    assert outcome.error is None
    found = [entry["resource"] for entry in outcome.bundle["entry"]]
    return outcome, [one for one in found if one["resourceType"] == "ImagingStudy"], found


def test_a_manifest_that_names_a_study_leads_to_it():
    outcome, [found], every = made(MANIFEST)
    assert (found["identifier"], found["status"]) == ([NUMBER], "unknown")
    [related] = [one["context"]["related"] for one in every if "context" in one]
    assert related == [{"type": "ImagingStudy", "identifier": NUMBER, "reference": f"ImagingStudy/{found['id']}"}]
    assert found["subject"]["reference"].startswith("Patient/")
    assert outcome.counts["unmapped"] == 0


def test_a_study_that_is_there_is_the_one_that_is_named_in_whatever_order():
    for resources in ((STUDY, MANIFEST), (MANIFEST, STUDY)):
        _, [found], _ = made(*resources)
        assert (found["status"], len(found["series"])) == ("available", 1)


def test_a_study_has_one_id_whatever_number_stands_first():
    _, [one], _ = made(STUDY)
    _, [other], _ = made(STUDY | {"identifier": [NUMBER]})
    assert one["id"] == other["id"]


def test_what_is_no_uid_names_nothing():
    wrong = {"type": "ImagingStudy", "identifier": {"system": study.SYSTEM, "value": "the CT of March"}}
    _, studies, _ = made(MANIFEST | {"context": {"related": [wrong]}})
    assert studies == []
