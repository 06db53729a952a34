"""An order that says of another only what becomes of it: no drug, no service, a number and a status."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.cases.evidence import Resource, values
from gateway.core.outcome import BASE

_TAGS: Final = f"{BASE}/CodeSystem/so-order-tag"
_CONTROL: Final = {"system": _TAGS, "code": "order-control"}
_REASON: Final = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
# What the status of a request in general says of a medicine: whether it was ever given, nobody has told.
_OF_MEDICINE: Final[Mapping[str, str]] = {"revoked": "stopped"}


def is_control(resource: Resource) -> bool:
    """Whether it only says what becomes of an order that was sent before."""
    return _CONTROL in resource.get("meta", {}).get("tag", ())


def changed(held: Resource, control: Resource) -> dict[str, Any]:
    """The order as it stands after what was said of it; a reason belongs to the status that it was given for."""
    medicine = held["resourceType"] == "MedicationRequest"
    status = control["status"]
    status = _OF_MEDICINE.get(status, status) if medicine else status
    made = {name: value for name, value in held.items() if name != "statusReason"} | {"status": status}
    extensions = [one for one in values(held, "extension") if one.get("url") != _REASON]
    reason = control.get("statusReason") or next(
        (one["valueCodeableConcept"] for one in values(control, "extension") if one.get("url") == _REASON), None
    )
    if status in ("unknown", held.get("status")) and not reason:
        return dict(held)
    if reason and medicine:
        made["statusReason"] = reason
    elif reason:
        extensions.append({"url": _REASON, "valueCodeableConcept": reason})
    made.pop("extension", None)
    identifiers = [*held.get("identifier", ())]
    identifiers += [one for one in control.get("identifier", ()) if one not in identifiers]
    return made | ({"extension": extensions} if extensions else {}) | {"identifier": identifiers}
