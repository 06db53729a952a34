"""What a person decides of who is who; link, case and plan follow in the same transaction, and can be taken back."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway import cases, route
from gateway.cases.provenance import author
from gateway.cases.states import events as possible
from gateway.cases.states import step
from gateway.casework.assembly import Assembled, again, case_of, keep, regroup
from gateway.casework.views import release
from gateway.core import fhirjson, ids
from gateway.core.errors import IllegalTransitionError, KeptApartError, NotFoundError, PreconditionFailedError
from gateway.route.destination import Destination
from gateway.store import cases as stored
from gateway.store import deliveries, matches, resources, submissions
from gateway.store.cases import Case, Step
from gateway.store.matches import APART, ASIDE, DOUBTED, LINKED, OPEN, REFUSED, RELEASED, SAME, Decided, Match

Resource = dict[str, Any]
LATER: Final = "later"
# What a person may say of a pair in each state, and the state that it leads to; none leaves it as it is.
VERDICTS: Final[dict[str, dict[str, str | None]]] = {
    OPEN: {SAME: SAME, APART: APART, LATER: None},
    DOUBTED: {SAME: SAME, "unlink": APART, LATER: None},
    SAME: {"unlink": APART},
    APART: {SAME: SAME},
    ASIDE: {"release": RELEASED, "refuse": REFUSED, LATER: None},
    REFUSED: {"release": RELEASED},
    RELEASED: {},
}
_ASK: Final = "ask-for-records"
_WRONG: Final = "entered-in-error"
_ENDED: Final = frozenset({"completed", "revoked", "cancelled", _WRONG})


class Settled(NamedTuple):
    """What a decision made: the pair as it stands, the cases put together anew, the resources whose content is new."""

    match: Match
    cases: list[Assembled]
    changed: list[Resource]


def decide(
    connection: Connection, id: str, verdict: str, *, actor: str, version: int, at: str, reason: str = ""
) -> Settled:
    """Decide on a pair. `version` is that of the question which the caller has seen.

    Raises PreconditionFailedError, IllegalTransitionError, KeptApartError.
    """
    before = matches.find(connection, id)
    if before.version != version:
        raise PreconditionFailedError("If-Match")
    if verdict not in VERDICTS[before.state]:
        raise IllegalTransitionError("decision")
    state = VERDICTS[before.state][verdict]
    after = replace(before, version=version + 1)
    after = (
        replace(after, put_off=at)
        if state is None
        else replace(after, state=state, actor=actor, updated=at, put_off="")
    )
    matches.keep(connection, after)
    matches.enter(connection, _line(after, verdict, actor, at, reason), id)
    if after.state == RELEASED:
        _release(connection, after, actor, at)
    if after.state == before.state or after.said is not None:
        return Settled(after, [], [])
    opened, changed = _followed(connection, before, after, actor=actor, at=at)
    told = _provenance(after, verdict, actor, at)
    resources.save(connection, told, submission=None, clinic=None, at=at)
    return Settled(after, opened, [*changed, told])


def send(connection: Connection, settled: Settled, destinations: Mapping[str, Destination], at: str) -> None:
    """Put what changed on its way to every destination."""
    match = settled.match
    release(connection, settled.cases, destinations, at)
    for name, destination in route.whole(destinations).items() if settled.changed else ():
        bundles = route.plan(settled.changed, max_entries=destination.max_entries)
        words = {"submission": match.submission, "destination": name, "patient": match.patient, "at": at}
        deliveries.put(connection, bundles=bundles, **words)


def about(match: Match) -> tuple[tuple[str, str], ...]:
    """What an audit event of a pair is about: the pair and both records."""
    both = (("Patient", one) for one in (match.patient, match.candidate) if one)
    return tuple(dict.fromkeys((("match", match.id), *both)))


def _release(connection: Connection, match: Match, actor: str, at: str) -> None:
    """Process again what waited for this decision, also under other submissions that say the very same."""
    others = matches.alike(connection, match)
    for one in others:
        released = replace(one, version=one.version + 1, state=RELEASED, actor=actor, updated=at)
        matches.keep(connection, released)
        matches.enter(connection, _line(released, "release", actor, at, ""), one.id)
    for id in dict.fromkeys(one.submission for one in (match, *others)):
        submissions.requeue(connection, id, at, actor=actor)


def _followed(
    connection: Connection, before: Match, after: Match, *, actor: str, at: str
) -> tuple[list[Assembled], list[Resource]]:
    """The link in the record that bears it, and every case of either put together anew."""
    both = (after.patient, after.candidate)
    linked = after.state in LINKED
    if linked == (before.state in LINKED):
        return [], []
    if linked and matches.are_kept_apart(connection, *(stored.same_person(connection, {one}) for one in both)):
        raise KeptApartError
    changed = _told(connection, after, linked=linked, at=at)
    opened = regroup(connection, both, at=at)
    if not linked:
        opened = [_without(connection, one, before, actor=actor, at=at) for one in opened]
    for one in opened:
        changed += keep(connection, one, submission=None, at=at)
        changed += _withdrawn(connection, one, at) if not linked else []
    return opened, changed


def _told(connection: Connection, match: Match, *, linked: bool, at: str) -> list[Resource]:
    """The record that bears the link, with it or without; both records stay as they are otherwise."""
    patient: Resource = fhirjson.read_own(resources.read(connection, "Patient", match.patient).body)
    link = {"other": {"reference": f"Patient/{match.candidate}"}, "type": "seealso"}
    links = [one for one in patient.pop("link", ()) if one != link]
    if linked:
        links.append(link)
    made = {**patient, "link": links} if links else patient
    return [made] if resources.save(connection, made, submission=None, clinic=None, at=at) else []


def _without(connection: Connection, one: Assembled, before: Match, *, actor: str, at: str) -> Assembled:
    """A case that was complete by the records of somebody else waits for its own, and its clock has not started."""
    row, task = one.case, one.made[1]
    if "input" not in task or _ASK not in possible(row.state) or not row.complete or row.complete < before.updated:
        return one
    transition = step(row.state, _ASK)
    after: Case = replace(row, state=transition.to, reason="", complete="")
    taken = Step(at, _ASK, transition.row, row.state, transition.to, actor)
    stored.keep(connection, after)
    stored.enter(connection, row.number, taken)
    made = again(connection, after, at=at)
    return made._replace(steps=(*one.steps, taken, *made.steps))


def _withdrawn(connection: Connection, one: Assembled, at: str) -> list[Resource]:
    """The activities that only the other's records called for: they were an error."""
    made = {(each["resourceType"], each["id"]) for each in one.made}
    changed = []
    for type, id in _possible(one.case):
        if (type, id) in made or (held := _held(connection, type, id)) is None or held.get("status") in _ENDED:
            continue
        wrong = {**held, "status": _WRONG}
        if resources.save(connection, wrong, submission=None, clinic=None, at=at):
            changed.append(wrong)
    return changed


def _possible(row: Case) -> Iterator[tuple[str, str]]:
    case = case_of(row)
    for rule in cases.rules():
        for type in dict.fromkeys((rule.becomes, "Task")):
            yield type, case.id(type, rule.activity)


def _held(connection: Connection, type: str, id: str) -> Resource | None:
    try:
        found: Resource = fhirjson.read_own(resources.read(connection, type, id).body)
    except NotFoundError:
        return None
    return found


def _line(match: Match, verdict: str, actor: str, at: str, reason: str) -> Decided:
    return Decided(
        at, verdict, match.grade, match.rule, "", match.inputs_sha256, actor, reason.strip(), match.submission,
        match.patient, match.candidate,
    )  # fmt: skip


def _provenance(match: Match, verdict: str, actor: str, at: str) -> Resource:
    """Who said that two records are one person's, or that they are not."""
    return {
        "resourceType": "Provenance",
        "id": ids.stable_id(match.id, at, verdict),
        "target": [{"reference": f"Patient/{one}"} for one in (match.patient, match.candidate)],
        "recorded": at,
        "activity": {"text": f"Identity: {verdict}"},
        "agent": [author(actor)],
    }
