"""Clinical trials that the outside names by their number; whether one is open or fits is not ours to say."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.cases.case import ABSENT, Case
from gateway.cases.evidence import Known

_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])NCT[ -]?(\d{8})(?!\d)", re.ASCII | re.IGNORECASE)
# So R4 itself calls the registry, in the mappings of its definition of ResearchStudy.
_REGISTRY: Final = "http://clinicaltrials.gov"
_NOT_SAID: Final = frozenset({"data", "meta"})  # an attachment's bytes, and what we say of a resource


def numbers(known: Known) -> list[str]:
    """The numbers of ClinicalTrials.gov in the words of a case, each once, as the registry writes them."""
    return sorted({f"NCT{digits}" for one in known.every for text in _texts(one) for digits in _NUMBER.findall(text)})


def studies(case: Case, known: Known) -> list[dict[str, Any]]:
    """A study for each; its status is not known, since nobody has looked it up."""
    return [
        {
            "resourceType": "ResearchStudy",
            "id": case.id("ResearchStudy", number),
            "identifier": [{"system": _REGISTRY, "value": number}],
            "_status": ABSENT,
        }
        for number in numbers(known)
    ]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for name, one in node.items():
            if name not in _NOT_SAID:
                yield from _texts(one)
    elif isinstance(node, list):
        for one in node:
            yield from _texts(one)
