"""Security labels (meta.security): the highest of several, what a whole takes over from its parts."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Label = dict[str, Any]
Resource = dict[str, Any]
_THO: Final = "http://terminology.hl7.org/CodeSystem"
CONFIDENTIALITY: Final = f"{_THO}/v3-Confidentiality"
POLICY: Final = f"{_THO}/v3-ActCode"
LEVELS: Final = ("U", "L", "M", "N", "R", "V")  # the codes of that system from the least confidential on
PART_2: Final = {"system": POLICY, "code": "42CFRPart2"}
REDACTED: Final = {"system": f"{_THO}/v3-ObservationValue", "code": "REDACTED"}
HANDLING: Final = ("NODSCLCD", "PERSISTLABEL")
SENSITIVITY: Final = ("SUD", "ETH", "PSY", "MH", "BH", "HIV", "STD", "SDV", "SEX", "GDIS")
# What may be agreed with a sender of all that it sends.
AGREED: Final = (*LEVELS[LEVELS.index("R") :], PART_2["code"], *SENSITIVITY, *HANDLING)
# What only those are shown whose key says so, wherever the label came from.
GUARDED: Final = (PART_2["code"], *SENSITIVITY)

WITHHELD: Final = "withheld"  # no label: beside them in the store, of what no reader is shown since its consent ended


def label(code: str) -> Label:
    """The label of a code that we know: a level of confidentiality, a sensitivity, a policy."""
    return {"system": CONFIDENTIALITY if code in LEVELS else POLICY, "code": code}


def labels_of(resource: Mapping[str, Any]) -> list[Label]:
    """The labels that a resource bears."""
    found: list[Label] = resource.get("meta", {}).get("security", [])
    return found


def united(labels: Iterable[Label]) -> list[Label]:
    """Each label once; of several levels of confidentiality the highest stands, and first."""
    highest, others = -1, dict[tuple[str, str], Label]()
    for one in labels:
        if one.get("system") == CONFIDENTIALITY and one.get("code") in LEVELS:
            highest = max(highest, LEVELS.index(one["code"]))
        else:
            others.setdefault((one.get("system", ""), one.get("code", "")), one)
    level = [label(LEVELS[highest])] if highest >= 0 else []
    return [*level, *others.values()]


def high_water(resources: Iterable[Mapping[str, Any]]) -> list[Label]:
    """What a whole bears: every label of its parts, and the highest level of confidentiality."""
    return united(one for resource in resources for one in labels_of(resource))


def labelled(resource: Resource, labels: Iterable[Label]) -> Resource:
    """The resource with these labels besides its own; itself when that says nothing new."""
    held = labels_of(resource)
    if (made := united([*held, *labels])) == held:
        return resource
    return {**resource, "meta": {**resource.get("meta", {}), "security": made}}


def guarded(resource: Mapping[str, Any]) -> list[str]:
    """The codes of its labels that only those are shown whose key says so."""
    codes = {one.get("code") for one in labels_of(resource) if one.get("system") == POLICY}
    return [code for code in GUARDED if code in codes]
