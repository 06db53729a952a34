"""Put the cases of a patient together from all that the store holds of them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway import cases
from gateway.cases.case import ON_DUTY, PHARMACY
from gateway.cases.centre import Centre
from gateway.cases.drugs import Mention
from gateway.cases.evidence import values
from gateway.cases.provenance import provenance
from gateway.cases.states import states
from gateway.casework.verdict import refuse_unsound
from gateway.core import fhirjson
from gateway.core.errors import GoneError, NotFoundError, ReferralConflictError
from gateway.core.labels import high_water, labelled
from gateway.core.outcome import is_test
from gateway.store import cases as stored
from gateway.store import index, resources, withheld
from gateway.store.cases import Case, Step
from gateway.store.parameters import registry

Resource = dict[str, Any]
ACTOR: Final = "gateway"
ASSIGN: Final = "assign"
NOWHERE: Final = Centre()
ENDED: Final = [name for name, state in states().items() if state.ended]


class Assembled(NamedTuple):
    """One case put together: its row, its resources, the patients whose records it rests on, the steps taken."""

    case: Case
    made: list[Resource]
    patients: frozenset[str]
    steps: tuple[Step, ...]


def reassemble(
    connection: Connection,
    fresh: Sequence[Resource],
    *,
    clinic: str,
    at: str,
    submission: str = "",
    centre: Centre = NOWHERE,
) -> list[Assembled]:
    """The cases that fresh resources of a clinic open or touch, put together; nothing is saved but their rows.

    `fresh` are about to be saved and stand in place of what is held under their ids; they may be of many patients, and
    each case rests on its own patient's alone. A new case goes to a nurse of the centre. Raises ReferralConflictError.
    """
    real = [one for one in fresh if not is_test(one)]
    people = _People(connection, real, submission)
    opened: set[str] = set()
    others: set[str] = set()
    given: dict[str, Step] = {}
    for referral in filter(cases.is_referral, real):
        row = _open(connection, referral, clinic, at)
        opened.add(row.number)
        if row.patient not in people.all_of({patient_of(referral) or ""}):
            others.add(referral["id"])  # a number that is known for somebody else is nobody's to guess
        if centre.nurses and not stored.history(connection, row.number):
            given[row.number] = _give(connection, row, centre.nurse(stored.open_cases(connection, ENDED)), at)
    if others:
        raise ReferralConflictError(told=cases.told([one for one in real if one["id"] in others]))
    touched = people.all_of(patient for one in real if (patient := patient_of(one)))
    rows = {number: stored.find(connection, number) for number in sorted(opened)}
    rows |= {row.number: row for row in _shown(connection, stored.of_patients(connection, touched))}
    made = [_put_together(connection, _with_pharmacy(connection, row, centre), people, at) for row in rows.values()]
    return [_after(given.get(one.case.number), one) for one in made]


def follow_consent(connection: Connection, patients: Iterable[str], *, withdrawn: bool, at: str) -> list[Assembled]:
    """What is withheld of patients, or shown again, takes the cases along that were opened by it; the others rest on
    what is left, and what their plans said before is not shown.
    """
    rows = stored.of_patients(connection, stored.same_person(connection, set(patients)))
    shown, made = _shown(connection, rows), []
    for row in rows:
        withheld.hide_about(connection, row.question, hidden=row not in shown)
        if row in shown and withdrawn:
            assembled = again(connection, row, at=at)
            keep(connection, assembled, submission=None, at=at)
            for one in assembled.made:
                withheld.hide_history(connection, one["resourceType"], one["id"])
            made.append(assembled)
    return made


def _shown(connection: Connection, rows: Iterable[Case]) -> list[Case]:
    """The cases whose referral is not withheld; one that is stays as it was, unseen."""
    found = list(rows)
    hidden = withheld.among(connection, {("ServiceRequest", row.question) for row in found})
    return [row for row in found if ("ServiceRequest", row.question) not in hidden]


def _with_pharmacy(connection: Connection, row: Case, centre: Centre) -> Case:
    """The case with the pharmacy of the centre, which it remembers for the steps that a person takes."""
    said = json.dumps(centre.pharmacy, sort_keys=True)
    if centre.pharmacy is None or row.settled.get(PHARMACY) == said:
        return row
    after = replace(row, settled={**row.settled, PHARMACY: said})
    stored.keep(connection, after)
    return after


def _give(connection: Connection, row: Case, nurse: str, at: str) -> Step:
    step = Step(at, ASSIGN, "", row.state, row.state, ACTOR)
    stored.keep(connection, replace(row, owner=nurse))
    stored.enter(connection, row.number, step)
    return step


def _after(given: Step | None, assembled: Assembled) -> Assembled:
    return assembled._replace(steps=(given, *assembled.steps)) if given else assembled


def again(connection: Connection, row: Case, *, at: str) -> Assembled:
    """One case put together from what is held, after a step that a person took."""
    return _put_together(connection, row, _People(connection, ()), at)


def regroup(connection: Connection, patients: Iterable[str], *, at: str) -> list[Assembled]:
    """Every case of these patients put together from what is held, after it has changed who is one person."""
    people = _People(connection, ())
    return [
        _put_together(connection, row, people, at) for row in stored.of_patients(connection, people.all_of(patients))
    ]


def keep(connection: Connection, assembled: Assembled, *, submission: str | None, at: str) -> list[Resource]:
    """Save the resources of a case; those that are new in content, and the Provenance of their assembly.

    A plan that rests on what another clinic sent says so in its words, so no clinic is granted it; nor one that ever
    did, since its history says so still. Raises CaseUnsoundError.
    """
    changed = []
    foreign = not stored.is_of_one_clinic(connection, assembled.patients, assembled.case.clinic)
    for resource in assembled.made:
        guarded = resource["resourceType"] in ("CarePlan", "CareTeam") and (
            foreign
            or resources.is_withheld(connection, resource["resourceType"], resource["id"], assembled.case.clinic)
        )
        clinic = None if guarded else assembled.case.clinic
        own = None if resource["id"] == assembled.case.question else submission
        if resources.save(connection, resource, submission=own, clinic=clinic, at=at):
            changed.append(resource)
        if guarded:
            resources.withdraw(connection, resource["resourceType"], resource["id"], assembled.case.clinic)
    if changed:
        refuse_unsound(one for one in changed if one["id"] != assembled.case.question)
        said = provenance(case_of(assembled.case), changed, assembled.steps, at=at)
        said = labelled(said, high_water(changed))  # it tells by which rules they were made
        resources.save(connection, said, submission=submission, clinic=None, at=at)
        changed.append(said)
    return changed


class _People:
    """Who is one person, by the links that are stored and those of fresh Patients; and what is known of each."""

    def __init__(self, connection: Connection, fresh: Iterable[Resource], submission: str = "") -> None:
        self._connection = connection
        self._fresh = list(fresh)
        self._submission = submission
        self._links = [
            {one["id"], _id(link["other"])}
            for one in self._fresh
            if one["resourceType"] == "Patient"
            for link in one.get("link", ())
        ]

    def all_of(self, patients: Iterable[str]) -> set[str]:
        """These Patients and all that are the same persons."""
        found: set[str] = set()
        new = set(patients)
        while new:
            found |= new
            near = stored.same_person(self._connection, found)
            new = near.union(*(pair for pair in self._links if not pair.isdisjoint(near))) - found
        return found

    def known(self, persons: set[str]) -> dict[tuple[str, str], Resource]:
        """Everything of these Patients, by type and id, fresh resources in place of held ones; no test data."""
        fresh = [one for one in self._fresh if patient_of(one) in persons]
        every = [*stored.holdings(self._connection, persons), *fresh]
        return {(one["resourceType"], one["id"]): one for one in every if not is_test(one)}

    def named(self, places: Iterable[str]) -> Iterator[Resource]:
        """The people and houses at these places, and those whom a role joins."""
        for place in places:
            if found := self._at(place):
                yield found
                yield from self.named(values([found.get("practitioner"), found.get("organization")], "reference"))

    def _at(self, place: str) -> Resource | None:
        type, _, id = place.rpartition("/")
        for one in self._fresh:
            if (one["resourceType"], one["id"]) == (type, id):
                return one
        try:
            found: Resource = fhirjson.read_own(resources.read(self._connection, type, id).body)
        except (NotFoundError, GoneError):
            return None
        return found

    def mentions(self, persons: set[str]) -> list[Mention]:
        """What submissions told of the drugs of these Patients, what is fresh last; no test data."""
        fresh = [
            one for one in self._fresh if one["resourceType"] == "MedicationRequest" and patient_of(one) in persons
        ]
        told = [*stored.drugs_told(self._connection, persons), *((self._submission, one) for one in fresh)]
        return [Mention(*one) for one in told if not is_test(one[1])]

    def referral(self, id: str) -> Resource:
        """The referral of a case, also one that names nobody."""
        for one in self._fresh:
            if (one["resourceType"], one["id"]) == ("ServiceRequest", id):
                return one
        found: Resource = fhirjson.read_own(resources.read(self._connection, "ServiceRequest", id).body)
        return found


def _open(connection: Connection, referral: Resource, clinic: str, at: str) -> Case:
    """Open the case of a referral, unless it is open."""
    case, patient = cases.Case(referral["id"], clinic), patient_of(referral) or ""
    words = {"question": case.referral, "task": case.task, "state": case.state, "clinic": clinic, "at": at}
    return stored.open_case(connection, patient=patient, **words)


def _put_together(connection: Connection, row: Case, people: _People, at: str) -> Assembled:
    persons = people.all_of({row.patient} - {""})
    known = people.known(persons)
    known.setdefault(("ServiceRequest", row.question), people.referral(row.question))
    for one in people.named(_doctors(known.values(), row.question)):
        known.setdefault((one["resourceType"], one["id"]), one)
    case, transitions, made = cases.put_together(case_of(row), known.values(), at=at, mentions=people.mentions(persons))
    steps = tuple(Step(at, one.event, one.row, one.source, one.to, ACTOR) for one in transitions)
    after = row_of(row, case)
    if steps:
        stored.keep(connection, after)
        for step in steps:
            stored.enter(connection, row.number, step)
    return Assembled(after, made, frozenset(persons), steps)


def _doctors(known: Iterable[Resource], question: str) -> list[str]:
    """Where those stand who ask the question, and who treat the patient at home."""
    names = {"Patient": "generalPractitioner", "ServiceRequest": "requester"}
    of_case = (one for one in known if one["resourceType"] == "Patient" or one["id"] == question)
    return [place for one in of_case for place in values(one.get(names[one["resourceType"]]), "reference")]


def case_of(row: Case) -> cases.Case:
    """A case as the pure room knows it."""
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


def row_of(row: Case, case: cases.Case) -> Case:
    """The row of a case as the case now stands."""
    return replace(row, state=case.state, reason=case.reason, complete=case.complete, settled=case.settled)


def patient_of(resource: Resource) -> str | None:
    """The id of the Patient whom a resource is or speaks of."""
    return index.patient_of(registry().get(resource["resourceType"]), resource)


def _id(reference: Any) -> str:
    target = reference.get("reference", "") if isinstance(reference, dict) else ""
    return str(target).rpartition("/")[2]
