"""mappings/ccda: what kind of statement it is decides what it becomes, and whom it is told of."""

import pytest

from gateway import pipeline
from tests.mappings.test_ccda_meaning import HEAD, TAIL, code_of, resources, section

ROOT = "2.16.840.1.113883.10.20.22."
SNOMED = 'codeSystem="2.16.840.1.113883.6.96"'
INFARCTION = f'<value xsi:type="CD" code="22298006" {SNOMED} displayName="Myocardial infarction"/>'


def template(short: str) -> str:
    return f'<templateId root="{ROOT}{short}"/>'


def statement(name: str, short: str, inside: str, *, attributes: str = "", extension: str = "x-1") -> str:
    classes = {"act": "ACT", "observation": "OBS", "organizer": "CLUSTER", "substanceAdministration": "SBADM"}
    return (
        f'<{name} classCode="{classes[name]}" moodCode="EVN" {attributes}>{template(short)}'
        f'<id root="1.2.3.20" extension="{extension}"/>{inside}</{name}>'
    )


def entry(*args: str, **kwargs: str) -> str:
    return f"<entry>{statement(*args, **kwargs)}</entry>"


def related(inner: str, type: str = "REFR") -> str:
    return f'<entryRelationship typeCode="{type}">{inner}</entryRelationship>'


def vaccination(attributes: str, inside: str = "") -> str:
    return entry(
        "substanceAdministration",
        "4.52",
        '<statusCode code="completed"/><effectiveTime value="20260110"/><consumable><manufacturedProduct>'
        '<manufacturedMaterial><code code="88" codeSystem="2.16.840.1.113883.12.292" displayName="Influenza"/>'
        f"</manufacturedMaterial></manufacturedProduct></consumable>{inside}",
        attributes=attributes,
    )


@pytest.mark.parametrize(("attributes", "status"), [('negationInd="true"', "not-done"), ("", "completed")])
def test_a_negated_vaccination_was_not_done(attributes, status):
    (found,) = resources(section("11369-6", vaccination(attributes)))["Immunization"]
    assert found["status"] == status
    assert code_of(found["vaccineCode"]) == "88"


def test_what_was_not_observed_is_no_positive_finding():
    finding = entry(
        "observation",
        "4.2",
        f'<code code="11526-1" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>{INFARCTION}',
        attributes='negationInd="true"',
    )
    (found,) = resources(section("30954-2", finding))["Observation"]
    assert found["valueString"].startswith("not: ")
    assert not [name for name in found if name.startswith("value") and name != "valueString"]


def relative(observation: str, subject: str = "") -> str:
    return entry(
        "organizer",
        "4.45",
        '<statusCode code="completed"/><subject><relatedSubject classCode="PRS">'
        f'<code code="MTH" codeSystem="2.16.840.1.113883.5.111" displayName="Mother"/>{subject}</relatedSubject>'
        f"</subject><component>{observation}</component>",
    )


def disease(inside: str = "", attributes: str = "") -> str:
    return statement("observation", "4.46", f"<effectiveTime value='1994'/>{INFARCTION}{inside}", attributes=attributes)


AGE = f'<observation classCode="OBS" moodCode="EVN">{template("4.31")}<code code="445518008" {SNOMED}/>'
DEATH = (
    f'<observation classCode="OBS" moodCode="EVN" {{}}>{template("4.47")}'
    f'<value xsi:type="CD" code="419099009" {SNOMED}/>'
)


def at_age(years: int) -> str:
    return related(f'{AGE}<value xsi:type="PQ" value="{years}" unit="a"/></observation>', "SUBJ")


def test_a_disease_of_the_mother_is_hers_and_not_the_patients():
    found = resources(section("10157-6", relative(disease(at_age(41)))))
    (mother,) = found["FamilyMemberHistory"]
    (condition,) = mother["condition"]
    assert (code_of(mother["relationship"]), code_of(condition["code"])) == ("MTH", "22298006")
    assert condition["onsetAge"]["value"] == 41
    assert "1994" in str(condition["extension"])
    assert "deceasedBoolean" not in mother
    assert "Condition" not in found
    assert "Observation" not in found


