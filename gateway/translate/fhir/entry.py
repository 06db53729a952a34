"""What a submission holds: its resources, each with where it stands and the id that we give it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.core import fhirjson, ids, r4, study

# A list entry of the sender's becomes a request that we can coordinate.
BECOMES: Final = {"MedicationStatement": "MedicationRequest"}
_ONE_WHEREVER_NAMED: Final = frozenset(
    (
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "RelatedPerson",
        "Device",
        "Encounter",
        "ImagingStudy",
    )
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of the submission."""

    pointer: str
    full_url: str
    resource: dict[str, Any]
    identity: tuple[str, ...]
    id: str
    reused: bool = False  # its identifier names something else as well

    @property
    def sent_type(self) -> str:
        """The type that it came as."""
        type: str = self.resource["resourceType"]
        return type

    @property
    def type(self) -> str:
        """The type that it becomes."""
        return BECOMES.get(self.sent_type, self.sent_type)

    @property
    def name(self) -> str:
        """What a reference to it says."""
        return f"{self.type}/{self.id}"


def entries(body: dict[str, Any], scope: str) -> list[Entry]:
    """The resources of a Bundle, or the one that stands alone, re-keyed for this sender."""
    taken: dict[tuple[str, str], dict[str, Any]] = {}
    return [_keyed(pointer, url, resource, scope, taken) for pointer, url, resource in _found(body)]


def _found(body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if body["resourceType"] != "Bundle":
        yield "", "", body
        return
    for n, one in enumerate(body.get("entry", ())):
        resource, url = one.get("resource"), one.get("fullUrl")
        if isinstance(resource, dict) and r4.is_resource(str(resource.get("resourceType"))):
            yield f"/entry/{n}/resource", url if isinstance(url, str) else "", resource


def _keyed(
    pointer: str, url: str, resource: dict[str, Any], scope: str, taken: dict[tuple[str, str], dict[str, Any]]
) -> Entry:
    """The first identity that no other resource of this submission holds."""
    sent = resource["resourceType"]
    type = BECOMES.get(sent, sent)
    reused = False
    for identity in _identities(resource, url, pointer):
        id = ids.stable_id(scope, type, *identity)
        held = taken.get((type, id))
        if held is None or _is_same(type, held, resource):
            break
        reused = True
    taken.setdefault((type, id), resource)
    return Entry(pointer, url, resource, identity, id, reused)


def _identities(resource: dict[str, Any], url: str, pointer: str) -> Iterator[tuple[str, ...]]:
    """Its first identifier, the id or address that the sender gave it, and at last its content."""
    first = study.naming(resource.get("identifier"))
    if isinstance(first, dict) and first.get("value"):
        yield "identifier", str(first.get("system", "")), str(first["value"])
    if resource.get("id"):
        yield "id", str(resource["id"])
    if url:
        yield "url", url
    yield "content", ids.digest(fhirjson.write(resource)), pointer


def _is_same(type: str, held: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two resources of one identity are one thing."""
    if type == "Patient":
        born = {held.get("birthDate"), other.get("birthDate")} - {None}
        return len(born) < 2
    return type in _ONE_WHEREVER_NAMED or held == other
