"""Studies of images that a source names and does not hold: by their UID they are the same, whoever names them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from gateway.core import study

if TYPE_CHECKING:
    from gateway.translate.translation import Reference, Translation

_OID: Final = "urn:oid:"


def named(translation: "Translation", uid: str, subject: Any = None, series: Any = None) -> "Reference":
    """A reference to the study of a UID, of which nothing more may be known yet than its series."""
    number = study.number(uid)
    made: dict[str, Any] = {
        "resourceType": "ImagingStudy",
        "identifier": [number],
        "status": "available" if any("instance" in one for one in series or ()) else "unknown",
        "subject": subject or translation.refer("Patient") or {"display": "Unknown"},
    }
    if series:
        made["series"] = series
    return translation.add(made, identity=("identifier", number["system"], number["value"]))


def resolve(translation: "Translation", resource: dict[str, Any]) -> None:
    """Let every reference of a resource that names a study by its UID alone lead to that study."""
    for one in list(_by_number(resource)):
        value = str(one["identifier"].get("value", "")).removeprefix(_OID)
        if study.is_uid(value):
            one |= named(translation, value, resource.get("subject"))


def _by_number(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for one in node:
            yield from _by_number(one)
    elif isinstance(node, dict):
        identifier = node.get("identifier")
        if isinstance(identifier, dict) and identifier.get("system") == study.SYSTEM:
            if "reference" not in node and "resourceType" not in node and node.get("type") in (None, "ImagingStudy"):
                yield node
            return
        for one in node.values():
            yield from _by_number(one)
