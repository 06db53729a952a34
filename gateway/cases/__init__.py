"""The case of a second opinion: a referral gets the Task that a nurse care manager runs; one verb, `assemble`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from gateway.cases.checklist import Item, missing
from gateway.core import ids
from gateway.core.clock import instant
from gateway.core.outcome import BASE
from gateway.core.submission import Sender

__all__ = ["assemble", "is_referral", "missing"]

Resource = dict[str, Any]
_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
_THO: Final = "http://terminology.hl7.org/CodeSystem"
# What makes a request a referral to us: the codes that say second opinion, or the document type of a referral note.
_REFERRALS: Final = frozenset({(f"{_THO}/v2-0282", "SO"), (f"{_THO}/v2-0336", "S"), ("http://loinc.org", "57133-1")})


def assemble(resources: list[Resource], *, sender: Sender, received: datetime | None) -> list[Resource]:
    """The resources, and a Task for each referral among them, in its first state."""
    referrals = [one for one in resources if is_referral(one)]
    lacking = [_input(item) for item in missing(resources)] if referrals else []
    return [*resources, *(_task(one, lacking, sender, received) for one in referrals)]


def is_referral(resource: Resource) -> bool:
    """Whether a resource asks us for a second opinion or refers a patient to us."""
    if resource["resourceType"] != "ServiceRequest" or resource.get("intent") not in ("order", "original-order"):
        return False
    return any((one.get("system"), one.get("code")) in _REFERRALS for one in _codings(resource))


def _codings(request: Resource) -> Iterator[Resource]:
    concepts = [request.get("code", {}), *request.get("category", ()), *request.get("reasonCode", ())]
    for concept in concepts:
        yield from concept.get("coding", ())


def _task(referral: Resource, lacking: list[Resource], sender: Sender, received: datetime | None) -> Resource:
    task: Resource = {
        "resourceType": "Task",
        "id": ids.stable_id(sender.clinic, "Task", "case", referral["id"]),
        "meta": {"profile": [f"{BASE}/StructureDefinition/so-case-task"]},
        "identifier": [{"system": f"{BASE}/sid/case-task", "value": referral["id"]}],
        "status": "received",
        "businessStatus": {"coding": [{"system": f"{BASE}/CodeSystem/so-case-status", "code": "case-received"}]},
        "intent": "order",
        "code": {"coding": [{"system": _TASK_CODE, "code": "fulfill"}]},
        "focus": {"reference": f"ServiceRequest/{referral['id']}"},
    }
    if subject := referral.get("subject"):
        task["for"] = subject
    if received is not None:
        task["authoredOn"] = instant(received)
    if requester := referral.get("requester"):
        task["requester"] = requester
    if lacking:
        task["input"] = lacking
    return task


def _input(item: Item) -> Resource:
    """One thing that the review still waits for."""
    coding = {"system": f"{BASE}/CodeSystem/so-checklist", "code": item.item}
    return {"type": {"coding": [coding], "text": item.title}, "valueString": "missing"}
