"""What waits for the patient's consent: held record by record before anything of it is stored, released by it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway import match
from gateway.audit.trail import Event
from gateway.cases.consent import Recorded, consent_of, holds, is_yes, lifting, resting_on
from gateway.core.errors import ConsentError, ConsentMissingError, GatewayError
from gateway.core.outcome import Outcome, Record, is_test
from gateway.core.submission import Sender
from gateway.store import cases, consents, patients, submissions, withheld
from gateway.store.consents import Hold
from gateway.store.submissions import Submission
from gateway.translate.policy import policy

Resource = dict[str, Any]
ACTOR: Final = "consent"
RELEASE: Final = "release"
WITHDRAW: Final = "withdraw"


class Judged(NamedTuple):
    """What of a submission needs a consent: the records that wait, the rows of those that rest on one, and what people
    recorded of them, as Consents.
    """

    waits: dict[str, ConsentError]
    rests: list[Hold]
    given: dict[str, Resource]

    def with_consents(self, made: Iterable[Resource]) -> list[Resource]:
        """The resources, with those Consents; the account of a source says on which one it rests."""
        return [*(self._accounted(one) for one in made), *self.given.values()]

    def _accounted(self, resource: Resource) -> Resource:
        if resource["resourceType"] == "Provenance" and "entity" in resource:
            targets = {one.get("reference") for one in resource["target"]}
            for row in self.rests:
                if f"Patient/{row.patient}" in targets:
                    resource = resting_on(resource, row.hold, row.consent)
        return resource


def records_of(outcome: Outcome) -> Mapping[str, Record]:
    """The records of a submission by their places; one that is a whole stands at none."""
    made = [entry["resource"] for entry in (outcome.bundle or {}).get("entry", ())]
    whole = Record(frozenset(), tuple(holds(made)), tuple(one for one in made if one["resourceType"] == "Patient"))
    return outcome.records or {"": whole}


def judge(
    connection: Connection, found: Submission, outcome: Outcome, made: Sequence[Resource], sender: Sender, day: str
) -> Judged:
    """Which records wait, as of a day; `made` are the resources with what is known of who is who."""
    judged, needs = Judged({}, [], {}), [one for one in records_of(outcome).items() if one[1].awaits]
    recorded = _recorded(connection, found) if needs else {}
    clinic = None if policy(sender, "consent_from") == "any-clinic" else found.clinic
    for place, record in needs:
        for hold in record.awaits:
            known = _known(connection, record, hold, made, clinic)
            given = [consent_of(one, id) for one in recorded.get((place, hold().code), ()) for id in _ids(record)[:1]]
            consent = lifting(hold, [*given, *known], day)
            if consent is None:
                judged.waits.setdefault(place, hold())
                continue
            judged.given.update({one["id"]: one for one in given if one is consent})
            until = str(consent.get("provision", {}).get("period", {}).get("end", ""))[:10]
            row = Hold(found.id, place, hold().code, "", consent=consent["id"], until=until)
            judged.rests.extend(replace(row, patient=id) for id in _ids(record) or [""])
    return judged


def settle(
    connection: Connection,
    found: Submission,
    judged: Judged | None,
    waits: Mapping[str, GatewayError],
    outcome: Outcome,
    at: str,
) -> Iterator[Event]:
    """Keep what waits and what rests on a Consent; gives an event for each that was released, or is not any more."""
    records, rows = records_of(outcome), list(judged.rests if judged else ())
    for place, error in waits.items():
        if isinstance(error, ConsentError):
            _index(connection, records[place])
            rows += (Hold(found.id, place, error.code, id) for id in _ids(records[place]) or [""])
    for row in consents.settle(connection, found.id, rows, at):
        (withheld.hide if row.waits else withheld.show_again)(connection, found.id, row.patient)
        about = (("Consent", row.consent), ("Patient", row.patient), ("rule", row.hold))
        named = tuple((type, id) for type, id in about if id)
        step = WITHDRAW if row.waits else RELEASE
        yield Event("E", step, "0", ACTOR, "system", found.clinic, named, submission=found.id)


def wake(connection: Connection, changed: Iterable[Resource], at: str) -> None:
    """Put to work again what one of these Consents may release, and what rests on one that says no now."""
    told = [one for one in changed if one["resourceType"] == "Consent"]
    for says_yes, concerned in ((True, consents.waiting), (False, consents.resting)):
        of = {_whose(one) for one in told if is_yes(one, at[:10]) is says_yes} - {""}
        for id in concerned(connection, cases.same_person(connection, of)) if of else ():
            submissions.requeue(connection, id, at, actor=ACTOR)


def _recorded(connection: Connection, found: Submission) -> dict[tuple[str, str], list[Recorded]]:
    rows: dict[tuple[str, str], list[Recorded]] = {}
    for one in (Recorded(**row) for row in consents.recorded(connection, found.id)):
        rows[one.place, one.hold] = [one]  # the last word of a person
    return rows


def _known(
    connection: Connection, record: Record, hold: type[ConsentError], made: Sequence[Resource], clinic: str | None
) -> list[Resource]:
    """The Consents of these persons that a clinic told, or any; a Part 2 programme may send them with it.

    A relative who sends does not settle by the same letter that the patient agrees.
    """
    patients = [one for one in made if one["resourceType"] == "Patient" and one["id"] in _ids(record)]
    links = (link["other"]["reference"].rpartition("/")[2] for one in patients for link in one.get("link", ()))
    persons = cases.same_person(connection, {*_ids(record), *links})
    known = consents.of_patients(connection, persons, clinic)
    if hold is ConsentMissingError:
        return known
    told = {one["id"]: one for one in made if one["resourceType"] == "Consent" and _whose(one) in persons}
    return [*told.values(), *(one for one in known if one["id"] not in told)]


def _index(connection: Connection, record: Record) -> None:
    """Let the persons of what waits be found by their keys, so that a Consent of any record of theirs wakes it."""
    for one in record.patients:
        if not is_test(one) and not patients.named(connection, {one["id"]}):
            patients.index(connection, one["id"], match.keys(match.person(one)))


def _ids(record: Record) -> list[str]:
    return [one["id"] for one in record.patients if not is_test(one)]


def _whose(consent: Resource) -> str:
    return str(consent.get("patient", {}).get("reference", "")).rpartition("/")[2]
