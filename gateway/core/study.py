"""What names a study of images: the UID that its maker gave it, whoever speaks of it; and its accession number."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

SYSTEM: Final = "urn:dicom:uid"
ACCESSION: Final = ("http://terminology.hl7.org/CodeSystem/v2-0203", "ACSN")
_UID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+", re.ASCII)
_LONGEST: Final = 64


def is_uid(text: str) -> bool:
    """Whether it has the form of a UID."""
    return len(text) <= _LONGEST and _UID.fullmatch(text) is not None


def number(uid: str) -> dict[str, str]:
    """The UID of a study as its identifier."""
    return {"system": SYSTEM, "value": f"urn:oid:{uid}"}


def naming(identifiers: Any) -> Any:
    """Which of the identifiers of a resource names it: the UID of a study, else the first."""
    if not isinstance(identifiers, list):
        return identifiers
    uids = (one for one in identifiers if isinstance(one, dict) and one.get("system") == SYSTEM)
    return next(uids, identifiers[0] if identifiers else None)


def accessions(study: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The accession numbers of a study, each with who gave it."""
    return {
        (one.get("system", ""), one["value"])
        for one in study.get("identifier", ())
        if any((code.get("system"), code.get("code")) == ACCESSION for code in one.get("type", {}).get("coding", ()))
    }


def numbers(resource: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Every number of a resource, each with who gave it."""
    return [(one.get("system", ""), one.get("value", "")) for one in resource.get("identifier", ())]
