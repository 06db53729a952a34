"""The survivorship plan: a draft, made once, when a case closes after the treatment is over."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gateway.cases.case import CENTRE, Case, codeable, reference
from gateway.cases.checklist import checklist
from gateway.cases.evidence import Known, Resource, values
from gateway.cases.narrative import diagnoses, drug_line, listed, persons, tabled, told
from gateway.core.drug import is_cancer_drug
from gateway.core.labels import high_water, labelled
from gateway.core.outcome import BASE

Made = dict[str, Any]
ACTIVITY: Final = "survivorship-plan"
_SUMMARY: Final = "treatment-summary"


def survivorship(case: Case, known: Known, plan: Made, before: Made | None, at: str) -> list[Made]:
    """The draft, once the case is closed and its treatment is over; what was made before stays as it is.

    It says what the records say and plans nothing: what follows a treatment is for the team to write.
    """
    if before is not None:
        return [before]
    if case.state != "closed" or not known.holds("treatment-completed"):
        return []
    summaries = list(_summaries(known))
    spoken_of = (plan, *summaries, *known.of("MedicationRequest"), *known.of("Procedure"))
    draft = {
        "resourceType": "CarePlan",
        "id": case.id("CarePlan", ACTIVITY),
        "meta": {"profile": [f"{BASE}/StructureDefinition/so-survivorship-careplan"]},
        "text": told(_body(case, known, summaries)),
        "identifier": case.identifiers(),
        "basedOn": [reference(plan)],
        "status": "draft",
        "intent": "plan",
        "category": [codeable("so-careplan-category", "survivorship")],
        "title": "Survivorship plan: draft",
        "subject": plan["subject"],
        "created": at,
        "contributor": [{"display": CENTRE}],
        **({"addresses": plan["addresses"]} if "addresses" in plan else {}),
        "supportingInfo": [*map(reference, summaries), reference(plan)],
    }
    return [labelled(draft, high_water(spoken_of))]


def _summaries(known: Known) -> Iterator[Resource]:
    """The documents that sum the treatment up, as the checklist knows them."""
    item = next(one for one in checklist().items if one.item == _SUMMARY)
    for line in item.satisfied:
        if line.resource == "DocumentReference":
            yield from filter(line.shown_by, known.of("DocumentReference"))


def _body(case: Case, known: Known, summaries: Sequence[Resource]) -> list[str]:
    drugs = [drug_line(one) for one in known.of("MedicationRequest") if is_cancer_drug(one)]
    rows = [
        ("Case", case.number or case.referral),
        ("Patient", "; ".join(dict.fromkeys(persons(known)))),
        ("Diagnosis", "; ".join(dict.fromkeys(diagnoses(known)))),
    ]
    return [
        f"<p><b>Survivorship plan: draft</b></p>{tabled(rows)}",
        listed("Summaries of the treatment", [_title(one) for one in summaries], "None has come."),
        listed("Cancer drugs, as reported", drugs, "None is reported."),
        listed("Procedures, as reported", [_procedure(one) for one in known.of("Procedure")], "None is reported."),
        "<p>What follows the treatment is for the survivorship team to write.</p>",
    ]


def _title(document: Resource) -> str:
    title = document.get("description") or next(values(document, "type.text"), "")
    return str(title or next(values(document, "type.coding.display"), "Summary of the treatment"))


def _procedure(procedure: Resource) -> str:
    code: dict[str, Any] = procedure.get("code", {})
    name = (
        code.get("text") or next(values(code, "coding.display"), "") or next(values(code, "coding.code"), "Procedure")
    )
    when = str(procedure.get("performedDateTime") or procedure.get("performedPeriod", {}).get("start", ""))[:10]
    return f"{name} ({', '.join(filter(None, (when, procedure.get('status', 'unknown'))))})"
