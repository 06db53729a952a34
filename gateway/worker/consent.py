"""Submissions that wait for the patient's consent: held before anything of them is stored, released by it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from gateway.cases.consent import Recorded, consent_of, holds, is_yes, lifts
from gateway.core.errors import ConsentMissingError
from gateway.core.outcome import is_test
from gateway.core.submission import HELD
from gateway.store import cases, consents, submissions
from gateway.store.submissions import Submission

Resource = dict[str, Any]
ACTOR: Final = "consent"


def with_consent(connection: Connection, found: Submission, made: Sequence[Resource], at: str) -> list[Resource]:
    """The resources, with the Consent that a person recorded for them. Raises ConsentError while one is awaited."""
    awaited = list(holds(made))
    if not awaited:
        return list(made)
    recorded = {one.hold: one for one in (Recorded(**row) for row in consents.recorded(connection, found.id))}
    before = _before(connection, made)
    for hold in awaited:
        # A relative who sends does not settle by the same letter that the patient agrees.
        known = before if hold is ConsentMissingError else [*before, *made]
        if hold().code not in recorded and not any(lifts(hold, one, at[:10]) for one in known):
            raise hold
    patients = [one["id"] for one in made if one["resourceType"] == "Patient" and not is_test(one)]
    given = [consent_of(one, patients[0]) for one in recorded.values()] if len(patients) == 1 else []
    return [*made, *given]


def release(connection: Connection, fresh: Sequence[Resource], at: str) -> None:
    """Put to work again what waited for one of these Consents."""
    given = [one for one in fresh if one["resourceType"] == "Consent" and is_yes(one, at[:10])]
    patients = {str(one.get("patient", {}).get("reference", "")).rpartition("/")[2] for one in given}
    if not patients:
        return
    for id in consents.waiting(connection, cases.same_person(connection, patients), HELD):
        submissions.requeue(connection, id, at, actor=ACTOR)


def _before(connection: Connection, made: Sequence[Resource]) -> list[Resource]:
    """The Consents that are held of these persons."""
    patients = [one for one in made if one["resourceType"] == "Patient"]
    links = (link["other"]["reference"] for one in patients for link in one.get("link", ()))
    persons = {*(one["id"] for one in patients), *(named.rpartition("/")[2] for named in links)}
    return consents.of_patients(connection, cases.same_person(connection, persons))