def test_a_disease_of_a_relative_stays_theirs_without_an_organizer_around_it():
    subject = (
        '<subject><relatedSubject><code code="SIS" codeSystem="2.16.840.1.113883.5.111"/></relatedSubject></subject>'
    )
    found = resources(section("10157-6", f"<entry>{disease(subject)}</entry>"))
    (sister,) = found["FamilyMemberHistory"]
    assert code_of(sister["relationship"]) == "SIS"
    assert code_of(sister["condition"][0]["code"]) == "22298006"
    assert "Condition" not in found
    assert "Observation" not in found


def test_a_relative_who_died_of_a_disease_is_dead_and_at_which_age():
    died = related(DEATH.format("") + "</observation>", "CAUS")
    (mother,) = resources(section("10157-6", relative(disease(died))))["FamilyMemberHistory"]
    assert mother["deceasedBoolean"] is True
    assert mother["condition"][0]["contributedToDeath"] is True
    died = related(DEATH.format("") + at_age(57) + "</observation>", "CAUS")
    (mother,) = resources(section("10157-6", relative(disease(died))))["FamilyMemberHistory"]
    assert mother["deceasedAge"]["value"] == 57
    assert "deceasedBoolean" not in mother


def test_a_relative_who_is_said_not_to_have_died_is_not_dead():
    alive = related(DEATH.format('negationInd="true"') + "</observation>", "CAUS")
    (mother,) = resources(section("10157-6", relative(disease(alive))))["FamilyMemberHistory"]
    assert not [name for name in mother if name.startswith("deceased")]
    assert "contributedToDeath" not in mother["condition"][0]


def test_what_a_relative_does_not_have_is_a_remark():
    (mother,) = resources(section("10157-6", relative(disease(attributes='negationInd="true"'))))["FamilyMemberHistory"]
    assert "condition" not in mother
    assert mother["note"] == [{"text": "No history of Myocardial infarction"}]


def risk(attributes: str = "", inner: str = "") -> str:
    inside = statement(
        "observation", "4.4", f'<statusCode code="completed"/>{INFARCTION}', attributes=inner, extension="r-2"
    )
    return entry("act", "4.136", '<statusCode code="active"/>' + related(inside), attributes=attributes)


def test_a_risk_is_an_assessment_and_no_condition():
    found = resources(section("75310-3", risk()))
    (assessment,) = found["RiskAssessment"]
    assert code_of(assessment["prediction"][0]["outcome"]) == "22298006"
    assert "Condition" not in found


@pytest.mark.parametrize("negated", [{"attributes": 'negationInd="true"'}, {"inner": 'negationInd="true"'}])
def test_a_risk_that_is_denied_is_no_prediction(negated):
    found = resources(section("75310-3", risk(**negated)))
    (assessment,) = found["RiskAssessment"]
    assert "prediction" not in assessment
    assert assessment["note"] == [{"text": "Not at risk: Myocardial infarction"}]
    assert "Condition" not in found


def concern(attributes: str = "", inside: str = "") -> str:
    times = '<statusCode code="active"/><effectiveTime><low value="20260105"/></effectiveTime>'
    return entry("act", "4.132", f"<text>No known concerns</text>{times}{inside}", attributes=attributes)


def test_that_there_is_no_concern_is_no_condition():
    found = resources(section("75310-3", concern('negationInd="true"')))
    assert "Condition" not in found


def test_a_concern_that_is_denied_is_refuted_and_named_for_what_it_is():
    problem = statement("observation", "4.4", f'<statusCode code="completed"/>{INFARCTION}', extension="o-9")
    (found,) = resources(section("75310-3", concern('negationInd="true"', related(problem))))["Condition"]
    assert code_of(found["verificationStatus"]) == "refuted"
    assert "clinicalStatus" not in found
    assert found["code"]["coding"][0]["display"] == "Myocardial infarction"


