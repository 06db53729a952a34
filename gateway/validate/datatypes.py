"""Rules of datatypes that stand in no StructureDefinition: Coding, Identifier, Attachment, Period, Quantity."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from gateway.validate.concepts import is_in
from gateway.validate.definitions import Library
from gateway.validate.scope import Check, Place, Scope
from gateway.validate.ucum import UCUM, measure

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_URIS: Final = "urn:ietf:rfc:3986"
_MOVING: Final = "http://terminology.hl7.org/"  # published anew since R4: a code that R4 lacks may be there by now


def check_of(type_name: str, library: Library) -> Check | None:
    """The rules of a datatype, if it has any."""
    make = _CHECKS.get(type_name)
    return make(library) if make else None


def _coding(library: Library) -> Check:
    @lru_cache(maxsize=4096)
    def trouble(system: str, code: str) -> tuple[str, str, str, bool] | None:
        """What is wrong with a code: the issue, its element, its rule, whether it is sure."""
        if not system.startswith("#") and _ABSOLUTE.fullmatch(system) is None:
            return "system-not-absolute", "system", "extra.system", True
        if library.kind(system) == "ValueSet":
            return "system-is-value-set", "system", "extra.system-value-set", False
        if code and (not measure(code) if system == UCUM else is_in(system, code, library) is False):
            whole = library.codes(system) is not None and not system.startswith(_MOVING)
            return "code-not-in-system", "code", "extra.code", whole
        return None

    def check(node: Any, place: Place, scope: Scope) -> None:
        system, code = node.get("system"), node.get("code")
        if type(system) is str and (found := trouble(system, code if type(code) is str else "")):
            issue, element, rule, sure = found
            (scope.fault if sure else scope.warn)(issue, Place(place, element), rule)

    return check


def _identifier(library: Library) -> Check:
    def check(node: Any, place: Place, scope: Scope) -> None:
        system, value = node.get("system"), node.get("value")
        if type(system) is str and _ABSOLUTE.fullmatch(system) is None:
            scope.fault("system-not-absolute", Place(place, "system"), "extra.system")
        elif system == _URIS and type(value) is str and _ABSOLUTE.fullmatch(value) is None:
            scope.warn("value-format", Place(place, "value"), "extra.identifier-uri")

    return check


def _attachment(library: Library) -> Check:
    def check(node: Any, place: Place, scope: Scope) -> None:
        body, size, digest = node.get("data"), node.get("size"), node.get("hash")
        if type(body) is not str or (size is None and digest is None):
            return
        try:
            held = base64.b64decode(body)
        except (ValueError, binascii.Error):
            return  # the primitive says so
        if type(size) is int and size != len(held):
            scope.error("attachment-differs", place, "extra.attachment-size")
        # the hash is a SHA-1, says R4: a check that nothing was lost, no protection
        if (
            type(digest) is str
            and digest != base64.b64encode(hashlib.sha1(held, usedforsecurity=False).digest()).decode()
        ):
            scope.warn("attachment-differs", place, "extra.attachment-hash")

    return check


def _period(library: Library) -> Check:
    """To the validator per-1 must be true, and it is not when the end is only less precise, or more, than the start."""

    def check(node: Any, place: Place, scope: Scope) -> None:
        start, end = node.get("start"), node.get("end")
        if scope.found.strict and type(start) is str and type(end) is str and len(start) != len(end):
            shorter, longer = sorted((start, end), key=len)
            if longer.startswith(shorter):
                scope.error("invariant-broken", place, "per-1")

    return check


def _quantity(library: Library) -> Check:
    def check(node: Any, place: Place, scope: Scope) -> None:
        code = node.get("code")
        if node.get("system") == UCUM and type(code) is str and code and measure(code) is None:
            scope.warn("code-not-in-system", Place(place, "code"), "extra.unit")  # HL7's own examples say TAB

    return check


_CHECKS: Final[dict[str, Callable[[Library], Check]]] = {
    "Attachment": _attachment,
    "Coding": _coding,
    "Identifier": _identifier,
    "Period": _period,
    **dict.fromkeys(("Age", "Count", "Distance", "Duration", "Quantity"), _quantity),
}
