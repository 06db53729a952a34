"""CDA II to Identifier."""

import re
from typing import Any, Final

from gateway.translate.ccda.codes import known_uri, passed_over
from gateway.translate.ccda.element import Element
from gateway.translate.converter import converter
from gateway.translate.translation import Translation

_UUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_URI_ROOT: Final = "2.16.840.1.113883.4.873"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
NPI: Final = "http://hl7.org/fhir/sid/us-npi"


# HL7's own templates and examples: what stands under them with a date is a template and its version.
_TEMPLATES: Final = ("2.16.840.1.113883.10.20.", "2.16.840.1.113883.19.")
_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@converter("identifier", "ccda")
def identifier(node: Element, translation: Translation, type: str = "") -> dict[str, Any] | None:
    """An II as Identifier: the root as system, the extension as value; a root alone is the value."""
    root, extension = node.read("root"), " ".join(node.read("extension").split())
    if node.look("nullFlavor") and not extension:
        return _untold(node, root, translation)
    if root.startswith(_TEMPLATES) and _VERSION.fullmatch(extension):
        passed_over(node, translation, "names a template and its version, no document", "root", "extension")
        return None
    made = _parts(root, extension)
    if not made:
        passed_over(node, translation, "names a registry and no number in it", "root", "assigningAuthorityName")
        return None
    if made.get("system") == SSN:
        type = type or "SS"
    elif made.get("system") == NPI:
        type = type or "NPI"
    if type:
        made = {"type": {"coding": [{"system": _TYPES, "code": type}]}, **made}
    if name := node.read("assigningAuthorityName"):
        made["assigner"] = {"display": name}
    return made


def _untold(node: Element, root: str, translation: Translation) -> dict[str, Any] | None:
    """An identifier that is there and not told: whose it would be, and that its value is not known."""
    if not root:
        return None
    found = translation.concept_map("ccda-null-flavor").translate(node.look("nullFlavor"))
    reason = {"url": ABSENT, "valueCode": found.code if found else "unknown"}
    return {"system": known_uri(root) or _system(root), "_value": {"extension": [reason]}}


def key(node: Element) -> tuple[str, str]:
    """What tells one II from another, not counted; empty where it names nothing."""
    root, extension = node.look("root"), node.look("extension")
    if node.look("nullFlavor") and not extension:
        return "", ""
    return (root.lower(), extension) if extension or _UUID.fullmatch(root) or _names_one(root) else ("", "")


def keys(node: Element) -> list[tuple[str, str]]:
    """The ids of an element that name something."""
    return [found for child in node.children("id") if (found := key(child)) != ("", "")]


def _names_one(root: str) -> bool:
    """Whether a root alone names one thing: the roots of registries never do."""
    return bool(root) and not known_uri(root)


def _parts(root: str, extension: str) -> dict[str, Any]:
    if root == _URI_ROOT and extension:
        before, mark, last = extension.rpartition("/" if "/" in extension else ":")
        return {"system": before, "value": last} if mark and before and last else {"value": extension}
    if not root:
        return {"value": extension} if extension else {}
    uuid = _UUID.fullmatch(root)
    if not extension:
        if known_uri(root):
            return {}
        if uuid:
            return {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid[1].lower()}"}
        return {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{root}"} if "." in root else {"value": root}
    if uuid:
        return {"system": f"urn:uuid:{uuid[1].lower()}", "value": extension}
    return {"system": known_uri(root) or _system(root), "value": extension}


def _system(root: str) -> str:
    return (
        f"urn:oid:{root}"
        if re.fullmatch(r"[0-2](\.\d+)+", root)
        else f"urn:x-root:{re.sub(r'[^A-Za-z0-9.-]', '-', root)}"
    )