def test_a_problem_in_a_concern_is_one_condition_recorded_when_the_concern_was_first_followed():
    problem = statement("observation", "4.4", f'<statusCode code="completed"/>{INFARCTION}', extension="o-9")
    (found,) = resources(section("75310-3", concern(inside=related(problem))))["Condition"]
    assert "health-concern" in str(found["category"])
    assert found["recordedDate"] == "2026-01-05"
    assert "onsetDateTime" not in found


def test_an_intervention_that_did_not_take_place_is_none():
    done = statement("act", "4.12", f'<code code="225358003" {SNOMED}/><statusCode code="completed"/>', extension="i-2")
    found = resources(section("62387-6", entry("act", "4.131", related(done), attributes='negationInd="true"')))
    assert "Procedure" not in found


def test_an_intervention_told_in_words_alone_is_kept():
    found = resources(section("62387-6", entry("act", "4.131", "<text>Wound care twice a day</text>")))
    assert found["Procedure"][0]["code"]["text"] == "Wound care twice a day"


def test_a_reason_that_only_names_an_encounter_is_no_procedure():
    visit = (
        '<entry><encounter classCode="ENC" moodCode="EVN">'
        + template("4.49")
        + '<id root="1.2.3.21" extension="visit"/>'
        '<code code="AMB" codeSystem="2.16.840.1.113883.5.4"/><effectiveTime value="20260201"/></encounter></entry>'
    )
    named = (
        f'<act classCode="ACT" moodCode="EVN">{template("4.19")}<id root="1.2.3.21" extension="visit"/>'
        '<code nullFlavor="UNK"/></act>'
    )
    pulse = entry(
        "observation",
        "4.27",
        '<code code="8867-4" codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>'
        f'<value xsi:type="PQ" value="72" unit="/min"/>{related(named)}',
    )
    found = resources(section("46240-8", visit), section("8716-3", pulse))
    assert "Procedure" not in found
    assert f"Encounter/{found['Encounter'][0]['id']}" in str(found["Observation"][0])


def policy(covered: str, extra: str = "") -> str:
    inner = statement(
        "act",
        "4.61",
        '<code code="111" codeSystem="2.16.840.1.113883.3.221.5"/><statusCode code="completed"/>'
        f'<performer typeCode="PRF">{template("4.87")}<assignedEntity><id root="1.2.3.30" extension="payer"/>'
        "<representedOrganization><name>Invented Mutual</name></representedOrganization></assignedEntity></performer>"
        f'<participant typeCode="COV">{template("4.89")}<participantRole><id root="1.2.3.31" extension="M-77"/>'
        f'<code code="{covered}" codeSystem="2.16.840.1.113883.5.111"/></participantRole></participant>'
        f'<participant typeCode="HLD">{template("4.90")}<participantRole><id root="1.2.3.31" extension="H-12"/>'
        "<playingEntity><name>Aron Tannwald</name></playingEntity></participantRole></participant>" + extra,
        extension="g-1",
    )
    return entry("act", "4.60", '<statusCode code="completed"/>' + related(inner, "COMP"))


def test_a_policy_says_who_pays_who_is_covered_and_who_holds_it():
    found = resources(section("48768-6", policy("FAMDEP")))
    (coverage,) = found["Coverage"]
    payers = [one for one in found["Organization"] if one.get("name") == "Invented Mutual"]
    assert [one["reference"] for one in coverage["payor"]] == [f"Organization/{one['id']}" for one in payers]
    assert coverage["beneficiary"]["reference"].startswith("Patient/")
    assert coverage["subscriber"]["reference"].startswith("RelatedPerson/")
    assert coverage["subscriberId"] == "H-12"
    assert code_of(coverage["relationship"]) == "other"
    assert "M-77" in [one["value"] for one in coverage["identifier"]]


def test_a_policy_that_the_source_denies_is_no_coverage():
    denied = policy("SELF").replace(
        f'moodCode="EVN" >{template("4.61")}', f'moodCode="EVN" negationInd="true">{template("4.61")}'
    )
    assert "negationInd" in denied
    assert "Coverage" not in resources(section("48768-6", denied))


