"""Put the cases of a patient together from all that the store holds of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway import cases
from gateway.cases.case import ON_DUTY
from gateway.cases.provenance import provenance
from gateway.core.outcome import is_test
from gateway.store import cases as stored
from gateway.store import resources
from gateway.store.cases import Case, Step

Resource = dict[str, Any]
ACTOR: Final = "gateway"


class Assembled(NamedTuple):
    """One case put together: its row, its resources, the patients whose records it rests on, the steps taken."""

    case: Case
    made: list[Resource]
    patients: frozenset[str]
    steps: tuple[Step, ...]


def reassemble(
    connection: Connection, fresh: Sequence[Resource], *, clinic: str = "", at: str, patients: Iterable[str] = ()
) -> list[Assembled]:
    """The cases that fresh resources of a clinic open or touch, put together; nothing is saved but their rows.

    `fresh` are about to be saved and stand in place of what is held under their ids.
    """
    real = [one for one in fresh if not is_test(one)]
    opened = [_open(connection, referral, clinic, at) for referral in filter(cases.is_referral, real)]
    everybody = stored.same_person(connection, {*patients, *_patients(real), *(case.patient for case in opened)})
    found = stored.of_patients(connection, everybody)
    if not found:
        return []
    holdings = {(one["resourceType"], one["id"]): one for one in stored.holdings(connection, everybody)}
    holdings |= {(one["resourceType"], one["id"]): one for one in real}
    known = [one for one in holdings.values() if not is_test(one)]
    return [
        _put_together(connection, row, known, everybody, at)
        for row in found
        if ("ServiceRequest", row.question) in holdings
    ]


def keep(connection: Connection, assembled: Assembled, *, submission: str | None, at: str) -> list[Resource]:
    """Save the resources of a case; those that are new in content, and the Provenance of their assembly.

    A plan that rests on what another clinic sent says so in its words, so no clinic is granted it.
    """
    changed = []
    foreign = not stored.is_of_one_clinic(connection, assembled.patients, assembled.case.clinic)
    for resource in assembled.made:
        guarded = foreign and resource["resourceType"] in ("CarePlan", "CareTeam")
        clinic = None if guarded else assembled.case.clinic
        own = None if resource["id"] == assembled.case.question else submission
        if resources.save(connection, resource, submission=own, clinic=clinic, at=at):
            changed.append(resource)
        if guarded:
            resources.withdraw(connection, resource["resourceType"], resource["id"], assembled.case.clinic)
    if changed:
        said = provenance(_case(assembled.case), changed, assembled.steps, at=at)
        resources.save(connection, said, submission=submission, clinic=None, at=at)
        changed.append(said)
    return changed


def _open(connection: Connection, referral: Resource, clinic: str, at: str) -> Case:
    case = cases.Case(referral["id"], clinic)
    return stored.open_case(
        connection,
        patient=_id(referral.get("subject")),
        question=referral["id"],
        task=case.task,
        state=case.state,
        clinic=clinic,
        at=at,
    )


def _put_together(
    connection: Connection, row: Case, known: Sequence[Resource], everybody: set[str], at: str
) -> Assembled:
    case, transitions, made = cases.put_together(_case(row), known, at=at)
    steps = tuple(Step(at, one.event, one.row, one.source, one.to, ACTOR) for one in transitions)
    after = replace(row, state=case.state, reason=case.reason, complete=case.complete)
    if steps:
        stored.keep(connection, after)
        for step in steps:
            stored.enter(connection, row.number, step)
    return Assembled(after, made, frozenset(everybody), steps)


def _case(row: Case) -> cases.Case:
    return cases.Case(
        referral=row.question,
        clinic=row.clinic,
        number=row.number,
        state=row.state,
        reason=row.reason,
        owner={"display": row.owner or ON_DUTY},
        opened=row.opened,
        complete=row.complete,
        settled=row.settled,
    )


def _patients(found: Iterable[Resource]) -> set[str]:
    """The patients that resources are or speak of, and those whom they are linked to."""
    named = set()
    for one in found:
        if one["resourceType"] == "Patient":
            named |= {one["id"], *(_id(link["other"]) for link in one.get("link", ()))}
        else:
            named |= {_id(one.get(element)) for element in ("subject", "patient", "beneficiary") if element in one}
    return named - {""}


def _id(reference: Any) -> str:
    target = reference.get("reference", "") if isinstance(reference, dict) else ""
    return str(target).rpartition("/")[2]
