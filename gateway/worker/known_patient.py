"""Who is who: each Patient of a submission against those that we know."""

from collections import defaultdict
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection

from gateway import match
from gateway.match import Decision, Grade
from gateway.match.person import Person
from gateway.store import cases, matches, patients
from gateway.store.matches import APART, DOUBTED, GATEWAY, LINKED, OPEN, SAME, Decided, Match

Resource = dict[str, Any]
KEPT_APART: Final = "kept-apart"
NOBODY: Final = Decision(Grade.CERTAINLY_NOT, "none")


def with_links(
    connection: Connection,
    made: Sequence[Resource],
    *,
    later: Set[tuple[str, str]],
    submission: str,
    clinic: str,
    at: str,
) -> list[Resource]:
    """The resources, with each Patient linked to those that it is: certainly by a rule, or as a person said.

    Nothing is merged: a link can be taken away again. What is less than certain becomes a question for a person.
    Nothing is judged of what a `later` submission has said anew.
    """
    judge = _Judge(connection, submission, clinic, at)
    return [_linked(judge, one, later) if one["resourceType"] == "Patient" else one for one in made]


def _linked(judge: "_Judge", patient: Resource, later: Set[tuple[str, str]]) -> Resource:
    if ("Patient", patient["id"]) not in later:
        judge.judge(patient)
    held = patient.get("link", [])
    ours = [one for one in map(seealso, matches.linked(judge.connection, patient["id"])) if one not in held]
    return {**patient, "link": [*held, *ours]} if ours else patient


def seealso(patient: str) -> Resource:
    """The link to another record of the same person."""
    return {"other": {"reference": f"Patient/{patient}"}, "type": "seealso"}


@dataclass(frozen=True)
class _Judge:
    """The rules' own decisions on the Patients of one submission, which are compared with each other too."""

    connection: Connection
    submission: str
    clinic: str
    at: str
    here: dict[str, list[Person]] = field(default_factory=lambda: defaultdict(list))

    def judge(self, patient: Resource) -> None:
        """Settle what the rules settle, ask a person the rest; what was judged as it is stays as it was decided."""
        id, who = patient["id"], match.person(patient)
        inputs, found_by = match.inputs(who), match.keys(who)
        if not matches.is_judged(self.connection, id, inputs, match.version()):
            held = {one.other(id): one for one in matches.of(self.connection, id)}
            known = self._candidates(who, held)
            said = match.decisions(who, list(known.values()))
            best = said[0] if said and said[0].grade is not Grade.CERTAINLY_NOT else NOBODY
            self._enter("judged", None, best, id, best.candidate, inputs)
            if told := [one for one in said if one.grade is not Grade.CERTAINLY_NOT or one.candidate in held]:
                self._settle(who, told, known, held)
        patients.index(self.connection, id, found_by)
        for key in found_by:
            self.here[key].append(who)

    def _candidates(self, who: Person, held: Collection[str]) -> dict[str, Person]:
        """Whoever shares a key, in the store or in this submission, and whoever it was compared with before."""
        sought = match.sought(who)
        found = [match.person(one) for one in patients.candidates(self.connection, who.id, sought)]
        found += (one for key in sought for one in self.here.get(key, ()) if one.id != who.id)
        if lacking := set(held) - {one.id for one in found}:
            found += map(match.person, patients.named(self.connection, lacking))
        return {one.id: one for one in found}

    def _settle(self, who: Person, said: Sequence[Decision], known: dict[str, Person], held: dict[str, Match]) -> None:
        """Of those who are one person already, one is asked about: the best."""
        mine = self._person(who.id)
        theirs = {one.candidate: self._person(one.candidate or "") for one in said}
        several = len({theirs[one.candidate] for one in said if one.grade is Grade.CERTAIN}) > 1
        seen: set[str] = set()
        for one in said:
            other = one.candidate or ""
            before, inputs = held.get(other), match.inputs(who, known[other])
            if before is None and (other in mine or not seen.isdisjoint(theirs[other])):
                continue
            seen |= theirs[other]
            if one.grade is Grade.CERTAIN and not (before and before.state in LINKED):
                one = self._checked(one, mine, theirs[other], several=several)
            state = _state(one, before, inputs)
            if state is not None:
                self._keep(one, before, state, who.id, inputs)

    def _person(self, id: str) -> frozenset[str]:
        """All records that are one person's, by links at rest and by those that are about to be."""
        found, new = set[str](), {id}
        while new:
            found |= new
            pairs = (one for each in new for one in matches.of(self.connection, each) if one.state in LINKED)
            near = {each for one in pairs for each in (one.patient, one.candidate)}
            new = (near | cases.same_person(self.connection, found)) - found
        return frozenset(found)

    def _checked(self, said: Decision, mine: Collection[str], theirs: Collection[str], *, several: bool) -> Decision:
        """A link that would join whom a person keeps apart, or one of two who fit alike, is for a person."""
        if matches.are_kept_apart(self.connection, mine, theirs):
            return replace(said, grade=Grade.PROBABLE, rule=KEPT_APART)
        return replace(said, grade=Grade.PROBABLE, rule=match.SEVERAL) if several else said

    def _keep(self, said: Decision, before: Match | None, state: str, patient: str, inputs: str) -> None:
        pair, other = matches.pair(patient, said.candidate or ""), said.candidate or ""
        source = (self.submission, self.clinic, self.at, self.at)
        new = Match(pair, 0, OPEN, GATEWAY, patient, other, "", "", "", "", *source)
        after = replace(
            before or new, version=(before or new).version + 1, state=state, grade=said.grade.value, rule=said.rule,
            vetoes=" ".join(said.vetoes), inputs_sha256=inputs, updated=self.at,
        )  # fmt: skip
        if after == replace(before or new, version=after.version, updated=self.at):
            return
        if before is not None and before.state != state:
            after = replace(after, actor=GATEWAY, since=self.at, put_off="")
        matches.keep(self.connection, after)
        self._enter(state, after.id, said, after.patient, after.candidate, inputs)

    def _enter(
        self, decision: str, pair: str | None, said: Decision, patient: str, candidate: str | None, inputs: str
    ) -> None:
        how = (said.grade.value, said.rule, match.version(), inputs, GATEWAY, "", self.submission)
        line = Decided(self.at, decision, *how, patient, candidate)
        matches.enter(self.connection, line, pair)


def _state(said: Decision, before: Match | None, inputs: str) -> str | None:
    """Where a pair stands after the rules have spoken; none when they change nothing.

    A person's word stands: a link until it is taken back, a refusal for as long as both records say the same.
    """
    if before is not None and before.inputs_sha256 == inputs and before.actor != GATEWAY:
        return None
    if before is None or before.state == OPEN or (before.state == APART and before.actor == GATEWAY):
        if said.grade is Grade.CERTAINLY_NOT:
            return APART if before is not None and before.state == OPEN else None
        return SAME if said.grade is Grade.CERTAIN else OPEN
    if before.state == APART:
        return None if said.grade is Grade.CERTAINLY_NOT else OPEN
    if before.actor != GATEWAY:
        return None
    return SAME if said.grade is Grade.CERTAIN else DOUBTED
