"""Sender overlays: what is agreed with one clinic, a file of mappings/senders/ or of the installation's own folder."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate

from gateway.core import ids
from gateway.core.errors import MappingTableError
from gateway.core.labels import AGREED
from gateway.core.submission import Listener, Sender
from gateway.translate import conceptmap, mapping, table
from gateway.translate.hl7v2.systems import table_codes
from gateway.translate.policy import policies

Names = tuple[str, ...]
Check = Callable[[str, str, tuple[table.Row, ...]], None]
Key = tuple[str, str, str]  # clinic, application, facility
_log = structlog.get_logger()
_URI: Final = validate.Regexp(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z", error="not a URI")
_OF_A_PAIR: Final = ("key", "value")  # what marshmallow calls the halves of a pair in a mapping
_CODE: Final = r"[A-Z][A-Z0-9]{2}"


class Senders:
    """The overlays of one folder. A file that changes is seen at the next look; one that is wrong changes nothing."""

    def __init__(self, folder: Path | None = None, check: Check | None = None) -> None:
        """`check` compiles the rows that an overlay adds; it raises MappingTableError."""
        self._folder = folder or mapping.SENDERS
        self._check = check
        self._seen = self._look()
        self._found = _Overlays(self._seen, check)

    def find(self, clinic: str, application: str = "", facility: str = "") -> Sender:
        """Who sends: a clinic, with the overlay that fits its application and facility (MSH-3, MSH-4) best.

        Without a clinic the application and the facility alone must say who it is; names of two clinics say nothing.
        """
        by_key = self._fresh().by_key
        for key in (application, facility), ("", facility), (application, ""), ("", ""):
            if (found := by_key.get((clinic, *key))) is not None:
                return found
        return Sender(clinic=clinic)

    def named(self, name: str) -> Sender:
        """The overlay of the file of this name; raises KeyError."""
        return self._fresh().by_name[name]

    def _fresh(self) -> "_Overlays":
        if (seen := self._look()) != self._seen:
            self._seen = seen
            try:
                self._found = _Overlays(seen, self._check)
            except MappingTableError as error:
                _log.error("overlay-refused", code=error.code, place=error.place)
        return self._found

    def _look(self) -> dict[Path, tuple[int, int]]:
        return {file: _stamp(file) for file in sorted(self._folder.glob("*.yaml"))}


class _Overlays:
    """Overlays by name and by whom they are for; raises MappingTableError."""

    def __init__(self, files: Mapping[Path, object], check: Check | None) -> None:
        self.by_name: dict[str, Sender] = {}
        self.by_key: dict[Key, Sender] = {}
        for file in files:
            sender, applications, facilities = _read(file)
            for name, rows in sender.rows.items():
                if check is not None:
                    check(name, file.name, rows)
            self.by_name[file.stem] = sender
            for key in _keys(sender.clinic, applications, facilities):
                if key[0] and key in self.by_key:
                    raise MappingTableError(file.name, 1, "another overlay is for this sender too")
                self.by_key[key] = Sender() if key in self.by_key else sender


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:  # a link to nowhere, or a file that has just gone: reading it will tell
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _keys(clinic: str, applications: Names, facilities: Names) -> list[Key]:
    pairs = [(one, other) for one in applications or ("",) for other in facilities or ("",)]
    return [(who, *pair) for pair in pairs for who in ((clinic, "") if any(pair) else (clinic,))]


def _read(file: Path) -> tuple[Sender, Names, Names]:
    found = table.documents(file)
    if len(found) != 1:
        raise MappingTableError(file.name, 1, "a file holds one overlay")
    said = table.plain(file.name, found[0])
    try:
        loaded = _OVERLAY.load(said)
    except ValidationError as error:
        line, words = _first(error.normalized_messages(), found[0])  # type: ignore[no-untyped-call]
        raise MappingTableError(file.name, line, words) from None
    applications, facilities = (loaded.pop(name, ()) for name in ("applications", "facilities"))
    loaded.pop("about", None)
    loaded["rows"] = dict(_rows(file, found[0]))
    return Sender(overlay=ids.digest(file.read_bytes())[:12], **loaded), applications, facilities


def _rows(file: Path, document: yaml.Node) -> Iterator[tuple[str, tuple[table.Row, ...]]]:
    for key, maps in document.value:
        for name, rows in maps.value if key.value == "rows" else ():
            rule = f"{name.value}+{file.stem}"
            yield name.value, tuple(table.row(file.name, f"{rule}#{n}", row) for n, row in enumerate(rows.value, 1))


def _first(messages: dict[str, Any], node: yaml.Node) -> tuple[int, str]:
    """The line and the words of the first complaint; keys of an overlay are ours and may be named."""
    name, said = next(iter(messages.items()))
    if isinstance(said, list) and isinstance(said[0], dict):
        said = said[0]  # what a check of ours says of the parts of a field
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    key, value = next((pair for pair in pairs if pair[0].value == name), (node, node))
    line = key.start_mark.line + 1
    if isinstance(said, dict):
        line, words = _first(said, value)
    else:
        words = " ".join(map(str, said))
    return line, words if name in _OF_A_PAIR else f"{name}: {words}"


def _zone(said: str) -> None:
    try:
        ZoneInfo(said)
    except (KeyError, ValueError, OSError):
        raise ValidationError("no zone of the IANA database") from None


def _charset(said: str) -> None:
    if said not in table_codes("0211"):
        raise ValidationError("not in HL7 table 0211")


def _policies(said: dict[str, str]) -> None:
    known = {name: one for one in policies().values() for name in (one.id, one.name)}
    for name, value in said.items():
        if name not in known:
            raise ValidationError({name: ["there is no such policy"]})
        if value not in known[name].values:
            raise ValidationError({name: [f"the policy knows {', '.join(known[name].values)}"]})


def _tables(said: dict[str, dict[str, str]]) -> None:
    for name, codes in said.items():
        allowed = table_codes(name).union(*(one.codes for one in conceptmap.all_maps() if one.takes(name)))
        if not allowed:
            raise ValidationError({name: ["there is no such table or concept map"]})
        for local, code in codes.items():
            if code not in allowed:
                raise ValidationError({name: {local: ["this code is not in the table"]}})


class _ListenerSchema(Schema):
    host = fields.Str(required=True, validate=validate.Length(min=1))
    port = fields.Int(required=True, validate=validate.Range(1, 65535))

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Listener:
        return Listener(**found)


class _OverlaySchema(Schema):
    clinic = fields.Str(required=True, validate=validate.Length(min=1))
    about = fields.Str()
    applications = fields.List(fields.Str())
    facilities = fields.List(fields.Str())
    zone = fields.Str(validate=_zone)
    charset = fields.Str(validate=_charset)
    namespaces = fields.Dict(keys=fields.Str(), values=fields.Str(validate=_URI))
    systems = fields.Dict(keys=fields.Str(), values=fields.Str(validate=_URI))
    tables = fields.Dict(
        keys=fields.Str(), values=fields.Dict(keys=fields.Str(), values=fields.Str()), validate=_tables
    )
    policies = fields.Dict(keys=fields.Str(), values=fields.Str(), validate=_policies)
    rows = fields.Dict(keys=fields.Str(), values=fields.List(fields.Dict()))
    authoritative = fields.Bool(truthy={"true"}, falsy={"false"})
    labels = fields.List(fields.Str(validate=validate.OneOf(AGREED)))
    message_types = fields.List(fields.Str(validate=validate.Regexp(rf"{_CODE}(\^{_CODE})?\Z")))
    certificates = fields.List(fields.Str())
    listener = fields.Nested(_ListenerSchema)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Policies under their names, whichever way the file names them."""
        names = {one.id: one.name for one in policies().values()}
        if "policies" in found:
            found["policies"] = {names.get(name, name): value for name, value in found["policies"].items()}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


_OVERLAY: Final = _OverlaySchema()
