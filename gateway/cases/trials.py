"""Clinical trials that the outside names by their number; whether one is open or fits is not ours to say."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.cases.case import ABSENT, Case

_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])NCT[ -]?(\d{8})(?!\d)", re.ASCII | re.IGNORECASE)
# So R4 itself calls the registry, in the mappings of its definition of ResearchStudy.
_REGISTRY: Final = "http://clinicaltrials.gov"
_SHORTEST: Final = 11  # characters
_WORDLESS: Final = frozenset({"Provenance", "Binary", "Patient", "Coverage", "MessageHeader", "Device"})
_NOT_SAID: Final = frozenset({"data", "meta"})  # an attachment's bytes, and what we say of a resource


def numbers(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """The numbers of ClinicalTrials.gov in the words of a case, each once, as the registry writes them."""
    said = (one for one in resources if one["resourceType"] not in _WORDLESS)
    return sorted({f"NCT{digits}" for one in said for text in _texts(one) for digits in _NUMBER.findall(text)})


def studies(case: Case, trials: Sequence[str]) -> list[dict[str, Any]]:
    """A study for each; its status is not known, since nobody has looked it up."""
    return [
        {
            "resourceType": "ResearchStudy",
            "id": case.id("ResearchStudy", number),
            "identifier": [{"system": _REGISTRY, "value": number}],
            "_status": ABSENT,
        }
        for number in trials
    ]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        if len(node) >= _SHORTEST:
            yield node
    elif isinstance(node, Mapping):
        for name, one in node.items():
            if name not in _NOT_SAID:
                yield from _texts(one)
    elif isinstance(node, list):
        for one in node:
            yield from _texts(one)
