"""Values of an answer about eligibility."""

import re
from datetime import date as calendar_day
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.record import Node
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Translation

Element = dict[str, Any]
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_DAY: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_ACTIVE: Final = frozenset("1234")  # EB01
_INACTIVE: Final = frozenset("678")


@converter("text", "x12")
def text(node: Node, translation: Translation) -> str | None:
    """What was written."""
    return node.text.strip() or None


@converter("date", "x12")
def date(node: Node, translation: Translation) -> str:
    """A day in eight digits (D8)."""
    sent = _DAY.fullmatch(node.text.strip())
    if sent is None:
        raise NotConvertedError("date-unreadable")
    try:
        return calendar_day(*map(int, sent.groups())).isoformat()
    except ValueError:
        raise NotConvertedError("date-not-in-calendar") from None


@converter("code", "x12")
def code(node: Node, translation: Translation, through: ConceptMap) -> str:
    """A FHIR code through a concept map."""
    found = through.translate(node.text.strip())
    if found is None:
        raise NotConvertedError("code-unknown")
    return found.code


@converter("numbered", "x12")
def numbered(node: Node, translation: Translation, type: str = "", says: str = "") -> Element:
    """A number that the insurer gave."""
    kind: Element = {"coding": [{"system": _TYPES, "code": type}]} if type else {"text": says}
    return {"type": kind, "value": node.text.strip()}


@step("answer", "x12")
def answer(node: Any, translation: Translation, element: Element) -> None:
    """An answer that rejects the question (AAA) is an error, in the insurer's own code."""
    loops = ("source", "receiver", "subscriber", "dependent")
    rejected = [one for loop in loops for one in node.at(f"{loop}.AAA")]
    element["outcome"] = "error" if rejected else "complete"
    for one in rejected:
        for reason in one.at("e03")[:1]:
            element.setdefault("error", []).append({"code": {"text": f"AAA-03 {reason.text}"}})


@step("in_force", "x12")
def in_force(node: Any, translation: Translation, element: Element) -> None:
    """EB01: whether the coverage is in force; one benefit that is makes it so, and codes that say neither are kept."""
    for said in node.at("e01")[:1]:
        if said.peek not in _ACTIVE | _INACTIVE:
            return
        insurance = element.setdefault("insurance", [{}])[0]
        active = said.text in _ACTIVE
        if active or "inforce" not in insurance:
            insurance["inforce"] = active
        if insurance["inforce"] is not active:
            translation.warn("second-value", state=State.FAILED)
