"""A row of a sheet of appointments: whose it is, how it stands, and when, as far as its times say their offset."""

import re
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.form.dates import day
from gateway.translate.translation import Translation

Element = dict[str, Any]
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_UNKNOWN: Final[Element] = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
_ORIGINAL_TEXT: Final = "http://hl7.org/fhir/StructureDefinition/originalText"
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WITH_TIME: Final = re.compile(r"(.+?)(?:T|,? +)\d{1,2}:\d\d.*", re.ASCII)
_WITHOUT_TIMES: Final = frozenset({"proposed", "cancelled", "waitlist"})  # app-3
_CASE: Final = re.compile(r"SO-\d{4}-\d{6,9}", re.ASCII)


@converter("case_number", "form")
def case_number(node: Node, translation: Translation) -> Element:
    """Our number of a case."""
    sent = node.text.strip().upper()
    if not _CASE.fullmatch(sent):
        raise NotConvertedError("value-unreadable")
    return {"system": f"{BASE}/sid/case", "value": sent}


@step("status_proposed", "form")
def status_proposed(node: Node, translation: Translation, element: Element) -> None:
    """An appointment of which no status was said, or none that we know, is no more than proposed."""
    if "status" not in element:
        element["status"] = "proposed"
        translation.warn("status-unknown")


@step("patient_of_visit", "form")
def patient_of_visit(node: Node, translation: Translation, element: Element) -> None:
    """The patient of the row; where it names none, the case does."""
    patient = translation.refer("Patient")
    whose: Element = {"actor": patient} if patient else {"type": [{"text": "patient"}]}
    element.setdefault("participant", []).append(whose | {"status": "needs-action"})


@step("visit_times", "form")
def visit_times(visit: Any, translation: Translation, element: Element) -> None:
    """Start and end, both or neither (app-2); a time without its offset is as exact as its day, and stays as words."""
    said = {name: found[0] for name in ("start", "end") if (found := visit.at(name))}
    moments = {name: _moment(node.peek.strip()) for name, node in said.items()}
    if moments.get("start") and moments.get("end"):
        for name, node in said.items():
            node.text  # noqa: B018 (counted as read)
            element[name] = moments[name]
        return
    if element.get("status") not in _WITHOUT_TIMES:
        element["_start"], element["_end"] = deepcopy(_UNKNOWN), deepcopy(_UNKNOWN)
    period: Element = {}
    for name, node in said.items():
        sent = node.text.strip()
        timed = _WITH_TIME.fullmatch(sent)
        period[name] = moments[name] or day(timed[1] if timed else sent, node, translation)
        if timed and not moments[name]:
            translation.warn("offset-missing", severity=Severity.INFORMATION, node=node)
            period[f"_{name}"] = {"extension": [{"url": _ORIGINAL_TEXT, "valueString": sent}]}
    if period:
        element["requestedPeriod"] = [period]


def _moment(sent: str) -> str:
    """An instant, where a time and its offset were written; else nothing."""
    found = _MOMENT.fullmatch(sent)
    if found is None:
        return ""
    said = f"{found[1]}T{found[2]}{':00' if len(found[2]) == 5 else ''}{found[3]}"
    try:
        datetime.fromisoformat(said)
    except ValueError:
        return ""
    return said
