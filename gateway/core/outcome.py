"""What the corridor says of one submission, and how issues are written as an OperationOutcome."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.core import ledger
from gateway.core.errors import ConsentError, GatewayError
from gateway.core.issue import Issue, Severity, issue_type, message

BASE = "https://fhir.second-opinion.example"
RULES = f"{BASE}/CodeSystem/so-rule"
TEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}  # the label of test data
HEAVY = (Severity.ERROR, Severity.FATAL)  # what stops a submission, or a record of it
# Issues of what stands where, and how often: they name the element that holds it too, and first: it is surely there.
_HOLDER_FIRST = (
    "element-missing",
    "element-repeated",
    "element-forbidden",
    "slice-missing",
    "slice-repeated",
    "extension-misplaced",
)
ISSUE_ORIGIN = f"{BASE}/StructureDefinition/so-issue-origin"


class Record(NamedTuple):
    """One record of several: the patients and referrals that it tells, with whose they are; of one that needs the
    consent of its patients, for what, and who they are.
    """

    told: frozenset[tuple[str, str]]
    awaits: tuple[type[ConsentError], ...] = ()
    patients: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One submission after the corridor: its kind, what came out, what is to be said, where each leaf went."""

    kind: str
    bundle: dict[str, Any] | None
    issues: tuple[Issue, ...]
    ledger: Sequence[ledger.Entry]
    error: GatewayError | None = None
    mapping: str = ""  # the version of the mappings that made it
    inside: tuple[tuple[str, dict[str, Any]], ...] = ()  # a Patient's id, and whom a document in it says that it is of
    assembled: frozenset[str] = frozenset()  # `Type/id` of what was put together for its cases, not translated
    records: Mapping[str, Record] = field(default_factory=dict)  # of several, by their places

    @property
    def counts(self) -> dict[str, int]:
        """Leaves per state; the parts add up to `leaves`."""
        return ledger.counts(self.ledger)

    @property
    def sound(self) -> bool:
        """Whether what came out may be stored as good: no error, and no issue of that weight."""
        return self.error is None and self.bundle is not None and not any(i.severity in HEAVY for i in self.issues)


def is_test(resource: dict[str, Any]) -> bool:
    """Whether a resource is labelled as test data, which belongs to no patient's record and to no destination."""
    return any(one.get("code") == TEST["code"] for one in resource.get("meta", {}).get("security", ()))


def as_test(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with that label."""
    meta = resource.get("meta", {})
    return {**resource, "meta": {**meta, "security": [*meta.get("security", ()), TEST]}}


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """The issues as a FHIR OperationOutcome; without any, one that says so."""
    found = [_issue(one) for one in issues]
    return {
        "resourceType": "OperationOutcome",
        "issue": found or [{"severity": "information", "code": "informational"}],
    }


def outcome_of(error: GatewayError) -> dict[str, Any]:
    """An error as a FHIR OperationOutcome: its code, its constant text and its place."""
    issue: dict[str, Any] = {
        "severity": "error",
        "code": error.issue_type,
        "details": {"coding": [{"system": RULES, "code": error.code}], "text": error.message},
    }
    if error.place:
        issue["expression"] = [error.place]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _issue(one: Issue) -> dict[str, Any]:
    said: dict[str, Any] = {
        "severity": one.severity.value,
        "code": issue_type(one.code),
        "details": {"coding": [{"system": RULES, "code": one.code}], "text": message(one.code)},
    }
    if one.path:
        said["expression"] = (
            [one.path.rpartition(".")[0] or one.path, one.path] if one.code in _HOLDER_FIRST else [one.path]
        )
    origin = [
        {"url": name, "valueString": str(text)}
        for name in ("location", "rule", "profile", "system", "concept", "line", "column")
        if (text := getattr(one, name))
    ]
    if origin:
        said["extension"] = [{"url": ISSUE_ORIGIN, "extension": origin}]
    return said
