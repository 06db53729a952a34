"""A resource of the sender's, element by element as R4 defines it, with a line in the ledger for each leaf."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from gateway.core import r4
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import State
from gateway.translate.fhir.entry import BECOMES, Entry
from gateway.translate.fhir.primitive import fits, is_date_type
from gateway.translate.fhir.reference import References, logical

if TYPE_CHECKING:
    from gateway.translate.translation import Translation

RULE: Final = "fhir.resource.Bundle#1"
_OUR_OWN: Final = "we give our own ids; references follow them"
_NOT_TRUSTED: Final = "a sender's claim about its own copy; ours is judged anew"
_UNTRUSTED_META: Final = frozenset(("versionId", "lastUpdated", "source", "profile", "tag", "id", "extension"))


class FhirRecord(Protocol):
    """What a record of this format can do besides."""

    def narrative(self, div: str) -> tuple[str, bool]:
        """The narrative as we keep it, and whether anything had to go."""

    def below(self, value: Any, pointer: str) -> Iterator[str]:
        """The keys of all leaves of a value that stands at a pointer."""


class Place:
    """Where a leaf landed; written out only when the account is closed."""

    __slots__ = ("copy", "pointer")

    def __init__(self, copy: "Copy", pointer: str) -> None:
        self.copy = copy
        self.pointer = pointer

    def __str__(self) -> str:
        first, *rest = self.pointer[len(self.copy.entry.pointer) + 1 :].split("/")
        path = self.copy.renamed.get(first, first)
        for step in rest:
            path = f"{path}[{step}]" if step.isdigit() else f"{path}.{step}"
        return f"{self.copy.entry.name}.{path}"


class Copy:
    """One resource being copied."""

    def __init__(
        self,
        entry: Entry,
        references: References,
        translation: "Translation",
        renamed: Mapping[str, str] = MappingProxyType({}),
        no_place: frozenset[str] = frozenset(),
    ) -> None:
        self.entry = entry
        self.renamed = renamed  # elements that have another name in the resource that this one becomes
        self._left = no_place | {"id"}  # elements that it has no place for
        self._references = references
        self._translation = translation
        self._ledger = translation.ledger
        self._record = cast("FhirRecord", translation.record)

    def resource(self) -> dict[str, Any]:
        """The copy, without the id that the sender gave."""
        sent, pointer = self.entry.resource, self.entry.pointer
        if "id" in sent:
            self._ignore(sent["id"], f"{pointer}/id", _OUR_OWN)
        return self._resource({name: value for name, value in sent.items() if name not in self._left}, pointer)

    def _resource(self, sent: dict[str, Any], pointer: str) -> dict[str, Any]:
        self._mapped(f"{pointer}/resourceType")
        type = sent["resourceType"]
        rest = {name: value for name, value in sent.items() if name != "resourceType"}
        return {"resourceType": type, **self._object(rest, type, pointer)}

    def _object(self, sent: dict[str, Any], type: str, pointer: str) -> dict[str, Any]:
        known = r4.children(type)
        made: dict[str, Any] = {}
        chosen: set[str] = set()
        for name, value in sent.items():
            partner = name[1:] if name.startswith("_") else name
            if partner != name and partner in sent:
                continue  # read with its partner
            element = known.get(partner)
            if element is None or (partner != name and not element.primitive):
                self._unknown(value, f"{pointer}/{name}")
                continue
            twin = sent.get(f"_{partner}") if element.primitive else None
            before = len(made)
            if element.choice and element.choice in chosen:
                self._failed(value, f"{pointer}/{name}", "second-value")
                continue
            self._element(made, partner, value if partner == name else None, twin, element, pointer)
            if element.choice and len(made) > before:
                chosen.add(element.choice)
        return made

    def _element(
        self, made: dict[str, Any], name: str, value: Any, twin: Any, element: r4.Element, pointer: str
    ) -> None:
        at, beside = f"{pointer}/{name}", f"{pointer}/_{name}"
        if not element.array:
            kept, kept_twin = self._one(value, twin, element, at, beside)
            if kept is not None:
                made[name] = kept
            if kept_twin:
                made[f"_{name}"] = kept_twin
            return
        values, twins = self._list(value, at), self._list(twin, beside)
        length = max(len(values), len(twins))
        values, twins = values + [None] * (length - len(values)), twins + [None] * (length - len(twins))
        pairs = [
            self._one(one, by, element, f"{at}/{n}", f"{beside}/{n}")
            for n, (one, by) in enumerate(zip(values, twins, strict=True))
        ]
        pairs = [pair for pair in pairs if pair != (None, None)]
        if any(kept is not None for kept, _ in pairs):
            made[name] = [kept for kept, _ in pairs]
        if any(by for _, by in pairs):
            made[f"_{name}"] = [by for _, by in pairs]

    def _list(self, value: Any, pointer: str) -> list[Any]:
        if value is None or isinstance(value, list):
            return value or []
        self._failed(value, pointer, "structure")
        return []

    def _one(self, value: Any, twin: Any, element: r4.Element, pointer: str, beside: str) -> tuple[Any, Any]:
        kept_twin = None
        if twin is not None:
            kept_twin = self._complex(twin, "Element", beside) or None
        if value is None:
            return None, kept_twin
        if element.primitive:
            return self._primitive(value, element.type, pointer), kept_twin
        return self._complex(value, element.type, pointer) or None, None

    def _complex(self, value: Any, type: str, pointer: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._failed(value, pointer, "structure")
            return {}
        match type:
            case "Resource":
                return self._inner(value, pointer)
            case "Reference":
                return self._reference(value, pointer)
            case "Meta":
                return self._meta(value, pointer)
            case "Attachment":
                return self._attachment(value, pointer)
        return self._object(value, type, pointer)

    def _inner(self, value: dict[str, Any], pointer: str) -> dict[str, Any]:
        if not r4.is_resource(str(value.get("resourceType"))):
            self._unknown(value, pointer)
            return {}
        return self._resource(value, pointer)

    def _primitive(self, value: Any, type: str, pointer: str) -> Any:
        if type == "xhtml" and isinstance(value, str):
            return self._div(value, pointer)
        if value == "":
            return None
        if not fits(value, type):
            self._failed(value, pointer, "date-unreadable" if is_date_type(type) else "value-unreadable")
            return None
        self._mapped(pointer)
        return value

    def _div(self, div: str, pointer: str) -> str | None:
        if not div.strip():
            return None
        kept, changed = self._record.narrative(div)
        self._mapped(pointer)
        if changed:
            self._say("narrative-cleaned", pointer)
        return kept

    def _reference(self, value: dict[str, Any], pointer: str) -> dict[str, Any]:
        made = self._object(value, "Reference", pointer)
        sent = made.get("reference")
        if sent is not None and not sent.startswith("#"):
            found = self._references.find(sent, self.entry)
            if found is None:
                self._say("reference-dangling", f"{pointer}/reference")
                made = logical(sent, made)
            else:
                made["reference"] = found.name
        if made.get("type") in BECOMES:
            made["type"] = BECOMES[made["type"]]
        return made

    def _attachment(self, value: dict[str, Any], pointer: str) -> dict[str, Any]:
        made = self._object(value, "Attachment", pointer)
        if (url := made.get("url")) is not None and (found := self._references.find(url, self.entry)) is not None:
            made["url"] = found.name
        return made

    def _meta(self, value: dict[str, Any], pointer: str) -> dict[str, Any]:
        for name in _UNTRUSTED_META & value.keys():
            self._ignore(value[name], f"{pointer}/{name}", _NOT_TRUSTED)
        return self._object({k: v for k, v in value.items() if k not in _UNTRUSTED_META}, "Meta", pointer)

    # --- what becomes of a leaf -----------------------------------------------------------------------------------

    def _mapped(self, pointer: str) -> None:
        self._ledger.enter(pointer, State.MAPPED, RULE, Place(self, pointer))

    def _ignore(self, value: Any, pointer: str, because: str) -> None:
        for leaf in self._record.below(value, pointer):
            self._ledger.enter(leaf, State.IGNORED, RULE, because=because)

    def _failed(self, value: Any, pointer: str, code: str) -> None:
        for leaf in self._record.below(value, pointer):
            self._ledger.enter(leaf, State.FAILED, RULE, Place(self, pointer))
        self._say(code, pointer)

    def _unknown(self, value: Any, pointer: str) -> None:
        """Left out; the ledger says unmapped of what nobody speaks of."""
        if value not in (None, "", [], {}):
            self._say("element-unknown", pointer)

    def _say(self, code: str, pointer: str) -> None:
        self._translation.issues.append(
            Issue(Severity.WARNING, code, str(Place(self, pointer)), RULE, location=pointer)
        )
