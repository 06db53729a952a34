"""mappings/dicom: a study by its number and where it can be had; what an object says of pixels stays in the account."""

import re

import pytest
from pydicom.datadict import keyword_dict

from gateway.core.submission import Sender
from gateway.core.table import MAPPINGS
from gateway.pipeline import process
from gateway.translate.table import read
from tests.dicom import BASE, SERIES, STUDY, disc, items, key_objects, slice_, uid
from tests.packages import package

OWN = {"patients", "studies", "series", "instances", "private", "ideographic", "phonetic"}
OVERLAY = {"OverlayData"}  # stands in several groups, which pydicom lists apart
NUMBER = {"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"}


def converted(body, **sender):
    return process(body, sender=Sender(clinic="harbor", **sender))


def made(outcome, type):
    found = [entry["resource"] for entry in outcome.bundle["entry"]]
    return [one for one in found if one["resourceType"] == type]


def study(body, **sender):
    outcome = converted(body, **sender)
    assert outcome.sound
    [found] = made(outcome, "ImagingStudy")
    return found


def test_a_list_of_key_objects_is_a_study_with_the_place_where_its_images_can_be_had():
    outcome = converted(key_objects())
    [found], [endpoint], [patient] = (made(outcome, type) for type in ("ImagingStudy", "Endpoint", "Patient"))
    assert outcome.kind == "dicom:KO"
    assert found["identifier"][0] == NUMBER
    assert (endpoint["address"], endpoint["connectionType"]["code"]) == (BASE, "dicom-wado-rs")
    images = next(one for one in found["series"] if one["uid"] == SERIES)
    assert images["endpoint"] == [{"reference": f"Endpoint/{endpoint['id']}"}]
    assert [one["uid"] for one in images["instance"]] == [uid("slice 1"), uid("slice 2")]
    assert images["instance"][0]["sopClass"]["code"] == "urn:oid:1.2.840.10008.5.1.4.1.1.2"
    assert "code" not in images["modality"]  # of which such a list says nothing
    assert found["note"] == [{"text": "Please look at segment 6."}]
    assert patient["identifier"] == [{"system": "urn:oid:2.16.840.1.113883.19.5.1", "value": "700123"}]
    assert outcome.counts["unmapped"] == 0


def test_every_study_of_a_list_stands_and_only_its_own_has_its_day():
    other = uid("another study")
    found = made(converted(key_objects(studies=(STUDY, other))), "ImagingStudy")
    assert [(one["identifier"][0]["value"], one.get("started")) for one in found] == [
        (f"urn:oid:{STUDY}", "2026-03-02"),
        (f"urn:oid:{other}", None),
    ]


def test_an_image_is_told_and_its_pixels_stay_where_they_are():
    outcome = converted(slice_())
    [found] = made(outcome, "ImagingStudy")
    [series] = found["series"]
    assert (series["modality"]["code"], series["description"]) == ("CT", "Abdomen, portal venous")
    assert found["referrer"]["reference"].startswith("Practitioner/")
    states = {line.location: str(line.state) for line in outcome.ledger}
    assert (states["(7FE0,0010)"], states["(0029,1001)"]) == ("ignored", "ignored")
    assert not any("data" in str(one) for one in made(outcome, "DocumentReference"))


@pytest.mark.parametrize(
    ("said", "zone", "started"),
    [
        ({"TimezoneOffsetFromUTC": "-0500"}, "", "2026-03-02T10:15:00-05:00"),
        ({}, "America/Chicago", "2026-03-02T10:15:00-06:00"),
        ({}, "", "2026-03-02"),
        ({"StudyTime": ""}, "America/Chicago", "2026-03-02"),
        ({"StudyDate": ""}, "America/Chicago", None),
    ],
)
def test_a_study_began_at_the_hour_that_is_told_and_no_zone_is_invented(said, zone, started):
    assert study(slice_(**said), zone=zone).get("started") == started


