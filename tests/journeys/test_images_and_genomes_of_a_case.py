"""Slides, images and variants of a case: what is sent is kept and joined, what comes by post is ticked off."""

from tests.dicom import BASE, SERIES, STUDY, items, key_objects, slice_, uid
from tests.journeys.test_services_of_the_centre import PDF, REFERRAL, house  # noqa: F401
from tests.packages import package

NUMBER = {"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"}
ISSUER = [items(LocalNamespaceEntityID="RIS", UniversalEntityID="2.999.3", UniversalEntityIDType="ISO")]


def report(house, *more):  # noqa: F811
    house.message(
        "ORU^R01^ORU_R01",
        "OBR|1||ACC-5512^RIS^2.999.3^ISO|18748-4^Diagnostic imaging study^LN|||20260302||||||||||||||||||F",
        f"OBX|1|ED|18748-4^Report^LN||^application^pdf^Base64^{PDF}||||||F",
        *more,
    )
    [found] = [one for one in house.all("DiagnosticReport") if "presentedForm" in one]
    return found


def study(house):  # noqa: F811
    [found] = house.all("ImagingStudy")
    return found


def test_key_objects_report_and_disc_are_one_study(house):  # noqa: F811
    house.send(REFERRAL)
    assert "imagingStudy" not in report(house)
    house.send(key_objects(IssuerOfAccessionNumberSequence=ISSUER))
    house.send(package({"DICOM/IM1": slice_(1), "DICOM/IM3": slice_(3)}))
    found = study(house)
    assert found["identifier"][0] == NUMBER
    images = next(one for one in found["series"] if one["uid"] == SERIES)
    assert sorted(one["uid"] for one in images["instance"]) == sorted(uid(f"slice {n}") for n in (1, 2, 3))
    assert (images["modality"]["code"], images["description"]) == ("CT", "Abdomen, portal venous")
    assert house.read(images["endpoint"][0]["reference"])["address"] == BASE
    named = {"reference": f"ImagingStudy/{found['id']}"}
    [told] = [one for one in house.all("DiagnosticReport") if "presentedForm" in one]
    assert told["imagingStudy"] == [named]
    assert named in house.plan["supportingInfo"]
    assert "imaging-review" in house.activities()


def test_a_report_that_names_the_study_by_its_uid_belongs_to_it_before_and_after(house):  # noqa: F811
    house.send(REFERRAL)
    before = report(house, f"OBX|2|TX|113014^Study^DCM||{STUDY}||||||F")
    assert study(house)["status"] == "unknown"
    house.send(key_objects())
    found = study(house)
    assert (found["status"], len(found["series"])) == ("available", 2)
    assert before["imagingStudy"] == [{"reference": f"ImagingStudy/{found['id']}"}]
    again = report(house, f"OBX|2|TX|113014^Study^DCM||{STUDY}||||||F")
    assert again["imagingStudy"] == before["imagingStudy"]
    assert study(house)["series"] == found["series"]


def test_what_was_sent_once_more_makes_no_new_version(house):  # noqa: F811
    house.send(REFERRAL)
    house.send(key_objects(IssuerOfAccessionNumberSequence=ISSUER))
    report(house)
    house.send(slice_(3))
    before = study(house), house.all("DiagnosticReport")
    assert before[0]["meta"]["versionId"] == "2"
    house.send(slice_(3, TimezoneOffsetFromUTC=""))
    assert (study(house), house.all("DiagnosticReport")) == before


def test_a_study_that_is_told_otherwise_has_what_was_told_last_and_its_history_the_rest(house):  # noqa: F811
    house.send(slice_(1))
    house.send(slice_(2, SeriesDescription="Abdomen, arterial", StudyDescription="CT abdomen"))
    found = study(house)
    [series] = found["series"]
    assert (series["description"], len(series["instance"]), found["description"]) == (
        "Abdomen, arterial",
        2,
        "CT abdomen",
    )
    before = house.read(f"ImagingStudy/{found['id']}/_history/1")
    assert before["series"][0]["description"] == "Abdomen, portal venous"


def test_a_study_that_is_known_of_somebody_else_is_set_aside(house):  # noqa: F811
    house.send(slice_(1))
    answer = house.client.post(
        "/submissions", data=slice_(2, PatientID="700999", PatientName="Holbrook^Maren"), headers=house.clinic
    )
    while house.worker.turn("process"):
        pass
    status = house.client.get(f"/submissions/{answer.json['id']}", headers=house.clinic).json
    assert (status["state"], status["reason"]) == ("quarantined", "patient-conflict")
    assert len(study(house)["series"][0]["instance"]) == 1
