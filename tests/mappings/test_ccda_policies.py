"""mappings/policies.yaml, its rows for documents: each other value that it names does what it says."""

import pytest

from gateway import pipeline
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from tests.mappings.test_ccda_documents import only, resources
from tests.mappings.test_ccda_meaning import HEAD, TAIL, medicine, section

NEGATED_GENERIC = section(
    "11450-4",
    '<entry><observation classCode="OBS" moodCode="EVN" negationInd="true">'
    '<templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.2.3.6" extension="none"/>'
    '<statusCode code="completed"/><value xsi:type="CD" code="55607006" codeSystem="2.16.840.1.113883.6.96"/>'
    "</observation></entry>",
)
CONCERN = section(
    "75310-3",
    '<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.132"/>'
    '<id root="1.2.3.6" extension="worry"/><statusCode code="active"/><entryRelationship typeCode="REFR">'
    '<observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.38"/>'
    '<id root="1.2.3.6" extension="habit"/><code code="229819007" codeSystem="2.16.840.1.113883.6.96"/>'
    '<statusCode code="completed"/></observation></entryRelationship></act></entry>',
)
UNKNOWN = section(
    "8648-8",
    '<entry><observation classCode="OBS" moodCode="EVN"><id root="1.2.3.6" extension="odd"/>'
    '<code code="30954-2" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/></observation></entry>',
)
ORDER = medicine('moodCode="INT"', '<statusCode code="active"/>')
OPEN = '<statusCode code="completed"/><effectiveTime xsi:type="IVL_TS"><low value="20260101"/></effectiveTime>'


def told(*sections: str, zone: str = "", code: str = "34133-9", template: str = "2", **policies: str) -> Outcome:
    """A document as the sender's agreement has it read."""
    body = HEAD.format(code=code, template=template) + "".join(sections) + TAIL
    author = (
        '<author><time value="20260302"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="1234567893"/>'
        "<assignedPerson><name><given>Odile</given><family>Brandauer</family></name></assignedPerson>"
        "</assignedAuthor></author>"
    )
    body = body.replace("<component>", f"{author}<component>", 1)
    outcome = pipeline.process(body.encode(), sender=Sender("riverbend", zone, policies=policies))
    assert outcome.sound, outcome.issues
    return outcome


def types(outcome: Outcome) -> set[str]:
    return {one["resourceType"] for one in resources(outcome)}


def issued(outcome: Outcome) -> set[str]:
    return {one.code for one in outcome.issues}


@pytest.mark.parametrize(
    ("policy", "zone", "time"),
    [
        ("sender-zone", "America/New_York", "2025-11-03T14:15:00-05:00"),
        ("sender-zone", "", "2025-11-03"),
        ("date-only", "America/New_York", "2025-11-03"),
        ("document-offset", "", "2025-11-03T14:15:00-05:00"),
        ("utc", "", "2025-11-03T14:15:00Z"),
    ],
)
def test_a_time_without_an_offset_is_read_as_agreed_and_that_is_told(policy, zone, time):
    act = (
        '<entry><procedure classCode="PROC" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.14"/>'
        '<code code="73761001" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/>'
        '<effectiveTime value="202511031415"/></procedure></entry>'
    )
    outcome = told(section("47519-4", act), zone=zone, ccda_time_without_offset=policy)
    assert only(outcome, "Procedure")["performedDateTime"] == time
    assert ("offset-assumed" if len(time) > 10 else "offset-missing") in issued(outcome)


@pytest.mark.parametrize("intent", ["order", "plan"])
def test_a_medicine_that_is_intended_is_what_is_agreed(intent):
    assert only(told(ORDER, medication_int=intent), "MedicationRequest")["intent"] == intent


@pytest.mark.parametrize("status", ["completed", "active", "unknown"])
def test_a_medicine_that_is_completed_and_has_no_end_has_the_agreed_status(status):
    outcome = told(medicine('moodCode="EVN"', OPEN), medication_completed_future=status)
    assert only(outcome, "MedicationRequest")["status"] == status
    assert "status-contradicts-dates" in issued(outcome)


@pytest.mark.parametrize(("end", "contradicts"), [("20270101", True), ("20260201", False)])
def test_a_completed_medicine_contradicts_an_end_that_is_still_to_come(end, contradicts):
    times = OPEN.replace('"20260101"/>', f'"20260101"/><high value="{end}"/>')
    assert ("status-contradicts-dates" in issued(told(medicine('moodCode="EVN"', times)))) is contradicts


def test_an_order_without_an_author_says_that_nobody_knows_who_ordered_unless_agreed_otherwise():
    assert "reference" not in only(told(ORDER), "MedicationRequest")["requester"]
    outcome = told(ORDER, requester="conducted-author")
    assert only(outcome, "MedicationRequest")["requester"]["reference"].startswith("Practitioner/")


@pytest.mark.parametrize("status", ["active", "unknown", "draft"])
def test_a_referral_note_asks_with_the_agreed_status_and_that_is_told(status):
    outcome = told(section("42349-1", ""), code="57133-1", template="14", referral_status=status)
    assert only(outcome, "ServiceRequest")["status"] == status
    assert "status-assumed" in issued(outcome)


def test_a_plan_in_words_alone_is_a_plan_unless_agreed_otherwise():
    assert "CarePlan" in types(told(section("18776-5", "")))
    assert "CarePlan" not in types(told(section("18776-5", ""), plan_narrative_only="composition-only"))


def test_no_problems_are_an_empty_section_or_the_negated_statement():
    assert "Condition" not in types(told(NEGATED_GENERIC))
    refuted = only(told(NEGATED_GENERIC, no_known="negated-statement"), "Condition")
    assert refuted["verificationStatus"]["coding"][0]["code"] == "refuted"


def test_an_entry_of_no_known_template_is_translated_or_stays_words():
    assert "Observation" in types(told(UNKNOWN))
    assert "Observation" not in types(told(UNKNOWN, unknown_template="narrative-only"))


def test_a_concern_about_a_habit_is_a_condition_besides_unless_agreed_otherwise():
    assert {"Observation", "Condition"} <= types(told(CONCERN))
    assert "Condition" not in types(told(CONCERN, concern_of_observation="observation-only"))


@pytest.mark.parametrize(("policy", "end"), [("not-known", None), ("document-day", "2026-03-02")])
@pytest.mark.parametrize("status", ["active", "completed"])
def test_a_member_of_the_past_has_an_end_although_no_day_is_told(policy, end, status):
    team = section(
        "85847-2",
        '<entry><organizer classCode="CLUSTER" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.500"/>'
        '<id root="1.2.3.6" extension="team"/><statusCode code="active"/><component>'
        '<act classCode="PCPR" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.500.1"/>'
        f'<statusCode code="{status}"/><effectiveTime><low value="20250101"/></effectiveTime>'
        '<performer><assignedEntity><id root="2.16.840.1.113883.4.6" extension="1987654325"/></assignedEntity>'
        "</performer></act></component></organizer></entry>",
    )
    (member,) = only(told(team, inactive_member_end=policy), "CareTeam")["participant"]
    assert member["period"]["start"] == "2025-01-01"
    if status == "active":
        assert set(member["period"]) == {"start"}
    else:
        assert member["period"].get("end") == end
        assert ("_end" in member["period"]) is (end is None)
