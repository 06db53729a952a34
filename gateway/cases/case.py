"""A case as far as it is not told by resources: its number, its state and why, who runs it, its times."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.cases.states import FIRST, State, Transition, states
from gateway.core import ids
from gateway.core.outcome import BASE

NUMBER: Final = f"{BASE}/sid/case"
TASK: Final = f"{BASE}/sid/case-task"
ON_DUTY: Final = "Nurse care manager on duty"
PHARMACY: Final = "pharmacy"  # under this name a case remembers the one of its centre
CENTRE: Final = "Second opinion service"
NOBODY: Final = {"display": "Unknown"}  # where a patient has to stand and none is named
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT: Final = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}  # beside a required value that is not known


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's question. `referral` is the id of the ServiceRequest that asks it, `clinic` who sent that."""

    referral: str
    clinic: str
    number: str = ""
    state: str = FIRST
    reason: str = ""  # why it waits or ended, in the words of whoever decided
    owner: Mapping[str, Any] = field(default_factory=lambda: {"display": ON_DUTY})
    opened: str = ""  # instants; empty where the time is not known
    complete: str = ""  # when the records were complete for the first time: the clock that the centre publishes
    settled: Mapping[str, str] = field(default_factory=dict)
    # activity -> completed or revoked, as a person said; Appointment/id -> what it said when it last moved the case

    @property
    def pharmacy(self) -> dict[str, Any] | None:
        """The pharmacy of the centre, where it names one."""
        found: dict[str, Any] | None = json.loads(self.settled.get(PHARMACY, "null"))
        return found

    @property
    def told(self) -> State:
        """What the resources say in this state."""
        return states()[self.state]

    def after(self, transition: Transition, *, at: str, reason: str = "") -> "Case":
        """The case after a step. The clock starts once, with the first step that finds its records complete."""
        complete = self.complete or (at if transition.to == "records-complete" else "")
        return replace(self, state=transition.to, reason=reason, complete=complete)

    @property
    def has_records(self) -> bool:
        """Whether its records have been complete, be it that the time is not known."""
        return bool(self.complete) or self.state == "records-complete"

    @property
    def task(self) -> str:
        """The id of its Task."""
        return ids.stable_id(self.clinic, "Task", "case", self.referral)

    def id(self, type: str, name: str) -> str:
        """The id of another resource that is made for the case."""
        return ids.stable_id(self.clinic, type, "case", self.referral, name)

    def identifiers(self) -> list[dict[str, str]]:
        """Its number, once it has one, and the referral by which it is known."""
        number = [{"system": NUMBER, "value": self.number}] if self.number else []
        return [*number, {"system": TASK, "value": self.referral}]


def numbers(case: Case, referral: Mapping[str, Any]) -> set[tuple[str | None, str]]:
    """By which others name the case: every number of its referral, with its system, and its own."""
    known = {(one.get("system"), one["value"]) for one in referral.get("identifier", ()) if "value" in one}
    return known | ({(NUMBER, case.number)} if case.number else set())


def codeable(system: str, code: str, text: str = "") -> dict[str, Any]:
    """A CodeableConcept of one of our own code systems, or of one named in full."""
    url = system if ":" in system else f"{BASE}/CodeSystem/{system}"
    return {"coding": [{"system": url, "code": code}]} | ({"text": text} if text else {})


def reference(resource: Mapping[str, Any]) -> dict[str, str]:
    """A reference to a resource."""
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}
