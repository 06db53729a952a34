"""Statements that name nothing: a template left blank is no drug and no plan, and "none" is said of its section."""

import re
from typing import Any, Final, NamedTuple

from gateway.translate.ccda.codes import LACK, codeable_concept
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.kinds import FACT, has_template
from gateway.translate.ccda.problems import GENERIC
from gateway.translate.translation import Translation

# Codes that say of what kind a statement is, or that there is one.
_KINDS: Final = GENERIC | {"ASSERTION", "CONC", "SEV", "33999-4", "48767-8", "75310-3", "71388002"}
# A drug, a vaccine, an implant, and nothing more about it.
_GENERAL: Final = frozenset({"410942007", "71181003", "40388003"})
_OF_NONE: Final = _GENERAL | {"71388002"}
# What is told of a statement, and not what it states: who, when, how, under which number.
_ABOUT: Final = frozenset(
    {
        "id", "statusCode", "effectiveTime", "author", "performer", "informant", "subject", "priorityCode", "routeCode",
        "doseQuantity", "rateQuantity", "repeatNumber", "interpretationCode", "scopingEntity", "administrationUnitCode",
    }
)  # fmt: skip
_SLOTS: Final = ("code", "value", "manufacturedMaterial")
_NESTED: Final = frozenset({"entryRelationship", "component"})
# Templates whose code says what kind of finding it is; what was found is their value.
_BY_VALUE: Final = ("4.4", "4.6", "4.7", "4.8", "4.19")
_CONCERNS: Final = ("4.3", "4.30", "4.132")
# What its number alone names.
_NUMBERED: Final = frozenset({"participantRole", "externalDocument"})


class _Manner(NamedTuple):
    """How statements are looked at: which codes and words name nothing, and what is passed over."""

    kinds: frozenset[str]
    silence: re.Pattern[str]
    over: frozenset[str]


_BLANK: Final = _Manner(
    _KINDS,
    re.compile(
        r"^\W*(?:(?:no|none|nil|n/?a|unknown)(?: known)?(?: information)?"
        r"|[\w /,]{0,40}\bnot (?:known|available|recorded|documented))(?: (?:present|available|recorded|on file))?\W*$",
        re.IGNORECASE,
    ),
    _ABOUT,
)
_NONE: Final = _Manner(_KINDS | _GENERAL, LACK, _ABOUT | _NESTED)


def is_blank(node: Element, translation: Translation) -> bool:
    """Whether a statement is left blank: no code but that of its kind, no value, no words."""
    if node.denied or (node.name == "encounter" and node.look("moodCode") in FACT) or _is_dated(node):
        return False
    return _is_of_nothing(node) or (not _tells(node, translation, _BLANK) and _is_left_out(node))


def says_none(node: Element, translation: Translation) -> bool:
    """Whether a negated statement names nothing in particular: then there is none of what its section is about."""
    if node.name == "act" and not node.denied:
        inner = [one for around in node.children("entryRelationship") for one in around.children("observation")]
        return len(inner) == 1 and has_template(inner[0], "4.4") and says_none(inner[0], translation)
    of_section = has_template(node, "4.4") or node.name in ("procedure", "substanceAdministration")
    return node.denied and of_section and not _tells(node, translation, _NONE)


def words_of_none(node: Element) -> str:
    """What a statement that there is none has for its words."""
    return next((words for one in node.below("originalText") if (words := " ".join(one.peek.split()))), "")


def codes_of_none(node: Element, translation: Translation) -> list[dict[str, Any]]:
    """The codes under which a statement says that there are none: a drug, a procedure, an implant."""
    slots = [one for one in node.below("code", "value", "translation") if one.look("code") in _OF_NONE]
    return [found for one in slots if (found := codeable_concept(one, translation))]


def _is_of_nothing(node: Element) -> bool:
    """An allergy without a reaction whose agent is said not to apply; one whose agent is not known is an allergy."""
    if not has_template(node, "4.7") or node.denied or node.at("entryRelationship[@typeCode=MFST]"):
        return False
    agents = node.at("participant/participantRole/playingEntity/code")
    return bool(agents) and all(one.look("nullFlavor") == "NA" and not one.held for one in agents)


def _is_dated(node: Element) -> bool:
    """Whether something was done or is planned on a day, whatever it is; a finding without a name is none."""
    finding = node.name == "observation" and node.look("moodCode") in FACT
    if finding or has_template(node, *_CONCERNS):
        return False
    return any(one.look("value") for time in node.children("effectiveTime") for one in (time, *time.children()))


def _is_left_out(node: Element) -> bool:
    """Whether what a statement would name is said not to be told, or nothing but its number is there."""
    slots = node.below(*_SLOTS)
    return any(one.look("nullFlavor") or one.look("code") in _KINDS for one in slots) or all(
        child.name in ("id", "templateId") for child in node.children()
    )


def _tells(node: Element, translation: Translation, manner: _Manner) -> bool:
    """Whether something below an element names something."""
    of_kind = "code" if has_template(node, *_BY_VALUE) else ""
    for child in node.children():
        if child.name in manner.over or child.name == of_kind:
            continue
        if _names(child, translation, manner) or _tells(child, translation, manner):
            return True
    return node.name in _NUMBERED and any(one.look("extension") for one in node.children("id"))


def _names(one: Element, translation: Translation, manner: _Manner) -> bool:
    """Whether an element by itself names something: by a code, a value or words."""
    code, value = one.look("code"), one.look("value")
    if code or (value and one.name != "reference"):
        return bool(value) or code not in manner.kinds
    words = value or one.look("displayName") or one.peek
    if value[:1] == "#":
        target = translation.record.narrative(value, one)  # type: ignore[attr-defined]
        words = " ".join(inner.peek for inner in target.whole()) if target is not None else ""
    return bool(words) and manner.silence.search(" ".join(words.split())) is None