def test_who_is_covered_as_self_holds_the_policy():
    (coverage,) = resources(section("48768-6", policy("SELF")))["Coverage"]
    assert coverage["subscriber"] == coverage["beneficiary"]


def test_what_a_payer_agreed_to_is_no_procedure_and_its_number_stands_on_the_request():
    allowed = (
        '<procedure classCode="PROC" moodCode="PRMS"><id root="1.2.3.33" extension="q"/>'
        f'<code code="73761001" {SNOMED}/></procedure>'
    )
    consent = (
        '<act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.1.19"/>'
        f'<id root="1.2.3.32" extension="AUTH-5"/><code nullFlavor="NA"/>{related(allowed, "SUBJ")}</act>'
    )
    found = resources(section("48768-6", policy("SELF", related(consent))))
    assert "Procedure" not in found
    assert "AUTH-5" in str(found["ServiceRequest"][0]["supportingInfo"])


def test_a_care_team_has_its_members_their_roles_and_its_name():
    member = statement(
        "act",
        "4.500.1",
        '<statusCode code="active"/><performer><functionCode xmlns="urn:hl7-org:sdtc" code="PCP" '
        'codeSystem="2.16.840.1.113883.5.88" displayName="primary care physician"/><assignedEntity>'
        '<id root="2.16.840.1.113883.4.6" extension="1234567893"/><assignedPerson><name><given>Ilse</given>'
        "<family>Morgenrot</family></name></assignedPerson></assignedEntity></performer>",
        extension="t-2",
    )
    team = entry(
        "organizer",
        "4.500",
        '<code code="86744-0" codeSystem="2.16.840.1.113883.6.1"><originalText>Tumour board</originalText></code>'
        f'<statusCode code="active"/><component>{member}</component>',
        extension="t-1",
    )
    found = resources(section("85847-2", team))
    (made,) = found["CareTeam"]
    (participant,) = made["participant"]
    assert (made["name"], made["status"]) == ("Tumour board", "active")
    assert code_of(participant["role"][0]) == "PCP"
    assert participant["member"]["reference"].startswith(("Practitioner/", "PractitionerRole/"))
    assert "Morgenrot" in str(found["Practitioner"])


def procedure_with(kind: str, number: str) -> str:
    return (
        f'<entry><procedure classCode="PROC" moodCode="EVN">{template("4.14")}'
        f'<id root="1.2.3.40" extension="{number}"/>'
        f'<code code="73761001" {SNOMED}/><statusCode code="completed"/><participant typeCode="DEV"><participantRole>'
        f'<id root="1.2.3.41" extension="same"/><playingDevice><code code="{kind}" {SNOMED}/></playingDevice>'
        "</participantRole></participant></procedure></entry>"
    )


def test_two_kinds_of_device_under_one_id_stay_two():
    found = resources(section("47519-4", procedure_with("90412006", "a") + procedure_with("14106009", "b")))
    assert sorted(code_of(one["type"]) for one in found["Device"]) == ["14106009", "90412006"]


def test_a_relative_with_two_findings_in_one_statement_has_both():
    second = INFARCTION.replace("22298006", "233604007").replace("Myocardial infarction", "Pneumonia")
    observation = statement("observation", "4.46", f'<statusCode code="completed"/>{INFARCTION}{second}')
    (history,) = resources(section("10157-6", relative(observation)))["FamilyMemberHistory"]
    assert [code_of(one["code"]) for one in history["condition"]] == ["22298006", "233604007"]


def test_a_priority_that_r4_does_not_have_stands_beside_the_request():
    planned = entry(
        "act",
        "4.39",
        f'<code code="423171007" {SNOMED}/><statusCode code="active"/><priorityCode code="394848005" {SNOMED}/>',
    ).replace("EVN", "INT")
    (request,) = resources(section("18776-5", planned))["ServiceRequest"]
    assert "priority" not in request
    assert code_of(request["extension"][0]["valueCodeableConcept"]) == "394848005"


