"""Taking FHIR in: the sender's resources under our ids, checked against R4, with nothing left pointing nowhere."""

from typing import TYPE_CHECKING, Any, Final

from gateway.core.errors import MultiPatientError
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.converter import step
from gateway.translate.fhir import medication_statement
from gateway.translate.fhir.copy import RULE, Copy
from gateway.translate.fhir.entry import Entry, entries
from gateway.translate.fhir.reference import References
from gateway.translate.sig.lint import findings
from gateway.translate.studies import resolve

if TYPE_CHECKING:
    from gateway.translate.translation import Translation

_ENVELOPE: Final = {
    "request": "what is done with a resource is ours to say",
    "response": "an answer of another server",
    "search": "how another server found it",
    "link": "addresses at another server",
}
_FULL_URL: Final = "our own address stands in its place; references follow it"
_OF_THE_BUNDLE: Final = "the envelope; it stays with the original"
OUTSIDE: Final = {"system": f"{BASE}/CodeSystem/so-tag", "code": "outside-reported"}


@step("adopt", "fhir")
def adopt(node: Any, translation: "Translation", resource: dict[str, Any]) -> None:
    """Copy every resource of the submission; raises MultiPatientError when it speaks of several persons."""
    found = entries(node.value, translation.scope)
    references = References(found)
    made = [(entry, _copied(entry, references, translation)) for entry in found]
    if len(_persons(made)) > 1:
        raise MultiPatientError
    for entry, copy in made:
        if entry.reused:
            translation.issues.append(Issue(Severity.WARNING, "id-reused", entry.type, RULE, entry.pointer))
        translation.add(copy, identity=entry.identity)
        resolve(translation, copy)
    if node.value["resourceType"] == "Bundle":
        _envelope(node, translation)


def _copied(entry: Entry, references: References, translation: "Translation") -> dict[str, Any]:
    if entry.sent_type == "MedicationStatement":
        copy = Copy(entry, references, translation, medication_statement.RENAMED, medication_statement.NO_PLACE)
        return medication_statement.request(copy.resource(), translation)
    made = Copy(entry, references, translation).resource()
    if entry.type == "MedicationRequest" and not made.keys() & {"reportedBoolean", "reportedReference"}:
        made["reportedBoolean"] = True  # every drug that comes from outside is one that somebody else reports
    if entry.type == "MedicationRequest":
        for code, n in findings(made):
            path = f"MedicationRequest.dosageInstruction[{n}]"
            translation.issues.append(Issue(Severity.WARNING, code, path, RULE, entry.pointer))
    if entry.type == "CarePlan":
        made["meta"] = {**made.get("meta", {}), "tag": [OUTSIDE]}
    return made


def _persons(made: list[tuple[Entry, dict[str, Any]]]) -> set[str]:
    """The Patients, those that a link joins counted once."""
    persons = {entry.name: entry.name for entry, _ in made if entry.type == "Patient"}

    def root(name: str) -> str:
        while persons[name] != name:
            name = persons[name]
        return name

    for entry, copy in made:
        for link in copy.get("link", ()) if entry.type == "Patient" else ():
            other = link.get("other", {}).get("reference", "")
            if other in persons:
                persons[root(entry.name)] = root(other)
    return {root(name) for name in persons}


def _envelope(node: Any, translation: "Translation") -> None:
    """Account for what stands around the resources."""
    for name, value in node.value.items():
        if name != "entry":
            _ignore(translation, value, f"/{name}", _ENVELOPE.get(name, _OF_THE_BUNDLE))
    for n, entry in enumerate(node.value.get("entry", ())):
        for name, value in entry.items():
            if name in _ENVELOPE or name == "fullUrl":
                _ignore(translation, value, f"/entry/{n}/{name}", _ENVELOPE.get(name, _FULL_URL))
            elif name != "resource":
                translation.issues.append(
                    Issue(Severity.WARNING, "element-unknown", "Bundle.entry", RULE, f"/entry/{n}/{name}")
                )


def _ignore(translation: "Translation", value: Any, pointer: str, because: str) -> None:
    for leaf in translation.record.below(value, pointer):  # type: ignore[attr-defined]
        translation.ledger.enter(leaf, State.IGNORED, RULE, because=because)
