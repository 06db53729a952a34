"""The status of an order: the state sent (ORC-5) goes before the verb (ORC-1), and a request is not yet a fact."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.converter import step
from gateway.translate.hl7v2.leaf import Part
from gateway.translate.translation import Translation

Element = dict[str, Any]
_ASKS: Final = {"CA": "cancel-requested", "DC": "cancel-requested", "HD": "hold-requested", "RP": "replace-requested"}
_TAGS: Final = f"{BASE}/CodeSystem/so-order-tag"


class Segment(Protocol):
    """An ORC as the parser gives it."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@step("order_status", "hl7v2")
def order_status(orc: Segment, translation: Translation, element: Element, state: str = "", verb: str = "") -> None:
    """Set the status from ORC-5 by the map `state`, else from ORC-1 by the map `verb`, else unknown with a remark."""
    sent = _first(orc, 5)
    if sent is not None and (found := translation.concept_map(state).translate(sent.peek)) is not None:
        sent.text  # noqa: B018 (counted as read)
        element["status"] = found.code
        _read_verb(orc)
        return
    asked = _first(orc, 1)
    if asked is None:
        return
    code = asked.text
    if code in _ASKS:
        # Policy V9: a request changes nothing yet; it is tagged, and the case hears of it.
        element["status"] = _STILL[translation.policy("cancel_request")].get(code, "active")
        element.setdefault("meta", {}).setdefault("tag", []).append({"system": _TAGS, "code": _ASKS[code]})
    elif (found := translation.concept_map(verb).translate(code)) is not None:
        element["status"] = found.code
    else:
        translation.warn("status-unknown", state=State.UNTRANSLATED)
        element["status"] = "unknown"


_STILL: Final[dict[str, dict[str, str]]] = {"tag": {}, "immediate": {"HD": "on-hold"}}


def _read_verb(orc: Segment) -> None:
    """The verb led to the state that was sent; it is kept in it."""
    if (asked := _first(orc, 1)) is not None:
        asked.text  # noqa: B018 (counted as read)


def _first(segment: Segment, number: int) -> Part | None:
    return next(iter(segment.field(number)), None)
