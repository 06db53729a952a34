"""mappings/ccda: what a document says is never turned round, and nothing is added to it."""

import pytest

from gateway import pipeline

HEAD = """<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id root="1.2.3.4" extension="doc-1"/><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>Invented</title>
<templateId root="2.16.840.1.113883.10.20.22.1.{template}"/><effectiveTime value="20260302101500-0500"/>
<recordTarget><patientRole><id root="1.2.3.5" extension="p-1"/>
<patient><name><given>Edda</given><family>Tannwald</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19541108"/>
</patient></patientRole></recordTarget>
<component><structuredBody>"""
TAIL = "</structuredBody></component></ClinicalDocument>"


def section(code: str, entry: str, text: str = "What is told") -> str:
    return (
        f'<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/><title>S</title>'
        f"<text>{text}</text>{entry}</section></component>"
    )


def resources(*sections: str, code: str = "34133-9", template: str = "2") -> dict[str, list[dict]]:
    body = HEAD.format(code=code, template=template) + "".join(sections) + TAIL
    outcome = pipeline.process(body.encode())
    assert outcome.error is None
    assert outcome.sound, [issue for issue in outcome.issues if issue.severity in ("error", "fatal")]
    assert outcome.counts["leaves"] == sum(n for state, n in outcome.counts.items() if state != "leaves")
    found: dict[str, list[dict]] = {}
    for entry in outcome.bundle["entry"]:
        found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return found


def problem(extra: str = "", times: str = '<low value="20251103"/>', negated: str = "false") -> str:
    return section(
        "11450-4",
        '<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/>'
        '<id root="1.2.3.6" extension="c-1"/><statusCode code="active"/><entryRelationship typeCode="SUBJ">'
        f'<observation classCode="OBS" moodCode="EVN" negationInd="{negated}">'
        '<templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.2.3.6" extension="o-1"/>'
        '<code code="55607006" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/>'
        f"<effectiveTime>{times}</effectiveTime>"
        '<value xsi:type="CD" code="C18.7" codeSystem="2.16.840.1.113883.6.90" displayName="Sigmoid colon cancer"/>'
        f"{extra}</observation></entryRelationship></act></entry>",
    )


def code_of(concept: dict) -> str:
    return concept["coding"][0]["code"]


def test_a_problem_keeps_its_code_its_day_and_the_state_of_its_concern():
    (condition,) = resources(problem())["Condition"]
    assert code_of(condition["code"]) == "C18.7"
    assert condition["onsetDateTime"] == "2025-11-03"
    assert code_of(condition["clinicalStatus"]) == "active"


def test_a_negated_problem_is_refuted_and_never_active():
    (condition,) = resources(problem(negated="true"))["Condition"]
    assert code_of(condition["verificationStatus"]) == "refuted"
    assert "clinicalStatus" not in condition


def test_an_end_that_is_known_to_be_and_not_when_is_resolved():
    (condition,) = resources(problem(times='<low value="2020"/><high nullFlavor="UNK"/>'))["Condition"]
    assert code_of(condition["clinicalStatus"]) == "resolved"
    assert "abatementDateTime" not in condition


def allergy(kind: str, agent: str) -> str:
    return section(
        "48765-2",
        '<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.30"/>'
        '<id root="1.2.3.7" extension="a"/><statusCode code="active"/><entryRelationship typeCode="SUBJ">'
        '<observation classCode="OBS" moodCode="EVN" negationInd="true">'
        '<templateId root="2.16.840.1.113883.10.20.22.4.7"/><id root="1.2.3.7" extension="b"/>'
        '<statusCode code="completed"/>'
        f'<value xsi:type="CD" code="{kind}" codeSystem="2.16.840.1.113883.6.96"/>'
        f'<participant typeCode="CSM"><participantRole><playingEntity>{agent}</playingEntity></participantRole>'
        "</participant></observation></entryRelationship></act></entry>",
    )


@pytest.mark.parametrize(
    ("kind", "agent", "verification"),
    [
        ("420134006", '<code nullFlavor="NA"/>', "refuted"),
        ("416098002", '<code code="7980" codeSystem="2.16.840.1.113883.6.88" displayName="penicillin"/>', "refuted"),
        ("416098002", '<code nullFlavor="NA"/>', "confirmed"),
    ],
)
def test_a_negated_allergy_is_refuted_or_says_that_none_is_known(kind, agent, verification):
    (found,) = resources(allergy(kind, agent))["AllergyIntolerance"]
    assert code_of(found["verificationStatus"]) == verification
    if verification == "refuted":
        assert code_of(found["clinicalStatus"]) == "inactive"
    else:
        assert code_of(found["code"]) == "409137002"  # no known drug allergy


