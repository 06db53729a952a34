"""Slides, images and variants of a case: what is sent is kept and joined, what comes by post is ticked off."""

import base64
import gzip

import pytest

from gateway.access.keys import add_key
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


def asked_for(house, item):  # noqa: F811
    """The Task that waits for something."""
    requests = [one for one in house.all("Task") if one["code"].get("text") == "Please send what is missing"]
    return next(one for one in requests if item in codes_of(one["input"][0]["type"]))


def codes_of(concept):
    return [one["code"] for one in concept.get("coding", ())]


@pytest.mark.parametrize(
    ("item", "tick", "said"),
    [
        ("pathology-slides", "slides_by_post", "Slides follow by courier."),
        ("imaging-studies", "disc_by_post", "The CT and the PET come on a disc."),
    ],
)
def test_what_comes_by_post_is_waited_for_and_ticked_off(house, item, tick, said):  # noqa: F811
    for told in ({"diagnosis": {tick: True}}, {"wishes": {"remarks": said}}):
        house.refer(question={"pathology_review": None, "imaging_review": None}, **told)
        assert item in house.missing()
        task = asked_for(house, item)
        assert (task["status"], codes_of(task["businessStatus"])) == ("requested", ["awaiting-material"])
        assert task["statusReason"]["text"] == "On its way by post"
    house.become_complete(but=item)
    assert (house.missing(), house.case.state) == ([item], "needs-information")
    house.step("completed", activity=item)
    assert (asked_for(house, item)["status"], house.missing()) == ("completed", [])
    assert house.case.state == "records-complete"
    assert house.case.complete


def test_slides_that_are_not_wanted_are_waited_for_no_longer(house):  # noqa: F811
    house.refer(diagnosis={"slides_by_post": True})
    house.step("revoked", activity="pathology-slides", reason="The blocks are here already")
    assert "pathology-slides" not in house.missing()
    assert asked_for(house, "pathology-slides")["status"] == "cancelled"


def test_a_disc_that_does_not_come_is_not_waited_for(house):  # noqa: F811
    house.refer(question={"imaging_review": None}, diagnosis={"disc_by_post": False})
    assert "imaging-studies" not in house.missing()


def test_key_objects_with_an_address_are_the_images_that_were_asked_for(house):  # noqa: F811
    house.refer(question={"imaging_review": True})
    assert "imaging-studies" in house.missing()
    house.send(
        key_objects(PatientID="QU-20418", PatientName="Quendler^Marta^Ilse", PatientBirthDate="19610325", issuer="")
    )
    assert "imaging-studies" not in house.missing()


def test_variants_are_kept_with_the_case_and_shown_only_to_who_may_see_genes(house):  # noqa: F811
    variants = gzip.compress(b"##fileformat=VCFv4.3\n#CHROM\tPOS\n17\t7674220\n", mtime=0)
    house.send(REFERRAL)
    house.send(package({"REFERRAL.HL7": REFERRAL.replace(b"LK900", b"LK901"), "TUMOUR.VCF.GZ": variants}))
    assert not [one for one in house.all("DocumentReference") if "VCF" in one["type"].get("text", "")]
    key = add_key(house.here.store, house.here.clock, "reader", "The molecular board", sees=("GDIS",))
    house.reader = {"Authorization": f"Bearer {key}"}
    [kept] = [one for one in house.all("DocumentReference") if "VCF" in one["type"].get("text", "")]
    assert base64.b64decode(kept["content"][0]["attachment"]["data"]) == variants
    assert {"reference": f"DocumentReference/{kept['id']}"} in house.plan["supportingInfo"]
    assert house.all("Observation", code="69548-6") == []
