"""The status of an order: the state sent (ORC-5) goes before the verb (ORC-1), and a request is not yet a fact."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.converter import step
from gateway.translate.hl7v2.leaf import Part, peek, reword
from gateway.translate.hl7v2.plan import plan_part
from gateway.translate.translation import Translation

Element = dict[str, Any]
_TAGS: Final = f"{BASE}/CodeSystem/so-order-tag"
_ASKS: Final = {"CA": "cancel-requested", "DC": "cancel-requested", "HD": "hold-requested", "RP": "replace-requested"}
# Verbs of an order that another takes the place of, and of the one that takes it.
_LEAVES: Final = frozenset({"RP", "RQ", "RU"})
_COMES: Final = "RO"
# Verbs that say what becomes of an order sent before; and the messages in which they may come without its details.
_CONTROLS: Final = frozenset({"CA", "DC", "HD", "RL", "CR", "DR", "HR", "OC", "OD", "OH"})
_ALONE: Final = {
    "RDE": "hl7v2.ORC.MedicationRequest",
    "OMP": "hl7v2.ORC.MedicationRequest",
    "ORM": "hl7v2.ORC.ServiceRequest",
}
# The details of a medicine, and where they name who verified the order.
_VERIFIED: Final = {"RXE": 14, "RXO": 15, "RXD": 0, "RXG": 0, "RXA": 0}


class Segment(Protocol):
    """An ORC as the parser gives it."""

    @property
    def group(self) -> Any:
        """The order."""

    @property
    def record(self) -> Any:
        """The message."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@step("order_status", "hl7v2")
def order_status(
    orc: Segment, translation: Translation, element: Element, state: str = "", verb: str = "", alone: str = ""
) -> None:
    """Set the status from ORC-5 by the map `state`, else from ORC-1 by the map `verb`, else unknown with a remark."""
    sent, asked = _first(orc, 5), _first(orc, 1)
    code = reword(asked, translation)
    _replacement(code, translation)
    if sent is not None and (found := translation.concept_map(state).translate(sent.peek)) is not None:
        element["status"] = found.code
        if reword(sent, translation) == "A":
            translation.warn("status-partial", severity=Severity.INFORMATION)
    elif code in _ASKS:
        _asked(code, orc, translation, element, state, immediate=bool(alone))
    elif code and (found := translation.concept_map(verb).translate(code)) is not None:
        element["status"] = found.code
    elif code:
        translation.warn("status-unknown", state=State.UNTRANSLATED)
        element["status"] = "unknown"


@step("order_alone", "hl7v2")
def order_alone(group: Any, translation: Translation, element: Element, map: str = "", to: str = "") -> None:
    """An ORC with nothing below it: what becomes of an order sent before, else an order of nothing told."""
    asked = next((one for orc in group.parts if orc.name == "ORC" for one in orc.field(1)), None)
    message = _first(group.record.by_name["MSH"][0], 9)
    kind = _ALONE.get(peek(message, 1)) if message is not None else None
    if kind and asked is not None and asked.peek in _CONTROLS:
        translation.make(kind, group)
    else:
        plan_part(group, translation, element, map=map, to=to)


@step("replaced", "hl7v2")
def replaced(node: Any, translation: Translation, element: Element, to: str = "") -> None:
    """An order that takes the place of another of the same message refers to it."""
    held: tuple[str, Any] | None = translation.memory.get("replaced")
    if held is None or to in element:
        return
    verb, reference = held
    if reference is None:  # the order that leaves has just been made
        reference = translation.refer(element["resourceType"])
        translation.memory["replaced"] = verb, reference
    if reference is not None:
        element[to] = reference if to == "priorPrescription" else [reference]


@step("order_provenance", "hl7v2")
def order_provenance(orc: Segment, translation: Translation, element: Element) -> None:
    """Who entered, verified and did it, where and with what; when it was changed, where no element of it says so."""
    told = any(orc.field(number) for number in (10, 11, 13, 17, 18, 19, 30))
    details = [part for inner in orc.group.parts for part in getattr(inner, "parts", ()) if part.name in _VERIFIED]
    verified = any(at and part.field(at) for part in details if (at := _VERIFIED[part.name]))
    new = any(part.peek == "NW" for part in orc.field(1)) and any(_VERIFIED[part.name] for part in details)
    changed = not new and (orc.field(15) or (details and (orc.field(9) or orc.field(16))))
    if told or verified or changed:
        translation.make("hl7v2.ORDER.Provenance", orc.group)


@step("sent_by", "hl7v2")
def sent_by(part: Part, translation: Translation, element: Element, to: str = "") -> None:
    """The organisation that sends, made once of a message."""
    held = translation.memory.get("sender")
    if held is None:
        held = translation.memory["sender"] = translation.make("hl7v2.HD.Organization", part)
    if held is not None:
        element[to] = dict(held)


def _asked(code: str, orc: Segment, translation: Translation, element: Element, state: str, *, immediate: bool) -> None:
    """Policy V9: a request changes nothing yet and is tagged; what the placer itself discontinues is discontinued.

    An order that comes alone is the word of the clinic that sent the order which it names.
    """
    immediate = immediate or translation.policy("cancel_request") == "immediate"
    if immediate or (code == "DC" and _is_own(orc)):
        found = translation.concept_map(state).translate(code)
        element["status"] = found.code if found is not None else "unknown"
        return
    element["status"] = "active"
    element.setdefault("meta", {}).setdefault("tag", []).append({"system": _TAGS, "code": _ASKS[code]})


def _is_own(orc: Segment) -> bool:
    """Whether the system that sends is the one that gave the order its number."""
    sender = _first(orc.record.by_name["MSH"][0], 3)
    number = _first(orc, 2)
    if sender is None or number is None:
        return False
    return any((said := peek(sender, at)) and said == peek(number, at + 1) for at in (1, 2))


def _replacement(code: str, translation: Translation) -> None:
    """Remember that an order leaves, for those that come after it in the message; any other verb ends that."""
    if code in _LEAVES:
        translation.memory["replaced"] = code, None
    elif code != _COMES:
        translation.memory.pop("replaced", None)


def _first(segment: Segment, number: int) -> Part | None:
    return next(iter(segment.field(number)), None)
