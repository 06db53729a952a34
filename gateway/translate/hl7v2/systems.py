"""Who assigned a code or an identifier (HD, CWE.3) as the URI that FHIR knows it by."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from gateway.core import fhirjson
from gateway.core.outcome import BASE
from gateway.core.table import texts
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.translation import Translation

_FOLDER: Final = Path(__file__).parents[3] / "mappings" / "codesystems"
_OID: Final = re.compile(r"(?:urn:oid:)?([0-2](?:\.(?:0|[1-9]\d*))+)", re.ASCII)
_UUID: Final = re.compile(r"(?:urn:uuid:)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})", re.ASCII)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_HOST: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_TABLE: Final = re.compile(r"HL7[ -]?(\d{1,4})", re.ASCII | re.IGNORECASE)
V2: Final = "http://terminology.hl7.org/CodeSystem/v2-"


@cache
def _texts(name: str) -> dict[str, str]:
    found: dict[str, str] = texts(_FOLDER / name)
    return found


@cache
def _codes() -> dict[str, frozenset[str]]:
    found = fhirjson.read_own((_FOLDER / "v2_tables.json").read_bytes())
    return {table: frozenset(codes) for table, codes in found.items()}


def ucum(sent: str) -> str:
    """The UCUM code of a unit as sent, or nothing."""
    return _texts("units.yaml").get(sent, "")


def local(translation: Translation, name: str = "") -> str:
    """The sender's own namespace: what we know of no registry is the sender's."""
    return _local(translation.sender.clinic or "unregistered", name)


@lru_cache(maxsize=1024)  # authorities are few; bounded, since names come from senders
def _local(clinic: str, name: str) -> str:
    return "/".join([f"{BASE}/sid", quote(clinic, safe=""), *([quote(name, safe="")] if name else [])])


@lru_cache(maxsize=1024)
def universal(identifier: str, kind: str) -> str:
    """A universal id as a URI, or nothing when it is none."""
    if found := _OID.fullmatch(identifier):
        return _texts("oids.yaml").get(found[1], f"urn:oid:{found[1]}")
    if found := _UUID.fullmatch(identifier):
        return f"urn:uuid:{found[1].lower()}"
    if _URI.fullmatch(identifier):
        return identifier
    return f"dns:{identifier}" if kind.upper() == "DNS" and _HOST.fullmatch(identifier) else ""


def say_universal(hd: Part, uri: str, translation: Translation) -> None:
    """Count a universal id and its type as read; what the URI does not show stays as it was sent."""
    reword(hd.part(2), translation) if uri and peek(hd, 2) not in uri else text(hd, 2)
    reword(hd.part(3), translation)


def authority(hd: Part | None, translation: Translation) -> tuple[str, str]:
    """The URI of an assigning authority (HD) and its name; the universal id goes before the namespace."""
    if hd is None:
        return "", ""
    name, identifier, kind = hd.peek_at(1), hd.peek_at(2), hd.peek_at(3)
    uri = universal(identifier, kind)
    if uri:
        say_universal(hd, uri, translation)
        return uri, text(hd, 1)
    if bare := universal(name, ""):
        text(hd, 1)
        return bare, ""
    if not name and not identifier:
        return "", ""
    if agreed := translation.sender.namespaces.get(name or identifier):
        return agreed, text(hd, 1) or text(hd, 2)
    translation.warn("identifier-system-unknown", node=hd)  # type: ignore[arg-type]
    kept = dict.fromkeys(filter(None, (text(hd, 1), text(hd, 2), text(hd, 3))))
    return local(translation, name or identifier), ", ".join(kept)


def coding_system(name: str, oid: str, table: str, code: str, translation: Translation) -> str:
    """The URI of a coding system: by its OID, the name agreed or in table 0396, else the table of the field."""
    if oid and (uri := universal(oid, "ISO")):
        return uri
    if agreed := translation.sender.systems.get(name):
        return agreed
    if not name:
        return _table(table, f"HL7{table}", code, translation) if table else ""
    if found := _TABLE.fullmatch(name):
        return _table(found[1].zfill(4), name, code, translation)
    return _texts("table_0396.yaml").get(name.upper()) or universal(name, "") or local(translation, name)


def _table(number: str, name: str, code: str, translation: Translation) -> str:
    """A code that HL7 publishes in its table is HL7's; one that a site has added is the site's."""
    codes = _codes().get(number)
    return f"{V2}{number}" if codes is None or code in codes else local(translation, name)


def in_table(table: str, code: str) -> bool:
    """Whether HL7 publishes this code in this table."""
    return code in table_codes(table)


def standard(table: str, code: str, translation: Translation) -> str:
    """The code of an HL7 table that a sender's local code stands for, as agreed; else the code itself."""
    return translation.sender.tables.get(table, {}).get(code, code)


def table_codes(table: str) -> frozenset[str]:
    """The codes that HL7 publishes in this table; none when it publishes no such table."""
    return _codes().get(table, frozenset[str]())


def plain(value: Any) -> str:
    """A code without blanks that FHIR does not allow in one."""
    return " ".join(str(value).split()) if value else ""
