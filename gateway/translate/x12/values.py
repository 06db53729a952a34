"""Values of an answer about eligibility."""

import re
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.plain import in_calendar
from gateway.translate.translation import Translation

Element = dict[str, Any]
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_DAY: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_ACTIVE: Final = frozenset("1234")  # EB01
_INACTIVE: Final = frozenset("678")


@converter("date", "x12")
def date(node: Node, translation: Translation) -> str:
    """A day in eight digits (D8)."""
    sent = _DAY.fullmatch(node.text.strip())
    if sent is None:
        raise NotConvertedError("date-unreadable")
    in_calendar(*sent.groups())
    return "-".join(sent.groups())


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
