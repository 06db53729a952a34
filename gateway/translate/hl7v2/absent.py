"""What an element must have and the source does not say: the code unknown, or a reason why it is absent."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.translate.converter import step
from gateway.translate.translation import Translation

Element = dict[str, Any]
REASON: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN: Final[Element] = {"extension": [{"url": REASON, "valueCode": "unknown"}]}


@step("otherwise", "hl7v2")
def otherwise(node: Any, translation: Translation, element: Element, to: str = "", value: str = "", code: str = "") -> None:
    """Give an element a value when no row gave it one, and say so when a code for that is named."""
    translation.filled -= 1  # a default is no content: it alone makes no resource
    if to in element or f"_{to}" in element:
        return
    element[to] = value
    if code:
        translation.warn(code)


@step("absent", "hl7v2")
def absent(node: Any, translation: Translation, element: Element, to: str = "", kind: str = "") -> None:
    """Record the absence of a required element: `kind` says whether it is a concept, a list, or a primitive."""
    translation.filled -= 1
    if to in element or f"_{to}" in element:
        return
    if kind == "primitive":
        element[f"_{to}"] = UNKNOWN
    elif kind == "list":
        element[to] = [UNKNOWN]
    elif kind == "text":
        element[to] = {"text": "unknown"}
    else:
        element[to] = UNKNOWN
    translation.warn("required-missing", severity=Severity.INFORMATION)
