"""ADT: who the patient is, where they are, and which records are one person's."""

import pytest

from tests.mappings.hl7v2_fixtures import codes, only, outcome, references, resources, states

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"


@pytest.fixture(scope="module")
def admission():
    return outcome("ADT_A01_inpatient")


def test_every_identifier_keeps_its_namespace_and_type(admission):
    patient = only(admission, "Patient")
    assert [(one["system"].rpartition("/")[2], one["value"]) for one in patient["identifier"]] == [
        ("urn:oid:2.16.840.1.113883.19.5.1", "700123"),
        ("USSSA", "999-00-1234"),
    ]


def test_race_and_ethnicity_are_us_cores(admission):
    found = {one["url"]: one["extension"] for one in only(admission, "Patient")["extension"]}
    race = found[f"{US_CORE}us-core-race"]
    assert race[0]["valueCoding"]["code"] == "2106-3"
    assert race[-1] == {"url": "text", "valueString": "White"}
    assert found[f"{US_CORE}us-core-ethnicity"][0]["valueCoding"]["code"] == "2135-2"


def test_mail_and_telephone_of_one_field_are_two_contact_points(admission):
    telecom = only(admission, "Patient")["telecom"]
    assert {(one["system"], one.get("use", "")) for one in telecom} == {
        ("phone", "home"),
        ("email", "home"),
        ("phone", "mobile"),
    }


def test_the_next_of_kin_is_a_related_person_and_a_contact(admission):
    person = only(admission, "RelatedPerson")
    assert codes(person["relationship"][0])[0] == ("v3-RoleCode", "SPS")
    assert only(admission, "Patient")["contact"][0]["name"]["family"] == "Sandoval"


def test_an_admission_is_a_visit_in_progress_with_its_bed(admission):
    visit = only(admission, "Encounter")
    assert (visit["status"], visit["class"]["code"]) == ("in-progress", "IMP")
    places = {f"Location/{one['id']}": one for one in resources(admission, "Location")}
    bed = places[visit["location"][0]["location"]["reference"]]
    assert codes(bed["physicalType"]) == [("location-physical-type", "bd")]
    assert places[places[bed["partOf"]["reference"]]["partOf"]["reference"]]["name"] == "4EAST"


def test_a_diagnosis_on_admission_has_its_part_in_the_visit(admission):
    [diagnosis] = only(admission, "Encounter")["diagnosis"]
    assert diagnosis["condition"] == {"reference": f"Condition/{only(admission, 'Condition')['id']}"}
    assert codes(diagnosis["use"]) == [("diagnosis-role", "AD")]


def test_an_update_does_not_say_how_far_a_visit_is():
    assert only(outcome("ADT_A08_update"), "Encounter")["status"] == "unknown"


def test_a_value_to_be_cleared_is_never_a_pair_of_quotation_marks():
    found = outcome("ADT_A08_update")
    assert "maritalStatus" not in only(found, "Patient")
    assert states(found)["PID-16"] == "ignored"
    assert ("clear-asked", "PID-16") in {(one.code, one.location) for one in found.issues}


def test_a_merged_patient_stays_known_and_points_to_the_survivor():
    prior, survivor = resources(outcome("ADT_A40_merge"), "Patient")
    assert prior["active"] is False
    assert prior["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]
    assert survivor["link"] == [{"other": {"reference": f"Patient/{prior['id']}"}, "type": "replaces"}]
    assert prior["identifier"][0]["value"] == "700999"


def test_a_changed_number_stays_on_the_same_patient_as_an_old_one():
    found = outcome("ADT_A40_merge", ("ADT^A40^ADT_A39", "ADT^A47^ADT_A30"))
    patient = only(found, "Patient")
    assert [one["value"] for one in patient["identifier"] if one.get("use") == "old"] == ["700999"]


def test_an_account_of_before_stays_known_when_a_visit_changes_its_kind():
    found = outcome(
        "ADT_A40_merge", ("ADT^A40^ADT_A39", "ADT^A06^ADT_A06"), ("ISO^MR||||||Sandoval", "ISO^MR||ACC-OLD||||Sandoval")
    )
    assert only(found, "Account")["identifier"][0]["value"] == "ACC-OLD"
    assert len(resources(found, "Patient")) == 1


def test_two_people_in_one_message_are_refused():
    found = outcome("ADT_A08_update", ("\rPV1|1|O", "\rPID|2||555^^^ELSE||Other^Person\rPV1|1|O"))
    assert found.error is not None
    assert found.error.code == "multi-patient"


def test_nothing_of_one_patient_of_a_list_leads_to_another():
    found = outcome("BAR_P02_two_patients")
    made = {
        f"{one['resource']['resourceType']}/{one['resource']['id']}": one["resource"] for one in found.bundle["entry"]
    }
    led = {name: set(references(resource)) for name, resource in made.items()}
    for _ in made:
        led = {name: seen.union(*(led[one] for one in seen)) for name, seen in led.items()}
    for name, seen in led.items():
        assert sum(one.startswith("Patient/") for one in seen) <= 1, name
    assert found.counts["unmapped"] == 0


def test_a_local_segment_is_counted_and_kept_with_the_submission(admission):
    assert states(admission)["ZLK-2"] == "unmapped"


def test_what_is_said_otherwise_of_an_insured_who_is_the_patient_is_not_said_to_have_landed():
    itself = ("|Halloran^Sean^^^^^L|SPO^Spouse^HL70063|19680730|", "|Hall^Tess|SEL^Self^HL70063|19700214|")
    found = outcome("DFT_P03_insurance", itself)
    said = states(found)
    assert resources(found, "Coverage")[0]["subscriber"]["reference"].startswith("Patient/")
    assert [said["IN1-16.1"], said["IN1-18"]] == ["failed", "mapped"]
    assert "Hall" in str(resources(found, "Provenance"))
