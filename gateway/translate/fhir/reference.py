"""References of a submission: to which of its own resources each points."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs

from gateway.core import r4
from gateway.translate.fhir.entry import Entry

_RESTFUL: Final = re.compile(r"(?:(?P<base>https?://\S+)/)?(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9.\-]{1,64})", re.ASCII)
_HISTORY: Final = re.compile(r"/_history/[A-Za-z0-9.\-]{1,64}\Z", re.ASCII)
_CONDITIONAL: Final = re.compile(r"(?P<type>[A-Za-z]+)\?(?P<query>\S+)", re.ASCII)


class References:
    """An index over the resources of one submission."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_url: dict[str, Entry] = {}
        self._by_id: dict[tuple[str, str], list[Entry]] = {}
        self._by_identifier: dict[tuple[str, str, str], Entry] = {}
        for entry in entries:
            if entry.full_url:
                self._by_url.setdefault(entry.full_url, entry)
            if id := entry.resource.get("id"):
                self._by_id.setdefault((entry.sent_type, str(id)), []).append(entry)
            for system, value in _identifiers(entry.resource):
                self._by_identifier.setdefault((entry.sent_type, system, value), entry)
                self._by_identifier.setdefault((entry.sent_type, "*", value), entry)

    def find(self, sent: str, source: Entry) -> Entry | None:
        """The resource that a reference means, seen from the one that holds it."""
        text = _HISTORY.sub("", sent)
        if (found := self._by_url.get(text)) is not None:
            return found
        if (asked := _CONDITIONAL.fullmatch(text)) is not None:
            return self._conditional(asked["type"], asked["query"])
        told = _RESTFUL.fullmatch(text)
        if told is None or told["base"]:
            return None
        return self._relative(told["type"], told["id"], source)

    def _relative(self, type: str, id: str, source: Entry) -> Entry | None:
        around = _RESTFUL.fullmatch(source.full_url)
        if around is not None and (found := self._by_url.get(f"{around['base']}/{type}/{id}")) is not None:
            return found
        candidates = self._by_id.get((type, id), [])
        return candidates[0] if len(candidates) == 1 else None

    def _conditional(self, type: str, query: str) -> Entry | None:
        asked = identifier_of(query)
        return self._by_identifier.get((type, *asked)) if asked else None


def identifier_of(query: str) -> tuple[str, str] | None:
    """The identifier that a conditional reference names: its system (`*` any) and value."""
    asked = parse_qs(query, max_num_fields=8)
    if set(asked) != {"identifier"} or len(asked["identifier"]) != 1:
        return None
    system, bar, value = asked["identifier"][0].rpartition("|")
    return (system if bar else "*", value) if value else None


def logical(sent: str, reference: dict[str, Any]) -> dict[str, Any]:
    """What a reference says without pointing anywhere: an identifier, a type, words."""
    kept = {name: value for name, value in reference.items() if name != "reference"}
    asked = _CONDITIONAL.fullmatch(sent)
    told = _RESTFUL.fullmatch(_HISTORY.sub("", sent))
    type = (asked or told)["type"] if asked or told else ""  # type: ignore[index]
    if r4.is_resource(type):
        kept.setdefault("type", type)
    named = identifier_of(asked["query"]) if asked else None
    if named and "identifier" not in kept:
        system, value = named
        kept["identifier"] = {"value": value} if system in ("", "*") else {"system": system, "value": value}
    elif "display" not in kept:
        kept["display"] = sent
    elif "identifier" not in kept:
        kept["identifier"] = {"value": sent}
    return kept


def _identifiers(resource: dict[str, Any]) -> Iterable[tuple[str, str]]:
    found = resource.get("identifier")
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, dict) and one.get("value"):
            yield str(one.get("system", "")), str(one["value"])
