"""DICOMDIR: the records of a disc, which name each other by their places, as the tree of patients, studies, series."""

from typing import Any, Final

from gateway.core.errors import MalformedMessageError

Part = dict[str, Any]
_FIRST: Final = "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity"
_NEXT: Final = "OffsetOfTheNextDirectoryRecord"
_LOWER: Final = "OffsetOfReferencedLowerLevelDirectoryEntity"
_LEVELS: Final = {"PATIENT": "patients", "STUDY": "studies", "SERIES": "series"}
_DEEPEST: Final = 8


def directory(records: dict[str, Part], first: str) -> Part:
    """The records by their places, each below the one that it belongs to; what nothing leads to stands at the top."""
    top: Part = {}
    held: set[str] = set()
    for start in (first, *records):
        open = [(top, start, 0)]
        while open:
            above, place, depth = open.pop()
            if depth > _DEEPEST:
                raise MalformedMessageError("directory")
            while place in records and place not in held:  # each once, so that no ring is walked
                held.add(place)
                record = records[place]
                above.setdefault(_LEVELS.get(record.get("DirectoryRecordType", ""), "instances"), []).append(record)
                open.append((record, record.get(_LOWER, ""), depth + 1))
                place = record.get(_NEXT, "")
    return top


def first_of(found: Part) -> str:
    """Where the first record of a directory stands."""
    return str(found.get(_FIRST, ""))