def test_a_day_that_no_calendar_has_is_kept_as_it_was_sent():
    [found] = made(converted(slice_().replace(b"20260302", b"20261302")), "ImagingStudy")
    assert found["_started"]["extension"][0]["valueString"] == "20261302101500"
    assert "started" not in found


@pytest.mark.parametrize(
    ("issuer", "namespaces", "system"),
    [
        ({"UniversalEntityID": "2.999.3", "UniversalEntityIDType": "ISO"}, {}, "urn:oid:2.999.3"),
        ({"LocalNamespaceEntityID": "RIS"}, {"RIS": "urn:oid:2.999.4"}, "urn:oid:2.999.4"),
        ({"LocalNamespaceEntityID": "RIS"}, {}, "https://fhir.second-opinion.example/sid/harbor/RIS"),
        ({}, {}, "https://fhir.second-opinion.example/sid/sender/harbor/accession"),
    ],
)
def test_an_accession_number_is_of_whoever_gave_it(issuer, namespaces, system):
    found = study(slice_(IssuerOfAccessionNumberSequence=[items(**issuer)] if issuer else []), namespaces=namespaces)
    [number] = [one for one in found["identifier"] if one["value"] == "ACC-5512"]
    assert (number["system"], number["type"]["coding"][0]["code"]) == (system, "ACSN")


def test_a_name_keeps_how_it_is_written_and_how_it_sounds():
    [patient] = made(converted(slice_(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう")), "Patient")
    assert [one["family"] for one in patient["name"]] == ["Yamada", "山田", "やまだ"]
    assert [one["extension"][0]["valueCode"] for one in patient["name"][1:]] == ["IDE", "SYL"]


def test_an_address_of_another_study_stays_as_it_was_sent():
    other = key_objects().replace(f"studies/{STUDY}".encode(), f"studies/{STUDY[:-1]}0".encode())
    [endpoint] = made(converted(other), "Endpoint")
    assert endpoint["address"].endswith(f"/studies/{STUDY[:-1]}0/series/{SERIES}")


def test_a_study_of_nobody_says_so():
    found = study(slice_(PatientName="", PatientID="", PatientBirthDate="", PatientSex=""))
    assert found["subject"] == {"display": "Unknown"}


def test_the_directory_of_a_disc_lists_its_studies():
    outcome = converted(disc())
    [found] = made(outcome, "ImagingStudy")
    assert (outcome.kind, outcome.counts["unmapped"]) == ("dicom:DICOMDIR", 0)
    assert [(one["uid"], one["modality"]["code"], len(one["instance"])) for one in found["series"]] == [
        (SERIES, "CT", 1)
    ]


def test_a_disc_in_a_zip_is_one_study_with_all_that_any_of_its_files_says():
    files = {"DICOMDIR": disc(), "DICOM/IM1": slice_(1), "DICOM/IM2": slice_(2), "KOS": key_objects(instances=3)}
    found = study(package(files))
    series = next(one for one in found["series"] if one["uid"] == SERIES)
    assert sorted(one["uid"] for one in series["instance"]) == sorted(uid(f"slice {n}") for n in (1, 2, 3))
    assert series["modality"]["code"] == "CT"
    assert "endpoint" in series


def test_a_document_inside_an_object_is_kept_as_a_document():
    body = slice_(
        EncapsulatedDocument=b"%PDF-1.4 invented ",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        DocumentTitle="Report",
    )
    [found] = [one for one in made(converted(body), "DocumentReference") if "description" not in one]
    assert found["content"][0]["attachment"]["contentType"] == "application/pdf"
    assert found["content"][0]["attachment"]["data"] == "JVBERi0xLjQgaW52ZW50ZWQg"


def test_tables_name_what_dicom_has():
    sources = {
        source
        for file in sorted((MAPPINGS / "dicom").glob("*.yaml"))
        for table in read(file)
        for row in table.rows
        for source in (*row.source, *row.ignore)
    }
    words = {word for source in sources for word in source.split(".") if word}
    assert {word for word in words - OWN if not re.fullmatch(r"c\d", word)} - set(keyword_dict) - OVERLAY == set()
