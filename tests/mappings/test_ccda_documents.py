"""tests/fixtures/ccda: a whole care plan, and a summary of what is not so, each told in FHIR as it was told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway import pipeline
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from tests.mappings.test_ccda_meaning import HEAD, NEGATED, TAIL, section

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ccda"
Found = dict[str, dict]


def read(name: str, **policies: str) -> Outcome:
    return pipeline.process((FIXTURES / name).read_bytes(), sender=Sender("riverbend", policies=policies))


def resources(outcome: Outcome) -> list[dict]:
    return [entry["resource"] for entry in outcome.bundle["entry"]]


def by_id(outcome: Outcome) -> Found:
    """What each id of the source became."""
    return {one["value"]: resource for resource in resources(outcome) for one in identifiers(resource)}


def identifiers(resource: dict) -> list[dict]:
    found = resource.get("identifier", [])
    return found if isinstance(found, list) else [found]


def only(outcome: Outcome, type: str) -> dict:
    (found,) = [one for one in resources(outcome) if one["resourceType"] == type]
    return found


def name(resource: dict) -> dict:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def codes(concept: dict | list) -> list[str]:
    return [one["code"] for each in ([concept] if isinstance(concept, dict) else concept) for one in each["coding"]]


# --- a care plan ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan() -> Outcome:
    return read("care_plan.xml")


def test_a_care_plan_addresses_the_problem_and_aims_at_the_goals(plan):
    found, care_plan = by_id(plan), only(plan, "CarePlan")
    assert care_plan["addresses"] == [name(found["problem-1"])]
    assert care_plan["goal"] == [name(found["goal-1"]), name(found["goal-2"])]
    assert care_plan["period"] == {"start": "2026-03-01", "end": "2026-09-01"}
    assert "Elevate the head of the bed" in care_plan["text"]["div"]


def test_what_is_planned_and_what_was_done_are_activities_and_no_wrapper_is(plan):
    found, care_plan = by_id(plan), only(plan, "CarePlan")
    assert found["planned-1"]["resourceType"] == "ServiceRequest"
    assert found["done-1"]["status"] == "completed"
    assert not {"intervention-1", "intervention-2"} & set(found)
    requests = [one["reference"] for one in care_plan["activity"] if "reference" in one]
    assert requests == [name(found["planned-1"])]


def test_an_outcome_stands_on_its_goal_and_on_the_activity_it_came_of(plan):
    found, care_plan = by_id(plan), only(plan, "CarePlan")
    outcome = name(found["outcome-1"])
    assert found["goal-1"]["outcomeReference"] == [outcome]
    assert codes(found["goal-1"]["achievementStatus"]) == ["achieved", "390802008"]
    assert [one for one in care_plan["activity"] if outcome in one.get("outcomeReference", [])] == [
        {"reference": name(found["planned-1"]), "outcomeReference": [outcome]}
    ]


def test_a_goal_keeps_its_words_its_measure_its_priority_and_its_days(plan):
    goal = by_id(plan)["goal-1"]
    assert goal["description"]["text"] == "Hold a weight of 68 kg or more"
    (target,) = goal["target"]
    assert (str(target["detailQuantity"]["value"]), target["detailQuantity"]["comparator"]) == ("68.0", ">=")
    assert (goal["startDate"], target["dueDate"]) == ("2026-03-01", "2026-06-01")
    assert "high-priority" in codes(goal["priority"])
    assert goal["addresses"] == [name(by_id(plan)["problem-1"])]


def test_an_intervention_says_which_goal_it_is_for(plan):
    found = by_id(plan)
    (extension,) = found["planned-1"]["extension"]
    assert extension["url"].endswith("resource-pertainsToGoal")
    assert extension["valueReference"] == name(found["goal-1"])


def test_a_risk_is_not_among_the_problems_that_the_plan_addresses(plan):
    risk = by_id(plan)["risk-1"]
    assert risk["resourceType"] == "RiskAssessment"
    assert name(risk) in only(plan, "CarePlan")["supportingInfo"]
    assert [one["resourceType"] for one in resources(plan)].count("Condition") == 1


def test_the_care_team_of_the_section_is_the_plans(plan):
    team = only(plan, "CareTeam")
    assert only(plan, "CarePlan")["careTeam"] == [name(team)]
    assert codes(team["participant"][0]["role"]) == ["PCP"]


@pytest.mark.parametrize("status", ["active", "unknown", "draft"])
def test_a_plan_without_a_status_has_the_agreed_one_and_that_is_told(status):
    outcome = read("care_plan.xml", careplan_status=status)
    assert only(outcome, "CarePlan")["status"] == status
    assert [(one.code, one.severity) for one in outcome.issues if one.code == "status-assumed"] == [
        ("status-assumed", "information")
    ]


# --- what is not so ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def denied() -> Found:
    return by_id(read("ccd_of_negations.xml"))


def test_a_problem_that_is_denied_is_refuted(denied):
    assert codes(denied["no-asthma"]["verificationStatus"]) == ["refuted"]
    assert "clinicalStatus" not in denied["no-asthma"]


def test_a_problem_that_has_ended_is_resolved_though_nobody_knows_when(denied):
    assert codes(denied["old-pneumonia"]["clinicalStatus"]) == ["resolved"]
    assert "_abatementDateTime" in denied["old-pneumonia"]


def test_no_known_allergy_is_told_as_such(denied):
    assert codes(denied["no-allergy"]["code"]) == ["716186003"]


@pytest.mark.parametrize(("id", "intent"), [("no-drug", "plan"), ("no-order", "order")])
def test_a_medicine_that_is_denied_is_not_to_be_given(denied, id, intent):
    assert (denied[id]["doNotPerform"], denied[id]["intent"]) == (True, intent)


def test_a_vaccination_and_a_procedure_that_were_refused_were_not_done_and_why(denied):
    assert denied["no-vaccine"]["status"] == denied["no-procedure"]["status"] == "not-done"
    assert codes(denied["no-vaccine"]["statusReason"]) == ["PATOBJ"]
    assert codes(denied["no-procedure"]["statusReason"]) == ["105480006"]


def test_what_was_not_found_is_no_finding(denied):
    assert denied["not-seen"]["valueString"] == "not: Myocardial infarction"
    assert "valueCodeableConcept" not in denied["not-seen"]


def test_the_mother_has_what_she_has_and_not_what_she_has_not(denied):
    assert [codes(one["code"]) for one in denied["mother-1"]["condition"]] == [["22298006"]]
    assert {"text": "No history of Asthma"} in denied["mother-1"]["note"]


def test_a_risk_that_is_denied_predicts_nothing(denied):
    assert "prediction" not in denied["no-risk"]


@pytest.mark.parametrize("id", ["no-handoff", "no-note"])
def test_a_handoff_and_a_note_that_never_were_stay_words(denied, id):
    assert id not in denied
    words = [e for e in read("ccd_of_negations.xml").ledger if e.rule == "ccda.negated"]
    assert len({one.location.split("/entry[")[1][0] for one in words}) == 2


def test_what_is_not_to_be_done_is_an_order_not_to_do_it(denied):
    assert denied["not-planned"]["doNotPerform"] is True


# --- no id under a negation ever names what is so ---------------------------------------------------------------------

KINDS = [
    *((loinc, element, template, mood) for loinc, element, template, mood, _ in NEGATED),
    ("11450-4", "observation", "4.4", "EVN"),
    ("48765-2", "observation", "4.7", "EVN"),
    ("30954-2", "observation", "4.2", "EVN"),
    ("29762-2", "observation", "4.38", "EVN"),
    ("47519-4", "procedure", "4.14", "EVN"),
    ("47519-4", "act", "4.12", "EVN"),
    ("46240-8", "encounter", "4.49", "EVN"),
    ("18776-5", "encounter", "4.40", "INT"),
    ("18776-5", "act", "4.141", "EVN"),
    ("18776-5", "act", "4.202", "EVN"),
    ("18776-5", "act", "4.146", "INT"),
    ("62387-6", "act", "4.131", "EVN"),
    ("75310-3", "act", "4.132", "EVN"),
    ("75310-3", "act", "4.136", "EVN"),
    ("11369-6", "substanceAdministration", "4.52", "EVN"),
    ("10160-0", "substanceAdministration", "4.16", "EVN"),
    ("29549-3", "substanceAdministration", "4.16", "EVN"),
    ("85847-2", "organizer", "4.500", "EVN"),
    ("30954-2", "organizer", "4.1", "EVN"),
    ("8716-3", "organizer", "4.26", "EVN"),
    ("10157-6", "organizer", "4.45", "EVN"),
    ("48768-6", "act", "4.61", "EVN"),
    ("18776-5", "act", "4.518", "INT"),
]
VALUE = '<value xsi:type="CD" code="22298006" codeSystem="2.16.840.1.113883.6.96" displayName="Myocardial infarction"/>'


def affirmative(resource: dict) -> bool:
    """Whether a resource says that something is so."""
    match resource["resourceType"]:
        case "Condition" | "AllergyIntolerance":
            none_known = "716186003" in str(resource["code"])
            return not none_known and "refuted" not in str(resource.get("verificationStatus"))
        case "MedicationRequest" | "ServiceRequest":
            return not resource.get("doNotPerform")
        case "Observation":
            return not resource.get("valueString", "").startswith("not")
        case "FamilyMemberHistory":
            return bool(resource.get("condition"))
        case "RiskAssessment":
            return bool(resource.get("prediction"))
    return resource.get("status") not in ("not-done", "cancelled")


@given(
    kind=some.sampled_from(KINDS),
    around=some.sampled_from([None, *KINDS]),
    who=some.sampled_from(["inner", "outer", "relation"]),
    status=some.sampled_from(["active", "completed", "aborted"]),
    value=some.sampled_from(["", VALUE]),
)
def test_no_id_under_a_negation_names_what_is_so(kind, around, who, status, value):
    inner = statement(kind, "denied", "negationInd='true'" if who == "inner" or around is None else "", status, value)
    if around is not None:
        inner = related(around, inner, status, value, **{who: "negationInd='true'"})
    outcome = pipeline.process(document((around or kind)[0], inner), judge=False)
    assert not {"denied", *(["around"] if who == "outer" else [])} & set(affirmed(outcome))


CONCERNS = [one for one in KINDS if one[2] in ("4.132", "4.136")]
CONCERNS += [("11450-4", "act", "4.3", "EVN"), ("48765-2", "act", "4.30", "EVN"), ("46240-8", "act", "4.80", "EVN")]
FINDINGS = [one for one in KINDS if one[2] in ("4.4", "4.7", "4.2", "4.38")]
MOODS = some.sampled_from(["EVN", "INT", "RQO", "PRP", "PRMS", "ARQ", "APT", "GOL", "DEF", "OPT"])
REQUESTED = frozenset({"ServiceRequest", "Goal"})


@given(concern=some.sampled_from(CONCERNS), finding=some.sampled_from(FINDINGS), moods=some.tuples(MOODS, MOODS))
def test_a_finding_is_so_only_where_neither_it_nor_the_concern_around_it_is_planned(concern, finding, moods):
    inner = statement((*finding[:3], moods[1]), "finding", "", "completed", VALUE)
    around = related((*concern[:3], moods[0]), inner, "active", "")
    outcome = pipeline.process(document(concern[0], around), judge=False)
    assert moods == ("EVN", "EVN") or not {"finding", "around"} & set(affirmed(outcome, but=REQUESTED))


def document(loinc: str, statement: str) -> bytes:
    return (HEAD.format(code="34133-9", template="2") + section(loinc, f"<entry>{statement}</entry>") + TAIL).encode()


def related(
    around: tuple[str, ...], held: str, status: str, value: str, *, outer: str = "", relation: str = "", **_: str
) -> str:
    link = "component" if around[1] == "organizer" else "entryRelationship"
    inside = f"{value}<{link} typeCode='REFR' {relation}>{held}</{link}>"
    return statement(around, "around", outer, status, inside)


def statement(kind: tuple[str, ...], id: str, negation: str, status: str, inside: str) -> str:
    _, element, template, mood = kind
    return (
        f"<{element} classCode='ACT' moodCode='{mood}' {negation}>"
        f"<templateId root='2.16.840.1.113883.10.20.22.{template}'/><id root='1.2.3.9' extension='{id}'/>"
        f"<code code='73761001' codeSystem='2.16.840.1.113883.6.96'/><statusCode code='{status}'/>{inside}</{element}>"
    )


def affirmed(outcome: Outcome, but: frozenset[str] = frozenset()) -> Iterator[str]:
    """The ids of all that is told as so, but for some types."""
    for resource in resources(outcome):
        if affirmative(resource) and resource["resourceType"] not in but:
            yield from (one.get("value", "") for one in identifiers(resource))
