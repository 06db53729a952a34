"""One event as a FHIR R4 AuditEvent in the manner of IHE Basic Audit Log Patterns."""

from dataclasses import dataclass
from typing import Any, Final

from gateway.core.outcome import BASE

DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTIONS: Final = "http://hl7.org/fhir/restful-interaction"
_OBJECT_ROLES: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITY_TYPES: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
# The interactions of FHIR; everything else that we record is a word of our own.
_RESTFUL: Final = frozenset(
    {"read", "vread", "history", "create", "update", "patch", "delete", "search", "capabilities"}
    | {"transaction", "batch", "operation"}
)
_SERIOUS: Final = "8"
_REST = {"system": _TYPES, "code": "rest", "display": "RESTful Operation"}
_ALERT = {"system": DICOM, "code": "110113", "display": "Security Alert"}
_CLIENT = {"coding": [{"system": DICOM, "code": "110153", "display": "Source Role ID"}]}
_SERVER = {"coding": [{"system": DICOM, "code": "110152", "display": "Destination Role ID"}]}
_PERSON = {"system": _ENTITY_TYPES, "code": "1", "display": "Person"}
_SYSTEM_OBJECT = {"system": _ENTITY_TYPES, "code": "2", "display": "System Object"}
_ORGANIZATION = {"system": _ENTITY_TYPES, "code": "3", "display": "Organization"}
_PATIENT = {"system": _OBJECT_ROLES, "code": "1", "display": "Patient"}
_DOMAIN_RESOURCE = {"system": _OBJECT_ROLES, "code": "4", "display": "Domain Resource"}
_CUSTOMER = {"system": _OBJECT_ROLES, "code": "19", "display": "Customer"}
_QUERY = {"system": _OBJECT_ROLES, "code": "24", "display": "Query"}
_OURSELVES = {"identifier": {"system": f"{BASE}/system", "value": "gateway"}}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: action C, R, U, D or E; the interaction; FHIR audit outcome; who; about what; why (a code)."""

    action: str
    subtype: str
    outcome: str
    agent: str
    role: str
    clinic: str = ""
    entities: tuple[tuple[str, str], ...] = ()
    submission: str = ""
    query: str = ""
    purpose: str = ""

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        """Everything that the event is about, the submission included, each once."""
        own = (("submission", self.submission),) if self.submission else ()
        return tuple(dict.fromkeys((*own, *self.entities)))


def audit_event(event: Event, *, at: str, query: str = "") -> dict[str, Any]:
    """The AuditEvent without its id. A refusal of weight is a security alert, all else a REST operation."""
    written: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": _ALERT if event.outcome == _SERIOUS else _REST,
        "subtype": [_subtype(event.subtype)],
        "action": event.action,
        "recorded": at,
        "outcome": event.outcome,
    }
    if event.purpose:
        written["purposeOfEvent"] = [_ours("so-purpose", event.purpose)]
    written["agent"] = [_client(event), {"type": _SERVER, "who": _OURSELVES, "requestor": False}]
    written["source"] = {"observer": _OURSELVES}
    entities = [_entity(kind, id) for kind, id in event.about]
    if event.clinic:
        clinic = {"identifier": {"system": f"{BASE}/clinic", "value": event.clinic}}
        entities.append({"what": clinic, "type": _ORGANIZATION, "role": _CUSTOMER})
    if query:
        entities.append({"type": _SYSTEM_OBJECT, "role": _QUERY, "query": query})
    if entities:
        written["entity"] = entities
    return written


def _client(event: Event) -> dict[str, Any]:
    who = {"identifier": {"system": f"{BASE}/caller", "value": event.agent}}
    role = [_ours("so-role", event.role)] if event.role else []
    return {"type": _CLIENT, **({"role": role} if role else {}), "who": who, "requestor": True}


def _subtype(interaction: str) -> dict[str, str]:
    system = _INTERACTIONS if interaction in _RESTFUL else f"{BASE}/CodeSystem/so-interaction"
    return {"system": system, "code": interaction}


def _entity(kind: str, id: str) -> dict[str, Any]:
    """A FHIR resource by reference; a thing of our own (a submission, a delivery) by identifier and name."""
    if kind == "Patient":
        return {"what": {"reference": f"Patient/{id}"}, "type": _PERSON, "role": _PATIENT}
    if kind[:1].isupper():
        return {"what": {"reference": f"{kind}/{id}"}, "type": _SYSTEM_OBJECT, "role": _DOMAIN_RESOURCE}
    what = {"identifier": {"system": f"{BASE}/{kind}", "value": id}}
    return {"what": what, "type": _SYSTEM_OBJECT, "name": kind}


def _ours(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{BASE}/CodeSystem/{system}", "code": code}]}
