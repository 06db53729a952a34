"""Submissions whose patient is one by number and another by name: set aside with a question, until a person decides."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway import match
from gateway.core import fhirjson
from gateway.core.ids import stable_id
from gateway.core.outcome import Outcome, is_test
from gateway.match.person import Person
from gateway.store import cases, matches, patients, submissions
from gateway.store.matches import ASIDE, GATEWAY, RELEASED, Decided, Match
from gateway.store.submissions import Submission

Resource = dict[str, Any]
NUMBER: Final = "patient-conflict"
DOCUMENT: Final = "document-conflict"
_SAYS_WHO: Final = "hl7v2:ADT"  # whose purpose is to say who a patient is: it may correct all of a record


class _Conflict(NamedTuple):
    """A patient as sent; whose number that is, or whom a document in it is of; whose name it is; what tells so."""

    patient: Resource
    numbered: Resource
    named: Resource | None
    vetoes: tuple[str, ...]
    rule: str = NUMBER


def doubted(connection: Connection, outcome: Outcome, found: Submission, at: str) -> set[str]:
    """The patients of whom a person has to decide before anything of them is stored; the questions are kept.

    A release holds for what both said then, so what is sent again is not asked again.
    """
    waiting = {one.id: one for one in matches.aside(connection, found.id)}
    open_ = [one for one in _conflicts(connection, outcome, found) if not _is_released(connection, one)]
    for one in open_:
        kept = _ask(connection, one, found, at)
        waiting.pop(kept, None)
    for gone in waiting.values():  # what is known has changed since, so that it is none any more
        matches.keep(connection, replace(gone, version=gone.version + 1, state=RELEASED, updated=at))
    return {one.patient["id"] for one in open_}


def _conflicts(connection: Connection, outcome: Outcome, found: Submission) -> Iterator[_Conflict]:
    """Of each Patient that no later submission has told anew."""
    made = [entry["resource"] for entry in (outcome.bundle or {}).get("entry", ())]
    said = [one for one in made if one["resourceType"] == "Patient" and not is_test(one)]
    later = submissions.said_since(connection, found, [one["id"] for one in said])
    for one in said:
        if ("Patient", one["id"]) not in later:
            inside = [content for whose, content in outcome.inside if whose == one["id"]]
            others = (content for content in inside if match.differs(one, content))
            yield from (_Conflict(one, other, None, match.strangers(one, other), DOCUMENT) for other in others)
            yield from _of(connection, one, may_differ=outcome.kind.startswith(_SAYS_WHO))


def _of(connection: Connection, patient: Resource, *, may_differ: bool) -> Iterator[_Conflict]:
    """The number is that of the record under this id; when there is none, of another that bears it."""
    known, who = patients.named(connection, {patient["id"]}), match.person(patient)
    if known and match.inputs(known[0]) == match.inputs(who):
        return
    for numbered in known or patients.candidates(connection, patient["id"], match.issued(who)):
        if vetoes := match.strangers(who, numbered):
            named = _named(connection, who, numbered["id"])
            if named is not None or (known and not may_differ and match.contradicts(who, numbered)):
                yield _Conflict(patient, numbered, named, vetoes)
                return


def _named(connection: Connection, who: Person, numbered: str) -> Resource | None:
    """Somebody else of this name and birth date, who is not linked with whom the number is of."""
    same = cases.same_person(connection, {numbered})
    found = patients.candidates(connection, who.id, match.sought(who))
    return next((one for one in found if one["id"] not in same and match.is_named(who, one)), None)


def _is_released(connection: Connection, one: _Conflict) -> bool:
    return matches.is_released(connection, one.patient["id"], match.inputs(one.patient, one.numbered))


def _ask(connection: Connection, one: _Conflict, found: Submission, at: str) -> str:
    """Keep the question with what was sent, which is in no record; asked once, and again when either has changed."""
    patient, numbered = one.patient["id"], one.numbered["id"]
    id, inputs = stable_id("match", found.id, patient, numbered), match.inputs(one.patient, one.numbered)
    before = matches.known(connection, id)
    if before is None or before.inputs_sha256 != inputs:
        said = fhirjson.write([one.patient, one.numbered, *filter(None, [one.named])])
        how = ("possible", one.rule, " ".join(one.vetoes), inputs, found.id, found.clinic, at, at, "", said)
        version = before.version + 1 if before else 1
        matches.keep(connection, Match(id, version, ASIDE, GATEWAY, patient, numbered, *how))
        by = ("possible", one.rule, match.version(), inputs, GATEWAY, "", found.id)
        line = Decided(at, ASIDE, *by, patient, numbered)
        matches.enter(connection, line, id)
    return id
