"""A part of a resource: what `_summary` and `_elements` ask for, marked as a part (R4 search, 3.1.1.5.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.core import fhirjson
from gateway.store.parameters import registry

_ALWAYS: Final = frozenset({"resourceType", "id", "meta"})
_SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


@dataclass(frozen=True, slots=True)
class Subset:
    """What is asked of resources of one type; others are included with them and stay whole."""

    type: str
    summary: str = "false"
    elements: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the stored bytes are the answer."""
        return self.summary in ("false", "count") and not self.elements

    def of(self, body: bytes) -> bytes:
        """The part of this resource; the stored bytes themselves when all of it is asked for."""
        if self.whole:
            return body
        resource = fhirjson.read_own(body)
        kept = {name: found for name, found in resource.items() if self._keeps(resource, name.removeprefix("_"))}
        meta = kept.get("meta", {})
        tags = [*meta.get("tag", []), _SUBSETTED]
        return fhirjson.write(kept | {"meta": meta | {"tag": tags}})

    def _keeps(self, resource: Mapping[str, Any], name: str) -> bool:
        served = registry().get(resource["resourceType"])
        if served is None or name in _ALWAYS or name in served.mandatory:
            return True
        if self.elements and resource["resourceType"] == self.type:
            return any(name == asked or _is_choice_of(name, asked) for asked in self.elements)
        if self.summary == "true":
            return name in served.summary
        return (name == "text") == (self.summary == "text") if self.summary != "false" else True


def _is_choice_of(name: str, asked: str) -> bool:
    """Whether `medicationReference` is a choice of `medication`."""
    return name.startswith(asked) and name[len(asked) : len(asked) + 1].isupper()
