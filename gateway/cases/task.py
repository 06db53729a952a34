"""The Task of a case, and those that ask for what is missing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.cases.activities import priority
from gateway.cases.case import CENTRE, NOBODY, Case, codeable, reference
from gateway.cases.checklist import Checklist, Item
from gateway.cases.evidence import Known, Resource
from gateway.cases.opinion import CONSULTATION, notes, reports
from gateway.core.clock import instant
from gateway.core.outcome import BASE

_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
_DATA_REQUEST: Final = "http://hl7.org/fhir/us/davinci-hrex/CodeSystem/hrex-temp"
_OPINION: Final = codeable(*CONSULTATION, "The second opinion")
_REPORT: Final = {"text": "A report of the review"}
_PROFILES: Final = f"{BASE}/StructureDefinition"


def case_task(case: Case, known: Known, lacking: Sequence[Item]) -> dict[str, Any]:
    """The Task in which a case's state stands."""
    referral, told = known.referral, case.told
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": case.task,
        "meta": {"profile": [f"{_PROFILES}/so-case-task"]},
        "identifier": case.identifiers(),
        "status": told.task,
        "businessStatus": codeable("so-case-status", case.state),
        "intent": "order",
        "code": codeable(_TASK_CODE, "fulfill"),
        "focus": reference(referral),
        "for": referral.get("subject", NOBODY),
    }
    if reason := case.reason or ("Records are missing" if told.reason else ""):
        task["statusReason"] = {"text": reason}
    if said := priority(referral, known):
        task["priority"] = said
    if case.opened:
        task["authoredOn"] = case.opened
    if requester := referral.get("requester"):
        task["requester"] = requester
    task["owner"] = dict(case.owner)
    if case.complete:
        task["executionPeriod"] = {"start": case.complete}
    if lacking:
        task["input"] = [{"type": _item(item), "valueString": "missing"} for item in lacking]
    if opinions := notes(case, known):
        answers = [(_OPINION, one) for one in opinions] + [(_REPORT, one) for one in reports(known)]
        task["output"] = [{"type": type, "valueReference": reference(one)} for type, one in answers]
    return task


def records_requests(case: Case, known: Known, needed: Checklist, lacking: Sequence[Item]) -> list[dict[str, Any]]:
    """One Task for each thing that is missing or was once."""
    missing, held = {item.item for item in lacking}, {one["id"]: one for one in known.of("Task")}
    found = []
    for item in needed.items:
        id = case.id("Task", item.item)
        if item.item in missing or id in held:
            found.append(_request(case, known, needed, item, item.item in missing, held.get(id, {})))
    return found


def _request(case: Case, known: Known, needed: Checklist, item: Item, missing: bool, held: Resource) -> dict[str, Any]:
    asked = held.get("authoredOn", case.opened)
    unwanted = case.settled.get(item.item) == "revoked" or (missing and case.told.ended)
    status = "cancelled" if unwanted else "requested" if missing else "completed"
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": case.id("Task", item.item),
        "identifier": [{"system": f"{BASE}/sid/case-activity", "value": f"{case.number or case.referral}/{item.item}"}],
        "basedOn": [reference(known.referral)],
        "partOf": [{"reference": f"Task/{case.task}"}],
        "status": status,
        "intent": "order",
        "code": codeable(_DATA_REQUEST, "data-request", "Please send what is missing"),
        "description": item.title,
        "input": [{"type": _item(item), "valueString": item.title}],
        "for": known.referral.get("subject", NOBODY),
        "requester": {"display": CENTRE},
    }
    if missing and not case.told.ended:
        task["businessStatus"] = codeable("so-case-status", "awaiting-material")
        if item.posted and known.holds(item.posted):
            task["statusReason"] = {"text": "On its way by post"}
    if sender := known.referral.get("requester"):
        task["owner"] = sender
    if asked:
        task["meta"] = {"profile": [f"{_PROFILES}/so-records-request"]}
        task["authoredOn"] = asked
        until = datetime.fromisoformat(asked) + timedelta(days=needed.days)
        task["restriction"] = {"period": {"end": instant(until)}}
    return task


def _item(item: Item) -> dict[str, Any]:
    return codeable("so-checklist", item.item, item.title)
