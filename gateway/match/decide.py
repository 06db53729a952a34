"""Whether a patient is one that we know: the answer over all candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.match.grade import NO_RULE, Graded, grade
from gateway.match.person import Described, person
from gateway.match.rules import Grade

SEVERAL: Final = "several-certain"
_ORDER = (Grade.CERTAIN, Grade.PROBABLE, Grade.POSSIBLE, Grade.CERTAINLY_NOT)


@dataclass(frozen=True, slots=True)
class Decision:
    """The grade, the rule that made it, the candidate it speaks of, its score, what speaks against it."""

    grade: Grade
    rule: str
    candidate: str | None = None
    score: str = "0"
    vetoes: tuple[str, ...] = ()


def decide(patient: Described, candidates: Sequence[Described]) -> Decision:
    """The best candidate. A number that is another person's, or two certain candidates, is for a person to settle."""
    found = [decision for decision in decisions(patient, candidates) if decision.grade is not Grade.CERTAINLY_NOT]
    if not found:
        return Decision(Grade.CERTAINLY_NOT, NO_RULE.rule)
    conflicts = [one for one in found if one.rule == "patient-conflict"]
    if not conflicts and len({one.candidate for one in found if one.grade is Grade.CERTAIN}) > 1:
        return Decision(Grade.PROBABLE, SEVERAL, found[0].candidate, found[0].score)
    return (conflicts or found)[0]


def decisions(patient: Described, candidates: Sequence[Described]) -> list[Decision]:
    """What is to be said of each candidate, the best first."""
    asked = person(patient)
    found = [_decision(grade(asked, known), known.id) for known in map(person, candidates)]
    return sorted(found, key=lambda one: (_ORDER.index(one.grade), -float(one.score), one.candidate or ""))


def _decision(graded: Graded, id: str) -> Decision:
    return Decision(graded.grade, graded.rule, id, graded.score, graded.vetoes)
