"""Asking an insurer whether a patient is covered, by `mappings/structures/x12_270.yaml`, and what is heard."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields, validate

from gateway.core.table import MAPPINGS, load, refuse_unless
from gateway.route.answer import RETRYABLE, Answer, Verdict, retry_after
from gateway.route.trading import Trading, written

Resource = Mapping[str, Any]
MEDIA_TYPE: Final = "application/edi-x12"
_PLACE: Final = re.compile(r"\{([a-z0-9_]+)\}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SEX: Final = {"female": "F", "male": "M"}
_RELATIONSHIP: Final = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_WHOSE: Final = ("", "subscriber", "dependent")
# TA1-04 and AK9-01: the interchange or its group was rejected.
_REJECTED: Final = re.compile(rb"\bTA1\W[^\W_]+\W\d+\W\d+\WR\b|\bAK9\WR\b")
_ANSWER: Final = re.compile(rb"\bST\W271\b")
# What a segment may name; `segments` counts itself.
VALUES: Final = frozenset(
    {"born", "control", "control9", "day", "day6", "family", "given", "insurer", "member", "middle", "number", "payer"}
    | {"segments", "sex", "suffix", "time", *Trading.__slots__}
) - {"payers"}
_KNOWN: Final = refuse_unless(lambda element: VALUES.issuperset(_PLACE.findall(element)))


class _SegmentSchema(Schema):
    segment = fields.String(required=True, validate=validate.Regexp(r"[A-Z][A-Z0-9]{1,2}\Z"))
    elements = fields.List(fields.String(validate=_KNOWN), required=True)
    whose = fields.String(load_default="", validate=validate.OneOf(_WHOSE))


class _TableSchema(Schema):
    widths = fields.List(fields.Integer(), required=True)
    segments = fields.List(fields.Nested(_SegmentSchema), required=True)
    lacks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = load(MAPPINGS / "structures" / "x12_270.yaml", _TableSchema())
    return found


def questions(resources: Sequence[Resource]) -> list[list[Resource]]:
    """What of a payer's view each question needs: the request for one coverage, who insures, who is insured.

    Of coverages with one number, as an insurer's answer brings one, the first is asked about.
    """
    requests = [one for one in resources if one["resourceType"] == "CoverageEligibilityRequest"]
    open = [one for one in requests if one["status"] in ("draft", "active")]  # beside the case, not after its records
    found: dict[str, list[Resource]] = {}
    for request, insurance in [(one, insurance) for one in open for insurance in one["insurance"]]:
        for coverage in (one for one in resources if _is(one, insurance["coverage"])):
            for payor in coverage.get("payor", ())[:1]:
                question = {**request, "status": "active", "insurer": payor, "insurance": [insurance]}
                number = coverage.get("subscriberId", coverage["id"])
                found.setdefault(number, [question, *_insured(resources, coverage, payor)])
    return list(found.values())


def _insured(resources: Sequence[Resource], coverage: Resource, payor: Resource) -> Iterator[Resource]:
    yield coverage
    yield from (one for one in resources if _is(one, payor) or _is(one, coverage.get("beneficiary", {})))


def _is(resource: Resource, reference: Resource) -> bool:
    return reference.get("reference") == f"{resource['resourceType']}/{resource['id']}"


def lacking(resources: Sequence[Resource], trading: Trading) -> list[str]:
    """What is missing, in words, without which the question cannot be asked."""
    said = _values(resources, trading)
    return [words for name, words in _table()["lacks"].items() if not said[name]]


def inquiry(resources: Sequence[Resource], trading: Trading, *, control: int, at: datetime) -> bytes:
    """One question that lacks nothing, as an interchange."""
    said = _values(resources, trading) | {
        "day": at.strftime("%Y%m%d"),
        "day6": at.strftime("%y%m%d"),
        "time": at.strftime("%H%M"),
        "control": str(control % 10**9),
        "control9": f"{control % 10**9:09}",
    }
    whose = "subscriber" if said["relationship"] == "self" else "dependent"
    rows = [row for row in _table()["segments"] if row["whose"] in ("", whose)]
    names = [row["segment"] for row in rows]
    said["segments"] = str(names.index("SE") - names.index("ST") + 1)
    return "\n".join(_segment(row, said) for row in rows).encode("ascii") + b"\n"


def _segment(row: Mapping[str, Any], said: Mapping[str, str]) -> str:
    elements = [_PLACE.sub(lambda found: said[found[1]], element) for element in row["elements"]]
    if row["segment"] == "ISA":
        elements = [text.ljust(width) for text, width in zip(elements, _table()["widths"], strict=True)]
    return "*".join((row["segment"], *elements)).rstrip("*") + "~"


def _values(resources: Sequence[Resource], trading: Trading) -> dict[str, str]:
    by_type = {one["resourceType"]: one for one in resources}
    request, coverage, patient = (
        by_type.get(type, {}) for type in ("CoverageEligibilityRequest", "Coverage", "Patient")
    )
    name: Resource = next(iter(patient.get("name", ())), {})
    given = [*name.get("given", ()), "", ""]
    codings = coverage.get("relationship", {}).get("coding", ())
    relationship = next((one["code"] for one in codings if one.get("system") == _RELATIONSHIP), "")
    insurer = by_type.get("Organization", {}).get("name") or request.get("insurer", {}).get("display", "")
    born = patient.get("birthDate", "")
    found = {name: getattr(trading, name) for name in VALUES.intersection(Trading.__slots__)}
    found |= {
        "number": next((one["value"] for one in request.get("identifier", ())), ""),
        "insurer": insurer,
        "payer": trading.payer(insurer),
        "member": coverage.get("subscriberId") or (_own_number(coverage) if relationship == "self" else ""),
        "relationship": relationship,
        "family": name.get("family", ""),
        "given": given[0],
        "middle": given[1],
        "suffix": " ".join(name.get("suffix", ())),
        "born": born.replace("-", "") if _DAY.fullmatch(born) else "",
        "sex": _SEX.get(patient.get("gender", ""), ""),
    }
    return {name: written(value) for name, value in found.items()}


def _own_number(coverage: Resource) -> str:
    """The one member number (MB) of the patient: that of the insured person only where they are the same."""
    found = {
        one.get("value", "")
        for one in coverage.get("identifier", ())
        for coding in one.get("type", {}).get("coding", ())
        if (coding.get("system"), coding.get("code")) == (_TYPES, "MB")
    }
    return found.pop() if len(found) == 1 else ""


def heard(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Answer:
    """Judge what a clearing house says: taken, with or without the answer itself; rejected; or to be asked again."""
    if status in RETRYABLE or status >= 500:
        return Answer(Verdict.RETRY, status, retry_after(headers.get("Retry-After", ""), now), body)
    taken = 200 <= status < 300 and (not body.strip() or body.lstrip().startswith(b"ISA"))
    rejected = not is_answer(body) and _REJECTED.search(body)
    return Answer(Verdict.DELIVERED if taken and not rejected else Verdict.DEAD, status, None, body)


def is_answer(body: bytes) -> bool:
    """Whether these bytes are an interchange with an answer about eligibility (271)."""
    return body.lstrip().startswith(b"ISA") and _ANSWER.search(body) is not None
