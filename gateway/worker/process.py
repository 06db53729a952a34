"""Process one submission: the corridor, then everything that follows from it in one transaction."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from gateway import casework, route
from gateway.audit.trail import Event
from gateway.core.clock import instant
from gateway.core.errors import (
    AmbiguousPatientError,
    CaseUnsoundError,
    ConsentError,
    ConsentMissingError,
    GatewayError,
    MatchError,
    MultiPatientError,
    NoMappingError,
    NonProductionError,
    ParseError,
    PatientConflictError,
    SensitiveHoldError,
    UnknownCharsetError,
    UnknownOrderError,
    UnnamedPatientError,
    UnsupportedFormatError,
)
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import State, without
from gateway.core.outcome import BASE, Outcome, is_test
from gateway.core.submission import Sender, SubmissionState
from gateway.parse.hl7v2 import sending
from gateway.route.plan import place
from gateway.store import deliveries, failures, outcomes, resources, submissions, work
from gateway.store.submissions import Submission
from gateway.store.work import Job
from gateway.worker import conflict, consent, superseded
from gateway.worker.demographics import with_demographics
from gateway.worker.desk import ACTOR, Desk
from gateway.worker.isolation import patience
from gateway.worker.known_case import outdated, with_patients
from gateway.worker.known_order import with_known_orders
from gateway.worker.known_patient import with_links
from gateway.worker.known_status import with_known_status
from gateway.worker.known_study import with_known_studies

Resource = dict[str, Any]
CRASHED: Final = "translator-failed"
_TOLD_BY_CASE: Final = "the state of the case says it"
_USUAL: Final = 1024**2  # bytes, for which a lease is long enough
# The most specific first. A code of so-quarantine-reason says to a person where to begin.
_REASONS: Final[tuple[tuple[type[GatewayError], str], ...]] = (
    (UnknownCharsetError, "encoding"),
    (ParseError, "parse-error"),
    (UnsupportedFormatError, "unsupported-type"),
    (NoMappingError, "unsupported-type"),
    (NonProductionError, "test-message"),
    (MultiPatientError, "multi-patient"),
    (AmbiguousPatientError, "patient-ambiguous"),
    (UnnamedPatientError, "missing-required"),
    (UnknownOrderError, "missing-required"),
    (MatchError, "patient-conflict"),
    (CaseUnsoundError, "profile-invalid"),
    (ConsentMissingError, "consent-missing"),
    (SensitiveHoldError, "sensitive-hold"),
)
_STEPS: Final = (
    SubmissionState.PARSED,
    SubmissionState.MAPPED,
    SubmissionState.VALIDATED,
    SubmissionState.MATCHED,
    SubmissionState.ROUTED,
)


class _SetAsideError(Exception):
    """Records of several are in conflict with what is known or wait: the others are to be stored without them."""

    def __init__(self, places: Mapping[str, GatewayError]) -> None:
        super().__init__()
        self.places = places


def process(desk: Desk, job: Job) -> None:
    """Convert, then commit. The fence comes first: a worker that lost its lease changes nothing."""
    found = desk.store.read(lambda connection: submissions.find(connection, job.subject, None))
    body, media_type, _ = desk.store.read(lambda connection: submissions.original(connection, job.subject, None))
    sender = desk.senders.find(found.clinic, *sending(body))
    convert = partial(
        desk.convert, body, media_type=media_type, sender=sender, received=datetime.fromisoformat(found.received)
    )
    apart: dict[str, GatewayError] = {}
    whole: Outcome | None = None
    while True:
        _prolong(desk, job, found.size)
        outcome = _with_word_of_the_door(desk, found, convert(apart=apart))
        whole = whole or outcome
        try:
            return _settle(desk, job, found, whole, outcome, sender, apart)
        except _SetAsideError as records:
            apart |= records.places


def _settle(
    desk: Desk,
    job: Job,
    found: Submission,
    whole: Outcome,
    outcome: Outcome,
    sender: Sender,
    apart: Mapping[str, GatewayError],
) -> None:
    """Commit what follows from an outcome, or nothing: raises _SetAsideError. `whole` is of all records."""

    def change(connection: Connection) -> None:
        work.finish(connection, job)
        at = desk.now()
        said, reason, patient = outcome, _reason(outcome), None
        judged, waits, changed = None, apart, list[Resource]()
        try:
            with connection.begin_nested():
                doubted = conflict.doubted(connection, whole, found, at) if _reason(whole) is None else set()
                _part(outcome, {(id, id) for id in doubted}, PatientConflictError())
                if reason is None and doubted and not outcome.records:
                    said = replace(outcome, bundle=None, error=PatientConflictError())
                    reason = _reason(said)
                if reason is None:
                    said, patient, judged, changed = _keep(connection, desk, found, outcome, sender, at)
                else:
                    judged = _judged(connection, found, outcome, _said(outcome), sender, at)
        except (MatchError, CaseUnsoundError) as trouble:  # seen only beside what is known; what was begun is undone
            if isinstance(trouble, MatchError):
                _part(outcome, trouble.told, type(trouble)())
            said = replace(outcome, bundle=None, error=trouble)
            reason = _reason(said)
        except ConsentError as awaited:  # nothing of it is kept but its bytes, and whose it is
            said, waits = Outcome(outcome.kind, None, (), (), awaited), {"": awaited}
            reason, patient = _reason(said), _patient(_said(outcome))
        if reason is None or waits or judged is not None:
            events = list(consent.settle(connection, found, judged, waits, whole, at))
            desk.record_all(connection, events, at)
            for step in (consent.WITHDRAW, consent.RELEASE):
                _follow(connection, desk, step, [event for event in events if event.subtype == step], at)
        consent.wake(connection, changed, at)
        outcomes.save(connection, found.id, said, outcome.mapping, at)
        failures.record(connection, found.id, said.kind.partition(":")[0], said, at)
        _advance(connection, found, outcome.kind, reason, patient, at, outcome.mapping)
        desk.record(connection, _event(found, reason, patient), at)

    desk.store.write(change)


def _part(outcome: Outcome, told: Set[tuple[str, str]], error: GatewayError) -> None:
    """Raise _SetAsideError when there are records of several that tell any of this."""
    if places := [place for place, record in outcome.records.items() if record.told & told]:
        raise _SetAsideError(dict.fromkeys(places, error))


def _follow(connection: Connection, desk: Desk, step: str, events: Sequence[Event], at: str) -> None:
    """Let the cases follow what was withheld of their patients, or is shown."""
    of = {id for event in events for type, id in event.about if type == "Patient"}
    for case in casework.follow_consent(connection, of, withdrawn=step == consent.WITHDRAW, at=at) if of else ():
        desk.record_all(connection, casework.events(case), at)


def _judged(
    connection: Connection, found: Submission, outcome: Outcome, made: list[Resource], sender: Sender, at: str
) -> consent.Judged:
    """What rests on a Consent, when nothing waits for one; else raises _SetAsideError, or ConsentError for a whole."""
    judged = consent.judge(connection, found, outcome, made, sender, at[:10])
    if "" in judged.waits:
        raise judged.waits[""]
    if judged.waits:
        raise _SetAsideError(judged.waits)
    return judged


def _prolong(desk: Desk, job: Job, size: int) -> None:
    """A lease covers what is usual; a large submission may take longer, and another worker must not begin it too."""
    if size > _USUAL:
        until = desk.clock.now() + work.LEASES["process"] + timedelta(seconds=patience(size))
        desk.store.write(lambda connection: work.prolong(connection, job, instant(until)))


def _with_word_of_the_door(desk: Desk, found: Submission, outcome: Outcome) -> Outcome:
    """What the door saw and the message alone does not show: its number was used before."""
    steps = desk.store.read(lambda connection: submissions.events(connection, found.id))
    if not any(step.event == submissions.REUSED for step in steps):
        return outcome
    issue = Issue(Severity.WARNING, submissions.REUSED, location="MSH-10")
    return replace(outcome, issues=(*outcome.issues, issue))


def quarantine(desk: Desk, job: Job) -> None:
    """Set a submission aside that the program failed on, again and again: for a person, with its bytes untouched."""

    def change(connection: Connection) -> None:
        work.finish(connection, job)
        at, found = desk.now(), submissions.find(connection, job.subject, None)
        kind = found.kind or "unknown"
        crash = Outcome(kind, None, (Issue(Severity.FATAL, CRASHED),), ())
        failures.record(connection, found.id, kind.partition(":")[0], crash, at)
        _advance(connection, found, None, CRASHED, None, at, crash.mapping)
        desk.record(connection, _event(found, CRASHED, None), at)

    desk.store.write(change)


def _keep(
    connection: Connection, desk: Desk, found: Submission, outcome: Outcome, sender: Sender, at: str
) -> tuple[Outcome, str | None, consent.Judged, list[Resource]]:
    """Settle, link, number, store, and put on the way; gives the outcome as it was stored, the patient, on which
    Consents it rests, and what is new.

    A replay of an old submission leaves alone what a later one has said since, here and at the destinations.
    Test data stands apart: no known patient, no case and no destination hears of it (policy V15).
    """
    outcome, ordered = with_known_orders(connection, with_demographics(connection, outcome, sender), found)
    said = _said(outcome)
    translated = [resource for resource in said if place(resource) not in outcome.assembled]
    real = with_known_status(connection, [resource for resource in translated if not is_test(resource)])
    real = with_patients(connection, real, found.clinic)
    later = submissions.said_since(connection, found, [resource["id"] for resource in translated])
    later = (later - ordered) | outdated(connection, real)
    words = {"submission": found.id, "clinic": found.clinic, "at": at}
    linked = iter(with_links(connection, real, later=later, **words))
    made = [resource if is_test(resource) else next(linked) for resource in translated]
    judged = _judged(connection, found, outcome, made, sender, at)
    made = judged.with_consents(made)
    fresh = [resource for resource in made if (resource["resourceType"], resource["id"]) not in later]
    known = with_known_studies(connection, [one for one in fresh if not is_test(one)], found.clinic)
    fresh = [*known, *filter(is_test, fresh)]
    united = {place(one): one for one in known}
    made = [united.get(place(one), one) for one in made]
    opened = casework.reassemble(connection, fresh, centre=desk.centre, **words)
    told = {place(case.made[0]): case.made[0] for case in opened}
    outcome = _told_by_case(outcome, made, told)
    made, fresh = ([told.get(place(one), one) for one in several] for several in (made, fresh))
    changed = [resource for resource in fresh if resources.save(connection, dict(resource), **words)]
    superseded.supersede(connection, found, outcome.kind, changed, at)
    for case in opened:
        changed += casework.keep(connection, case, submission=found.id, at=at)
        casework.owe(connection, case, desk.senders)
        desk.record_all(connection, casework.events(case, found.id), at)
    patient = _patient(made)
    made_of_cases = (one for case in opened for one in case.made)
    goes = list({place(one): one for one in (*fresh, *made_of_cases, *changed) if not is_test(one)}.values())
    casework.release(connection, opened, desk.destinations, at)
    for name, destination in route.whole(desk.destinations).items():
        if changed or not deliveries.were_put(connection, found.id, name):
            _put(connection, found, name, patient, route.plan(goes, max_entries=destination.max_entries), at)
    tasks = [case.made[1] for case in opened if case.made[0] in made]
    return (_over(outcome, [*made, *tasks]) if said else outcome), patient, judged, changed


def _told_by_case(outcome: Outcome, made: list[Resource], told: dict[str, Resource]) -> Outcome:
    """The state of a case says how its referral stands; what was sent of it stands in the account alone."""
    states = {f"{place(one)}.status" for one in made if one.get("status") != told.get(place(one), one).get("status")}
    if not states:
        return outcome
    ledger = (without(entry, states.__contains__, _TOLD_BY_CASE, State.IGNORED) for entry in outcome.ledger)
    return replace(outcome, ledger=tuple(ledger))


def _over(outcome: Outcome, made: list[Resource]) -> Outcome:
    """The outcome with its resources as they were stored."""
    entries = [{"fullUrl": f"{BASE}/fhir/{place(one)}", "resource": one} for one in made]
    return replace(outcome, bundle={**(outcome.bundle or {}), "entry": entries})


def _put(
    connection: Connection, found: Submission, destination: str, patient: str | None, bundles: list[bytes], at: str
) -> None:
    words = {"submission": found.id, "destination": destination, "patient": patient or found.id, "at": at}
    deliveries.put(connection, bundles=bundles, **words)


def _said(outcome: Outcome) -> list[Resource]:
    return [entry["resource"] for entry in (outcome.bundle or {}).get("entry", ())]


def _patient(resources: list[Resource]) -> str | None:
    return next((one["id"] for one in resources if one["resourceType"] == "Patient"), None)


def _reason(outcome: Outcome) -> str | None:
    """Why the outcome may not be stored as good; none when it may."""
    if outcome.error is not None:
        return next((code for kind, code in _REASONS if isinstance(outcome.error, kind)), CRASHED)
    return None if outcome.sound else "profile-invalid"


def _advance(
    connection: Connection,
    found: Submission,
    kind: str | None,
    reason: str | None,
    patient: str | None,
    at: str,
    version: str,
) -> None:
    """Enter each step that was taken, or that the submission was set aside."""
    if reason is not None:
        said = {"kind": kind, "reason": reason, "patient": patient}
        _step(connection, found, SubmissionState.QUARANTINED, at, version, **said)
        return
    for state in _STEPS:
        _step(connection, found, state, at, version, kind=kind, patient=patient)
    if found.state == SubmissionState.SUPERSEDED:
        superseded.mark(connection, found.id, at)  # a replay makes an old word no newer


def _step(
    connection: Connection, found: Submission, state: SubmissionState, at: str, version: str, **said: str | None
) -> None:
    submissions.advance(
        connection, found.id, event=state.value, state=state.value, at=at, actor=ACTOR, mapping=version, **said
    )


def _event(found: Submission, reason: str | None, patient: str | None) -> Event:
    outcome = "0" if reason is None else "4"
    about = (("Patient", patient),) if patient else ()
    return Event("E", "process", outcome, ACTOR, "system", found.clinic, about, submission=found.id)
