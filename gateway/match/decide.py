"""Whether a patient is one that we know: the answer over all candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.match.grade import NO_RULE, Graded, grade
from gateway.match.person import person
from gateway.match.rules import Grade

_ORDER = (Grade.CERTAIN, Grade.PROBABLE, Grade.POSSIBLE, Grade.CERTAINLY_NOT)


@dataclass(frozen=True, slots=True)
class Decision:
    """The grade, the rule that made it, the candidate it speaks of, its score, what speaks against it."""

    grade: Grade
    rule: str
    candidate: str | None = None
    score: str = "0"
    vetoes: tuple[str, ...] = ()


def decide(patient: dict[str, Any], candidates: Sequence[dict[str, Any]]) -> Decision:
    """The best candidate. A number that is another person's, or two certain candidates, is for a person to settle."""
    asked = person(patient)
    graded = [(grade(asked, known), known.id) for known in map(person, candidates)]
    found = sorted(
        (pair for pair in graded if pair[0].grade is not Grade.CERTAINLY_NOT),
        key=lambda pair: (_rank(pair[0]), pair[1]),
    )
    if not found:
        return _decision(NO_RULE, None)
    conflicts = [pair for pair in found if pair[0].rule == "patient-conflict"]
    best, id = (conflicts or found)[0]
    certain = {known for one, known in found if one.grade is Grade.CERTAIN}
    if len(certain) > 1 and not conflicts:
        return Decision(Grade.PROBABLE, "several-certain", id, best.score)
    return _decision(best, id)


def _rank(graded: Graded) -> tuple[int, float]:
    return _ORDER.index(graded.grade), -float(graded.score)


def _decision(graded: Graded, id: str | None) -> Decision:
    return Decision(graded.grade, graded.rule, id, graded.score, graded.vetoes)
