"""Whom a C-CDA document is of, without reading the rest: for documents that come inside something else."""

from typing import Any, Final

from gateway.core.errors import GatewayError
from gateway.parse.xml import read

_CDA: Final = {"c": "urn:hl7-org:v3"}
_PATIENT: Final = "c:recordTarget[1]/c:patientRole/c:patient"
_DAY: Final = 8  # digits of a whole date


def subject(body: bytes) -> dict[str, Any] | None:
    """Name and birth date of its patient as a Patient; none when it cannot be read or is no C-CDA document."""
    if b"ClinicalDocument" not in body[:4096]:
        return None
    try:
        root = read(body)
    except GatewayError:
        return None
    patient = root.find(_PATIENT, _CDA)
    if patient is None:
        return None
    names = [
        {"family": _text(name, "family"), "given": [part.text or "" for part in name.findall("c:given", _CDA)]}
        for name in patient.findall("c:name", _CDA)
    ]
    born = patient.find("c:birthTime", _CDA)
    digits = (born.get("value", "") if born is not None else "")[:_DAY]
    found: dict[str, Any] = {"resourceType": "Patient", "id": "", "name": names}
    if len(digits) == _DAY and digits.isdigit():
        found["birthDate"] = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    return found


def _text(name: Any, part: str) -> str:
    return name.findtext(f"c:{part}", "", _CDA) or ""
