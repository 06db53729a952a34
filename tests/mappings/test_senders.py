"""What an overlay of mappings/senders/ changes in what comes out, and that it loses nothing."""

import re

import pytest

from gateway import pipeline
from gateway.core.errors import MappingTableError
from gateway.core.ledger import State
from gateway.core.submission import Sender
from gateway.translate import mapping

MESSAGE = "\r".join(
    [
        r"MSH|^~\&|HIS|WEST|||202603020900||ADT^A08^ADT_A01|77|P|2.5.1",
        "EVN||202603020900",
        "PID|1||M-77^^^RIVER^HOSPNO||Müller^Amara||19610409|W",
        "PV1|1|I",
        "DG1|1||C50^Mamma-Ca^99ONCO||202602011130|W",
    ]
)


def made(body: bytes | str = MESSAGE, **agreed):
    sent = body if isinstance(body, bytes) else body.encode()
    return pipeline.process(sent, sender=Sender("riverbend", **agreed))


def one(outcome, type):
    return next(e["resource"] for e in outcome.bundle["entry"] if e["resource"]["resourceType"] == type)


def codes(outcome):
    return {issue.code for issue in outcome.issues}


def test_a_namespace_is_the_system_that_was_agreed():
    system = "https://fhir.second-opinion.example/sid/riverbend/RIVER"
    assert one(made(), "Patient")["identifier"][0]["system"] == system
    assert "identifier-system-unknown" in codes(made())
    outcome = made(namespaces={"RIVER": "urn:oid:2.999.1.1"})
    number = one(outcome, "Patient")["identifier"][0]
    assert (number["system"], number["value"], number["assigner"]) == (
        "urn:oid:2.999.1.1",
        "M-77",
        {"display": "RIVER"},
    )
    assert "identifier-system-unknown" not in codes(outcome)


def test_a_universal_id_goes_before_an_agreed_name():
    sent = MESSAGE.replace("^RIVER^", "^RIVER&2.999.7&ISO^")
    assert (
        one(made(sent, namespaces={"RIVER": "urn:oid:2.999.1.1"}), "Patient")["identifier"][0]["system"]
        == "urn:oid:2.999.7"
    )


def test_a_coding_system_has_the_uri_that_was_agreed():
    outcome = made(systems={"99ONCO": "https://example.org/onco"})
    assert one(outcome, "Condition")["code"]["coding"][0]["system"] == "https://example.org/onco"


def test_a_local_code_is_translated_as_the_standard_code_that_it_stands_for():
    assert "gender" not in one(made(), "Patient")
    outcome = made(tables={"0001": {"W": "F"}})
    assert one(outcome, "Patient")["gender"] == "female"
    assert State.MAPPED in {entry.state for entry in outcome.ledger if entry.location == "PID-8"}


def test_a_local_code_of_a_concept_map_is_for_that_map_alone():
    assert "gender" not in one(made(tables={"v2-0063-relationship": {"W": "SPO"}}), "Patient")


def test_a_local_code_stays_beside_its_standard_code():
    number = one(made(tables={"0203": {"HOSPNO": "MR"}}), "Patient")["identifier"][0]
    assert number["type"] == {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}],
        "text": "HOSPNO",
    }
    category = one(made(tables={"0052": {"W": "F"}}), "Condition")["category"][-1]
    assert [coding["code"] for coding in category["coding"]] == ["F", "W"]


def test_a_time_without_an_offset_is_of_the_senders_zone():
    assert one(made(), "Condition")["recordedDate"] == "2026-02-01"
    outcome = made(zone="America/Chicago")
    assert one(outcome, "Condition")["recordedDate"] == "2026-02-01T11:30:00-06:00"


@pytest.mark.parametrize(("charset", "name"), [("8859/2", "Müller"), ("8859/5", "Mќller")])
def test_a_message_without_a_character_set_is_read_in_the_one_agreed(charset, name):
    outcome = made(MESSAGE.encode("latin-1"), charset=charset)
    assert one(outcome, "Patient")["name"][0]["family"] == name
    assert "encoding-assumed" not in codes(outcome)


def test_a_character_set_that_is_sent_goes_before_the_one_agreed():
    header, rest = MESSAGE.split("\r", 1)
    sent = f"{header}||||||UNICODE UTF-8\r{rest}"
    assert one(made(sent, charset="8859/5"), "Patient")["name"][0]["family"] == "Müller"


def test_the_provenance_names_the_overlay_beside_the_mapping():
    (agent,) = [
        agent["who"]["display"]
        for entry in made(overlay="abc123").bundle["entry"]
        if entry["resource"]["resourceType"] == "Provenance"
        for agent in entry["resource"]["agent"]
        if agent["who"].get("display", "").startswith("Gateway")
    ]
    assert agent == f"Gateway, mapping {mapping.version()}+abc123"


NEXT_OF_KIN = f"{MESSAGE}\rNK1|1|Müller^Jonas|SPO"


