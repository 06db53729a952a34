"""The case of a second opinion: from a referral and all that belongs to it to the plan that a nurse runs.

`assemble` gives each referral of a submission the Task of its case; `put_together` makes the whole case, with its
plan, of everything that is known of the patient.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from gateway.cases.activities import rules, unsettled
from gateway.cases.care_plan import coordination, is_ours
from gateway.cases.case import Case
from gateway.cases.checklist import by_post, checklist_for, missing
from gateway.cases.consent import holds, with_consents
from gateway.cases.drugs import Mention
from gateway.cases.evidence import Known
from gateway.cases.opinion import composition
from gateway.cases.order import is_control
from gateway.cases.sensitivity import sensitive
from gateway.cases.states import FIRST, Transition, events, step
from gateway.cases.survivorship import survivorship
from gateway.cases.task import case_task, records_requests
from gateway.cases.visits import is_unnamed, visited
from gateway.core.clock import instant
from gateway.core.labels import high_water, labelled
from gateway.core.submission import Sender

__all__ = [
    "Case", "Together", "assemble", "by_post", "holds", "is_referral", "put_together", "rules", "sensitive", "told",
    "unsettled",
]  # fmt: skip

Resource = dict[str, Any]
_THO: Final = "http://terminology.hl7.org/CodeSystem"
# What makes a request a referral to us: the codes that say second opinion, or the document type of a referral note.
_REFERRALS: Final = frozenset({(f"{_THO}/v2-0282", "SO"), (f"{_THO}/v2-0336", "S"), ("http://loinc.org", "57133-1")})
_WITHDRAWN: Final = ("revoked", "entered-in-error")
_CANCEL: Final = "request-cancel"


class Together(NamedTuple):
    """A case put together: how it stands, the steps that led there, its resources with the referral first."""

    case: Case
    steps: tuple[Transition, ...]
    made: list[Resource]


def assemble(resources: list[Resource], *, sender: Sender, received: datetime | None) -> list[Resource]:
    """The resources of one submission, and the Task of a case for each referral among them."""
    made = list(resources)
    for referral in filter(is_referral, resources):
        case = Case(referral["id"], sender.clinic, opened=instant(received) if received else "")
        known = Known(resources, referral)
        lacking = missing(known, case.settled)
        case, _ = _advanced(case, referral, bool(lacking), case.opened)
        made.append(case_task(case, known, lacking))
    return made


def put_together(case: Case, resources: Iterable[Resource], *, at: str, mentions: Sequence[Mention] = ()) -> Together:
    """The case after the steps that follow from its records alone; `at` is the present moment.

    `resources` are all that is known of the patient, what was made for the case before among them; `mentions` what
    submissions told of drugs, one after the other.
    """
    every = list(resources)
    held = {(one["resourceType"], one["id"]): one for one in every if not is_ours(one)}
    referral = held["ServiceRequest", case.referral]
    known = Known(held.values(), referral)
    lacking = missing(known, case.settled)
    case, steps = _advanced(case, referral, bool(lacking), at)
    while (seen := visited(case, known)) is not None:
        case = replace(case.after(seen.transition, at=at), settled={**case.settled, seen.appointment: seen.said})
        steps.append(seen.transition)
    requests = records_requests(case, known, checklist_for(known), lacking)
    told = with_consents(referral, known.of("Consent"), at[:10]) | {"status": case.told.request}
    plan, *rest = coordination(case, known, lacking, requests, mentions)
    draft = case.id("CarePlan", "survivorship-plan")
    before = next((one for one in every if (one["resourceType"], one["id"]) == ("CarePlan", draft)), None)
    ours = [case_task(case, known, lacking), *requests, plan, *rest, *survivorship(case, known, plan, before, at)]
    ours += composition(case, known)
    labels = high_water([referral, *known.of("Patient")])  # that there is a case says who asks what for whom
    return Together(case, tuple(steps), [told, *(labelled(one, labels) for one in ours)])


def is_referral(resource: Mapping[str, Any]) -> bool:
    """Whether a resource asks us for a second opinion or refers a patient to us."""
    if resource["resourceType"] != "ServiceRequest" or resource.get("intent") not in ("order", "original-order"):
        return False
    return any((one.get("system"), one.get("code")) in _REFERRALS for one in _codings(resource))


def told(resources: Sequence[Mapping[str, Any]]) -> frozenset[tuple[str, str]]:
    """The ids of patients and referrals, each with that of the patient whom it is of.

    And of what does not say whose it is: an appointment of nobody, what becomes of an order.
    """
    patients = ((one["id"], one["id"]) for one in resources if one["resourceType"] == "Patient")
    referrals = filter(is_referral, resources)
    named = ((one["id"], one.get("subject", {}).get("reference", "").rpartition("/")[2]) for one in referrals)
    of_nobody = ((one["id"], "") for one in resources if is_unnamed(one) or is_control(one))
    return frozenset((*patients, *named, *of_nobody))


def _codings(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    concepts = [request.get("code", {}), *request.get("category", ()), *request.get("reasonCode", ())]
    for concept in concepts:
        yield from concept.get("coding", ())


def _advanced(case: Case, referral: Mapping[str, Any], lacking: bool, at: str) -> tuple[Case, list[Transition]]:
    """The steps that its records take it; any other is for a person to take."""
    steps = []
    while (transition := _by_records(case, referral, lacking)) is not None:
        case = case.after(transition, at=at)
        steps.append(transition)
    return case, steps


def _by_records(case: Case, referral: Mapping[str, Any], lacking: bool) -> Transition | None:
    if referral.get("status") in _WITHDRAWN and _CANCEL in events(case.state, by="initiator"):
        return step(case.state, _CANCEL, by="initiator")
    if case.state == FIRST:
        return step(FIRST, "ask-for-records" if lacking else "accept")
    if case.state == "needs-information" and not lacking and not case.reason:  # a reason is a person's own question
        return step(case.state, "complete-records")
    return None
