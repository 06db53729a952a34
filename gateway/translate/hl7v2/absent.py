"""What an element must have and the source does not say: the code unknown, or a reason why it is absent."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.translate.converter import step
from gateway.translate.translation import Translation

Element = dict[str, Any]
REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN: Final[Element] = {"extension": [{"url": REASON, "valueCode": "unknown"}]}


@step("otherwise", "hl7v2")
def otherwise(
    node: Any, translation: Translation, element: Element, to: str = "", value: str = "", code: str = ""
) -> None:
    """Give an element a value when no row gave it one, and say so when a code for that is named."""
    if to in element or f"_{to}" in element:
        return
    element[to] = value
    if code:
        translation.warn(code)


@step("absent", "hl7v2")
def absent(
    node: Any, translation: Translation, element: Element, to: str = "", kind: str = "", quiet: str = "", **other: str
) -> None:
    """Record the absence of a required element: `kind` says whether it is a concept, a list, or a primitive."""
    if to in element or f"_{to}" in element or other.get("or") in element:
        return
    if kind == "primitive":
        element[f"_{to}"] = UNKNOWN
    elif kind == "list":
        element[to] = [UNKNOWN]
    elif kind == "text":
        element[to] = {"text": "unknown"}
    else:
        element[to] = UNKNOWN
    if not quiet:  # an envelope without an address misses nothing that anybody could act upon
        translation.warn("required-missing", severity=Severity.INFORMATION)


@step("only_with", "hl7v2")
def only_with(node: Any, translation: Translation, element: Element, to: str = "") -> None:
    """An element that lacks what it is about says nothing."""
    if to not in element:
        element.clear()


@step("subject_unknown", "hl7v2")
def subject_unknown(node: Any, translation: Translation, element: Element, to: str = "", kind: str = "") -> None:
    """A message that names no patient leaves whom it is about unknown."""
    if to not in element:
        element[to] = [UNKNOWN] if kind == "list" else UNKNOWN
        translation.warn("required-missing")


@step("unnamed", "hl7v2")
def unnamed(node: Any, translation: Translation, element: Element) -> None:
    """An organisation has a name or a number (org-1); one that was sent with neither says that its name is unknown."""
    if "name" not in element and "identifier" not in element:
        element["_name"] = UNKNOWN


@step("occurrence_in_words", "hl7v2")
def occurrence_in_words(node: Any, translation: Translation, element: Element) -> None:
    """An immunization whose day cannot be read says so in words, since it must have an occurrence."""
    if "occurrenceDateTime" not in element:
        held = element.pop("_occurrenceDateTime", {}).get("extension", [{}])[0]
        element["occurrenceString"] = held.get("valueString", "unknown")


@step("effective_unknown", "hl7v2")
def effective_unknown(node: Any, translation: Translation, element: Element) -> None:
    """An administration whose time cannot be read has a period of which nothing is known."""
    if "effectiveDateTime" not in element and "effectivePeriod" not in element:
        held = element.pop("_effectiveDateTime", {}).get("extension", [])
        element["effectivePeriod"] = {"extension": [*held, *UNKNOWN["extension"]]}


@step("sound_contacts", "hl7v2")
def sound_contacts(node: Any, translation: Translation, element: Element) -> None:
    """A contact holds a name, a number, an address or an organisation (pat-1); a bare role is RelatedPerson's alone."""
    details = {"name", "telecom", "address", "organization"}
    contacts = [one for one in element.get("contact", []) if details & one.keys()]
    if contacts:
        element["contact"] = contacts
    else:
        element.pop("contact", None)
