"""Who put a case together, by which rules, and which step was taken."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from gateway.cases.activities import version_of_rules
from gateway.cases.case import Case, reference
from gateway.cases.evidence import Resource
from gateway.core import ids
from gateway.core.outcome import BASE

_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_STEP: Final = f"{BASE}/case-step"


class Step(Protocol):
    """A step that was taken, as far as its Provenance says it."""

    @property
    def event(self) -> str:
        """What was done."""

    @property
    def row(self) -> str:
        """By which row of the table of states."""

    @property
    def actor(self) -> str:
        """Who did it."""


def provenance(case: Case, changed: Sequence[Resource], steps: Iterable[Step], *, at: str) -> dict[str, Any]:
    """One Provenance over what changed: the rules in their version, and the rows of the steps, are its policies."""
    taken = list(steps)
    uris = {uri for one in changed for uri in one.get("instantiatesUri", ())}
    targets = [reference(one) for one in changed]
    who = next((step.actor for step in taken if step.actor != "gateway"), "")
    agents = [{"type": _role("assembler"), "who": {"display": f"Gateway, care plan rules {version_of_rules()}"}}]
    if who:
        agents.insert(0, author(who))
    made: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": ids.stable_id("case", case.referral, at, *(one["reference"] for one in targets)),
        "target": targets,
        "recorded": at,
    }
    if policies := [*sorted(uris), *(f"{_STEP}/{step.row}" for step in taken if step.row)]:
        made["policy"] = policies
    if taken:
        made["activity"] = {"text": taken[-1].event}
    return made | {"agent": agents}


def author(who: str) -> dict[str, Any]:
    """The person who took a step, by the key that they called with."""
    return {"type": _role("author"), "who": {"identifier": {"system": f"{BASE}/caller", "value": who}}}


def _role(code: str) -> dict[str, Any]:
    return {"coding": [{"system": _AGENT, "code": code}]}