def test_what_does_not_land_of_somebody_lands_no_better_when_they_are_named_again():
    author = (
        '<author><assignedAuthor><id root="1.2.3.41" extension="77"/><code code="207R00000X" '
        'codeSystem="2.16.840.1.113883.6.101"/><assignedPerson><name>Ilse Zorn</name></assignedPerson>'
        "</assignedAuthor></author>"
    )
    remarks = [
        statement(
            "act", "4.64", f'<code code="48767-8" codeSystem="2.16.840.1.113883.6.1"/><text>{text}</text>{author}'
        )
        for text in ("Fasting", "Morning")
    ]
    body = HEAD.format(code="34133-9", template="2")
    body += section("30954-2", entry("observation", "4.2", "".join(map(related, remarks)))) + TAIL
    found = pipeline.process(body.encode())
    said = [one.state for one in found.ledger if "/author" in one.location and one.location.endswith("code/@code")]
    assert said == ["unmapped", "unmapped"]
    kept = [one["resource"]["resourceType"] for one in found.bundle["entry"] if "207R00000X" in str(one)]
    assert kept == ["Provenance"]


def test_a_reaction_keeps_the_day_on_which_it_ended():
    reaction = statement(
        "observation",
        "4.9",
        '<statusCode code="completed"/><effectiveTime><low value="20260101"/><high value="20260103"/></effectiveTime>'
        f"{INFARCTION}",
    )
    allergy = statement(
        "observation",
        "4.7",
        f'<statusCode code="completed"/><value xsi:type="CD" code="419199007" {SNOMED}/>{related(reaction, "MFST")}',
    )
    concern = entry("act", "4.30", f'<statusCode code="active"/>{related(allergy, "SUBJ")}')
    (found,) = resources(section("48765-2", concern))["AllergyIntolerance"]
    (told,) = found["reaction"]
    assert told["onset"] == "2026-01-01"
    assert told["extension"][0]["valuePeriod"] == {"start": "2026-01-01", "end": "2026-01-03"}


def test_another_product_to_be_dispensed_is_a_remark_and_the_same_one_is_not_repeated():
    def product(code: str, name: str) -> str:
        return (
            f'<manufacturedProduct><manufacturedMaterial><code code="{code}" codeSystem="2.16.840.1.113883.6.88" '
            f'displayName="{name}"/></manufacturedMaterial></manufacturedProduct>'
        )

    def notes(code: str, name: str) -> list[dict]:
        supply = f'<supply moodCode="INT">{template("4.17")}<product>{product(code, name)}</product></supply>'
        prescribed = f"<consumable>{product('7980', 'Penicillin G')}</consumable>{related(supply)}"
        medicine = entry("substanceAdministration", "4.16", f'<statusCode code="active"/>{prescribed}')
        (request,) = resources(section("10160-0", medicine))["MedicationRequest"]
        return request.get("note", [])

    assert notes("7980", "Penicillin G") == []
    assert notes("733", "Ampicillin") == [{"text": "Product to be dispensed: Ampicillin"}]


def test_a_medicine_that_was_given_says_which_administration_it_was():
    given = entry("substanceAdministration", "4.16", '<statusCode code="completed"/><repeatNumber value="2"/>')
    (request,) = resources(section("10160-0", given))["MedicationRequest"]
    assert request["note"] == [{"text": "Administration number 2"}]


def test_who_found_a_problem_out_is_a_person_of_its_provenance():
    doctor = (
        '<performer><time value="20260110"/><assignedEntity><id root="2.16.840.1.113883.4.6" extension="1987654325"/>'
        "<assignedPerson><name><given>Emmerich</given><family>Talhuber</family></name></assignedPerson>"
        "</assignedEntity></performer>"
    )
    found = resources(section("11450-4", entry("observation", "4.4", f"{INFARCTION}{doctor}")))
    (condition,), (person,) = found["Condition"], found["Practitioner"]
    (told,) = [one for one in found["Provenance"] if "performer" in str(one["agent"])]
    assert told["target"] == [{"reference": f"Condition/{condition['id']}"}]
    assert told["agent"][0]["who"] == {"reference": f"Practitioner/{person['id']}"}
    assert told["occurredDateTime"] == "2026-01-10"