@pytest.mark.parametrize(
    ("value", "contacts", "persons"), [("both", 1, 1), ("related-person", 0, 1), ("contact", 1, 0)]
)
def test_next_of_kin_are_told_as_agreed_and_lose_nothing(value, contacts, persons):
    outcome = made(NEXT_OF_KIN, policies={"nk1": value})
    types = [entry["resource"]["resourceType"] for entry in outcome.bundle["entry"]]
    assert len(one(outcome, "Patient").get("contact", ())) == contacts
    assert types.count("RelatedPerson") == persons
    assert {entry.state for entry in outcome.ledger if entry.location == "NK1-2.1"} == {State.MAPPED}


def test_the_date_of_a_diagnosis_is_what_was_agreed():
    condition = one(made(policies={"dg1_5": "onsetDateTime"}), "Condition")
    assert condition["onsetDateTime"] == "2026-02-01"
    assert "recordedDate" not in condition


def test_an_offset_that_was_not_sent_is_said_to_be_assumed():
    assert "offset-assumed" in codes(made(zone="America/Chicago"))
    assert "offset-assumed" not in codes(made())


@pytest.mark.parametrize("sent", ["D", "N", "T", "V", "T^I"])
def test_what_is_for_test_has_ids_of_its_own_and_is_labelled(sent):
    real, test = made(), made(MESSAGE.replace("|77|P|", f"|77|{sent}|"))
    assert "test-data" in codes(test)
    ids = [{entry["resource"]["id"] for entry in one.bundle["entry"]} for one in (real, test)]
    assert not ids[0] & ids[1]
    labels = [entry["resource"]["meta"]["security"][-1]["code"] for entry in test.bundle["entry"]]
    assert set(labels) == {"HTEST"}


def test_what_is_for_test_is_refused_where_that_was_agreed():
    refused = made(MESSAGE.replace("|77|P|", "|77|T|"), policies={"test_messages": "refuse"})
    assert refused.error.code == "non-production"
    assert refused.bundle is None
    assert made(policies={"test_messages": "refuse"}).error is None


def test_rows_of_an_overlay_map_segments_of_the_senders_own(tmp_path):
    (tmp_path / "riverbend.yaml").write_text(
        "clinic: riverbend\nrows:\n  hl7v2.PATIENT.Patient:\n    - {to: address, from: ZPI-2, as: address}\n"
    )
    body = MESSAGE.replace("\rPV1", "\rZPI|1|12 Mill Lane^^Riverbend|kept\rPV1").encode()
    plain, agreed = (
        pipeline.process(body, sender=sender)
        for sender in (Sender("riverbend"), pipeline.open_senders(tmp_path).find("riverbend"))
    )
    assert "address" not in one(plain, "Patient")
    assert one(agreed, "Patient")["address"] == [{"line": ["12 Mill Lane"], "city": "Riverbend"}]
    states = {entry.location: (entry.state, entry.rule) for entry in agreed.ledger if entry.location.startswith("ZPI")}
    assert states["ZPI-2.1"] == (State.MAPPED, "hl7v2.PATIENT.Patient+riverbend#1")
    assert states["ZPI-3"][0] is State.UNMAPPED
    assert "address" not in one(pipeline.process(body, sender=Sender("riverbend")), "Patient")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{to: adress, from: ZPI-2, as: address}", "riverbend.yaml:4: Patient.adress is not in R4"),
        ("{to: address, from: zpi, as: address}", "riverbend.yaml:4: zpi is not a locator of hl7v2"),
        ("{to: address, from: ZPI-2}", "riverbend.yaml:4: a row says none of"),
        ("ZPI-2", "riverbend.yaml:4: rows: hl7v2.PATIENT.Patient: 0: Not a valid mapping type."),
    ],
)
def test_a_row_of_an_overlay_is_checked_as_every_row_is(tmp_path, row, complaint):
    (tmp_path / "riverbend.yaml").write_text(f"clinic: riverbend\nrows:\n  hl7v2.PATIENT.Patient:\n    - {row}\n")
    with pytest.raises(MappingTableError, match=re.escape(complaint)):
        pipeline.open_senders(tmp_path)


def test_rows_for_a_map_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("clinic: a\nrows:\n  hl7v2.ZPI.Patient:\n    - {to: active, value: 'true'}")
    with pytest.raises(MappingTableError, match=r"a\.yaml:4: there is no map hl7v2\.ZPI\.Patient"):
        pipeline.open_senders(tmp_path)


def test_a_senders_own_word_for_a_second_opinion_asks_for_one():
    body = MESSAGE.replace("ADT^A08^ADT_A01", "REF^I12") + "\rRF1|P|||2ND^Zweitmeinung^99RIVER|O|RF-1"
    assert "2ND" in str(one(made(body), "ServiceRequest")["orderDetail"])
    referral = one(made(body, tables={"0282": {"2ND": "SO"}}), "ServiceRequest")
    assert [coding["code"] for coding in referral["code"]["coding"]] == ["SO", "2ND"]
    assert referral["code"]["text"] == "Zweitmeinung"
