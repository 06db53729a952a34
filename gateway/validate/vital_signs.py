"""Vital signs: the profile of R4 that an observation must fit by its code.

R4 says of each of its vital sign profiles that it holds for every such observation. Which codes are meant beyond the
one that a profile fixes is what HL7's own validator has; the first row that has a code of the observation counts.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.core import fhirjson
from gateway.validate.nodes import each

TABLE: Final = Path(__file__).with_suffix(".json")
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEMS: Final = ("http://loinc.org", "http://snomed.info/sct")  # a LOINC code counts before one of SNOMED CT


def profile_of(observation: dict[str, Any]) -> str:
    """The profile that the observation's code asks for; empty for all that is no vital sign."""
    codings = (one for one in each(observation, "code", "coding") if type(one) is dict)
    known = _rows()
    rows = [known.get((str(one.get("system")), str(one.get("code")))) for one in codings]
    return min(filter(None, rows), default=(0, ""))[1]


@lru_cache(maxsize=1)
def _rows() -> dict[tuple[str, str], tuple[int, str]]:
    """The place in the order of rows, and the profile, of each code."""
    table: dict[str, dict[str, list[str]]] = fhirjson.read_own(TABLE.read_bytes())["profiles"]
    ordered = [(system, name) for system in _SYSTEMS for name in table]
    return {
        (system, code): (rank, _CORE + name)
        for rank, (system, name) in enumerate(ordered)
        for code in table[name].get(system, ())
    }