def medicine(attributes: str, inside: str = "") -> str:
    return section(
        "10160-0",
        f'<entry><substanceAdministration classCode="SBADM" {attributes}>'
        '<templateId root="2.16.840.1.113883.10.20.22.4.16"/><id root="1.2.3.8" extension="m-1"/>'
        f"<text>1500 mg twice a day, days 1 to 14</text>{inside}"
        '<doseQuantity value="1500.0" unit="mg"/>'
        "<consumable><manufacturedProduct><manufacturedMaterial>"
        '<code nullFlavor="UNK"><originalText>Capecitabine 500 mg</originalText></code>'
        "</manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>",
    )


def test_a_drug_and_its_directions_stay_word_for_word_and_digits_as_sent():
    (request,) = resources(medicine('moodCode="EVN"', '<statusCode code="active"/>'))["MedicationRequest"]
    assert request["medicationCodeableConcept"]["text"] == "Capecitabine 500 mg"
    (dosage,) = request["dosageInstruction"]
    assert dosage["text"] == "1500 mg twice a day, days 1 to 14"
    assert str(dosage["doseAndRate"][0]["doseQuantity"]["value"]) == "1500.0"
    assert "timing" not in dosage
    assert (request["status"], request["intent"]) == ("active", "plan")


def test_a_status_that_is_not_told_is_unknown():
    (request,) = resources(medicine('moodCode="EVN"'))["MedicationRequest"]
    assert request["status"] == "unknown"


def test_a_negated_drug_is_not_to_be_given():
    (request,) = resources(medicine('moodCode="INT" negationInd="true"', '<statusCode code="active"/>'))[
        "MedicationRequest"
    ]
    assert request["doNotPerform"] is True


def test_what_is_planned_is_a_request_in_a_care_plan_and_never_a_procedure():
    plan = section(
        "18776-5",
        '<entry><procedure classCode="PROC" moodCode="RQO"><templateId root="2.16.840.1.113883.10.20.22.4.41"/>'
        '<id root="1.2.3.9" extension="p-1"/><code code="73761001" codeSystem="2.16.840.1.113883.6.96"/>'
        '<statusCode code="active"/><effectiveTime value="202604"/></procedure></entry>',
    )
    found = resources(plan)
    (request,), (care_plan,) = found["ServiceRequest"], found["CarePlan"]
    assert (request["intent"], request["status"], request["occurrenceDateTime"]) == ("order", "active", "2026-04")
    assert care_plan["activity"] == [{"reference": {"reference": f"ServiceRequest/{request['id']}"}}]
    assert "What is told" in care_plan["text"]["div"]
    assert "Procedure" not in found


def test_a_referral_note_asks_in_its_own_words_and_opens_a_case():
    reason = section("42349-1", "", "Is surgery still possible?")
    found = resources(reason, code="57133-1", template="14")
    (request,) = found["ServiceRequest"]
    assert request["reasonCode"][0]["text"] == "Is surgery still possible?"
    assert request["intent"] == "order"
    assert len(found["Task"]) == 1


def test_a_time_without_an_offset_keeps_its_day_and_its_words():
    (condition,) = resources(problem(times='<low value="202511031415"/>'))["Condition"]
    assert condition["onsetDateTime"] == "2025-11-03"
    assert condition["_onsetDateTime"]["extension"][0]["valueString"] == "202511031415"


def test_two_patients_in_one_document_are_refused():
    body = (HEAD.format(code="34133-9", template="2") + TAIL).replace("<component>", "<recordTarget/><component>", 1)
    outcome = pipeline.process(body.encode())
    assert outcome.error.code == "multi-patient"


def test_every_section_keeps_its_words():
    (composition,) = resources(section("8648-8", "", "The <content>course</content> in hospital"))["Composition"]
    assert "course" in composition["section"][0]["text"]["div"]


NEGATED = [
    ("18776-5", "supply", "4.43", "RQO", "<product><manufacturedProduct/></product>"),
    ("10160-0", "supply", "4.18", "EVN", ""),
    ("18776-5", "act", "4.20", "INT", "<text>Drink water</text>"),
    ("18776-5", "act", "4.130", "INT", ""),
    ("18776-5", "act", "4.140", "RQO", ""),
    ("46264-8", "supply", "4.50", "EVN", ""),
    ("61146-7", "observation", "4.121", "GOL", ""),
]


@pytest.mark.parametrize(("loinc", "element", "template", "mood", "inside"), NEGATED, ids=lambda one: one)
def test_a_negated_statement_of_any_kind_is_never_told_as_so(loinc, element, template, mood, inside):
    entry = (
        f'<entry><{element} classCode="ACT" moodCode="{mood}" negationInd="true">'
        f'<templateId root="2.16.840.1.113883.10.20.22.{template}"/><id root="1.2.3.9" extension="never-so"/>'
        f'<code code="73761001" codeSystem="2.16.840.1.113883.6.96"/>{inside}<statusCode code="active"/>'
        f"</{element}></entry>"
    )
    for found in resources(section(loinc, entry)).values():
        for resource in found:
            named = resource.get("identifier", [])
            assert not any(one.get("value") == "never-so" for one in (named if isinstance(named, list) else [named]))
