"""Participants of a document and its entries: one resource for each, however often it is named."""

from collections import defaultdict
from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda import identifiers
from gateway.translate.ccda.codes import known_uri
from gateway.translate.ccda.element import Element
from gateway.translate.converter import converter, step
from gateway.translate.translation import Reference, Translation

_ROLES: Final = (
    "assignedAuthor",
    "assignedEntity",
    "associatedEntity",
    "relatedEntity",
    "participantRole",
    "intendedRecipient",
    "assignedPerson",
)
_PERSONS: Final = ("assignedPerson", "associatedPerson", "relatedPerson", "playingEntity", "informationRecipient")
_ORGANIZATIONS: Final = ("representedOrganization", "scopingOrganization", "receivedOrganization", "scopingEntity")
_NAMED: Final = (
    *_ORGANIZATIONS,
    "providerOrganization",
    "representedCustodianOrganization",
    "serviceProviderOrganization",
    "wholeOrganization",
)
_FUNCTIONS: Final = ("functionCode", "sdtc:functionCode")
_DEVICES: Final = ("assignedAuthoringDevice", "playingDevice")
# Associated entities that belong to the patient and not to an institution.
_RELATED: Final = frozenset({"PRS", "NOK", "CAREGIVER", "AGNT", "GUAR", "ECON"})
_LANDED: Final = (State.MAPPED, State.UNTRANSLATED)
Key = tuple[str, str]


@converter("participant", "ccda")
def participant(node: Element, translation: Translation, allow: str = "") -> Reference | None:
    """Who takes part: a reference to the Patient, a person in a role, a person, an organization or a device."""
    role = role_of(node)
    if role is None:
        return None
    known = translation.memory.setdefault("participants", {})
    functions = [one.look("code") for name in _FUNCTIONS for one in node.children(name)]
    same = (role.fingerprint(), *functions, allow)
    touched = role.record.touched
    said = role.meant()
    if same in known:
        found, landed = known[same]
        touched.extend([said[n] for n in landed if n < len(said)])
        return dict(found) if found is not None else None
    mark, state = len(touched), translation.ledger.state
    found = _participant(role, translation, frozenset(allow.split()))
    read = {*touched[mark:]}
    known[same] = found, [n for n, key in enumerate(said) if key in read or state(key) in _LANDED] if found else []
    return found


def _participant(role: Element, translation: Translation, allowed: frozenset[str]) -> Reference | None:
    for type, make in (
        ("Patient", _patient),
        ("Device", _device),
        ("RelatedPerson", _related),
        ("PractitionerRole", _practitioner_role),
        ("Practitioner", practitioner),
        ("Organization", _organization_of),
    ):
        if not allowed or type in allowed:
            reference = make(role, translation)
            if reference is not None:
                return reference
    return None


@converter("organization", "ccda")
def organization(node: Element, translation: Translation) -> Reference | None:
    """An organization; those it is part of come with it."""
    if not node.valued:
        return None
    identity = _same_one(node, "Organization", translation)
    return translation.make("ccda.organization.Organization", node, identity=identity)


@converter("location", "ccda")
def location(node: Element, translation: Translation) -> Reference | None:
    """A service delivery location, be it a participant, its role, or the facility of an encounter."""
    for name in ("participantRole", "healthCareFacility"):
        if (inner := node.first(name)) is not None:
            return translation.make("ccda.participantRole.Location", inner)
    return translation.make("ccda.participantRole.Location", node)


@converter("related_person", "ccda")
def related_person(node: Element, translation: Translation) -> Reference | None:
    """A relative, guardian or contact of the patient."""
    role = role_of(node)
    return translation.make("ccda.relatedEntity.RelatedPerson", role) if role is not None else None


def contact(node: Element, translation: Translation) -> Reference | None:
    """Whom to call back: a person in a role, under the numbers that are told for it."""
    role = role_of(node)
    person = practitioner(role, translation) if role is not None else None
    if role is None or person is None:
        return None
    made: dict[str, Any] = {"resourceType": "PractitionerRole", "practitioner": person}
    translation.run("ccda.contact.PractitionerRole", role, made)
    return translation.add(made, node=role)


@converter("practitioner", "ccda")
def practitioner(role: Element, translation: Translation) -> Reference | None:
    """The person in a role as Practitioner; an id alone may name one that is told of elsewhere."""
    if not _is_person(role, translation):
        return None
    identity = _same_one(role, "Practitioner", translation)
    return translation.make("ccda.assignedEntity.Practitioner", role, identity=identity)


def role_of(node: Element) -> Element | None:
    """The role in a participation; the node itself when it is one."""
    if node.name in _ROLES:
        return node
    for name in _ROLES:
        if (found := node.first(name)) is not None:
            return found
    return None


def person_of(role: Element) -> Element | None:
    """The person who plays a role, where one is named."""
    for name in _PERSONS:
        found = role.first(name)
        if found is not None and any(one.valued for one in found.children("name")):
            return found
    return None


def is_patient(role: Element, translation: Translation) -> bool:
    """Whether a role's ids are the patient's: compared by id, never by name."""
    mine = translation.memory.get("patient ids")
    if mine is None:
        stands = translation.record.root.at("recordTarget/patientRole")  # type: ignore[attr-defined]
        mine = translation.memory["patient ids"] = {key for one in stands for key in identifiers.keys(one)}
    ids = identifiers.keys(role)
    return any(key in mine for key in ids) or (not ids and person_of(role) is None and _is_self(role))


def _is_self(role: Element) -> bool:
    """Whether a role is coded as the patient's own."""
    code = role.first("code")
    return code is not None and code.look("code") == "SELF" and code.look("codeSystem") == _ROLE_CODE


def _patient(role: Element, translation: Translation) -> Reference | None:
    if not is_patient(role, translation):
        return None
    for child in role.children("id"):
        if identifiers.key(child) in translation.memory["patient ids"]:  # another number of theirs lands nowhere
            child.read("root")
            child.read("extension")
    if _is_self(role):
        translation.enter_all(role.children("code")[0], State.IGNORED, "ccda.self", "says that it is the patient")
    return translation.refer("Patient")


def _device(role: Element, translation: Translation) -> Reference | None:
    device = next((found for name in _DEVICES if (found := role.first(name)) is not None), None)
    if device is None or person_of(role) is not None:
        return None
    return translation.make("ccda.assignedAuthor.Device", role)


def _related(role: Element, translation: Translation) -> Reference | None:
    person = person_of(role)
    theirs = role.look("classCode") in _RELATED and (person is not None or not _is_organization_only(role))
    related = person is not None and person.first("sdtc:asPatientRelationship") is not None
    if role.name == "relatedEntity" or theirs or related:
        return translation.make("ccda.relatedEntity.RelatedPerson", role)
    return None


def _practitioner_role(role: Element, translation: Translation) -> Reference | None:
    """A person together with an organization or with what they are there; a role there that names no person."""
    organized = any(one.valued for name in _ORGANIZATIONS for one in role.children(name))
    coded = any(one.valued for one in role.children("code"))
    if not (organized or coded):
        return None
    if not _is_person(role, translation) and organized and not (coded or _person_ids(role)):
        return None
    return translation.make("ccda.assignedEntity.PractitionerRole", role)


@step("role_of_nobody", "ccda")
def role_of_nobody(role: Element, translation: Translation, resource: dict[str, Any]) -> None:
    """A role that names no person has a number of its own; its place is the organization's."""
    if _is_person(role, translation):
        return
    if ids := [found for child in role.children("id") if (found := identifiers.identifier(child, translation))]:
        resource["identifier"] = ids
    if (whose := resource.get("organization")) is not None:
        _place_of(role, whose, translation)


def _organization_of(role: Element, translation: Translation) -> Reference | None:
    for name in _ORGANIZATIONS:
        for one in role.children(name):
            if (found := organization(one, translation)) is not None:
                _place_of(role, found, translation)
                return found
    entity = role.first("playingEntity")
    return organization(role, translation) if entity is not None and entity.valued else None


def _place_of(role: Element, reference: Reference, translation: Translation) -> None:
    """A role that nobody plays is the organization's: its address and its numbers are too."""
    held = translation.find(reference)
    if held is not None and reference["reference"].startswith("Organization/"):
        translation.run("ccda.assignedEntity.Organization", role, held)


def _is_person(role: Element, translation: Translation) -> bool:
    """Whether a role names a person, were it by a number under which one is told of elsewhere."""
    if person_of(role) is not None:
        return True
    ids = _person_ids(role)
    return bool(ids) and (not _is_organization_only(role) or _directory(translation).knows(ids))


def _is_organization_only(role: Element) -> bool:
    return any(one.valued for name in _ORGANIZATIONS for one in role.children(name)) and not any(
        key[0] == _NPI for key in _person_ids(role)
    )


_ROLE_CODE: Final = "2.16.840.1.113883.5.111"
_NPI: Final = "2.16.840.1.113883.4.6"


def _person_ids(role: Element) -> list[Key]:
    return identifiers.keys(role)


class _Directory:
    """Which ids of the document name the same one: read once over all roles and organizations."""

    def __init__(self, root: Element) -> None:
        self._head: dict[tuple[str, Key], tuple[str, Key]] = {}
        self._names: dict[tuple[str, Key], dict[str, None]] = defaultdict(dict)  # in their order
        told = set()  # most are named again and again
        for one in root.below(*_ROLES, *_NAMED):
            if not (ids := identifiers.keys(one)):
                continue
            person = one.name in _ROLES
            mention = (
                "Practitioner" if person else "Organization",
                tuple(ids),
                _name(person_of(one) if person else one),
            )
            if mention not in told:
                told.add(mention)
                self._take(*mention)

    def knows(self, ids: list[Key]) -> bool:
        """Whether one of the ids is that of a person whose name is told."""
        return any(self._names.get(self._find(("Practitioner", key))) for key in ids)

    def identity(self, type: str, node: Element, name: str) -> tuple[str, ...]:
        """What makes the id of one: its leading id, its name where ids are shared by several, else name and telecom."""
        ids = identifiers.keys(node)
        if not ids:
            telecom = next((one.look("value") for one in node.children("telecom") if one.look("value")), "")
            return (type, "name", name, telecom) if name else ()
        head = self._find((type, ids[0]))
        names = self._names[head]
        told = name or next(iter(names), "")
        return (type, "id", *head[1], told if len(names) > 1 else "")

    def _take(self, type: str, ids: tuple[Key, ...], name: str) -> None:
        heads = sorted({self._find((type, key)) for key in ids}, key=lambda head: (not known_uri(head[1][0]), head))
        for other in heads[1:]:
            self._head[other] = heads[0]
            self._names[heads[0]] |= self._names.pop(other, {})
        if name:
            self._names[heads[0]][name] = None

    def _find(self, key: tuple[str, Key]) -> tuple[str, Key]:
        while (above := self._head.get(key)) is not None:
            key = above
        return key


def _directory(translation: Translation) -> _Directory:
    found: _Directory | None = translation.memory.get("directory")
    if found is None:
        found = translation.memory["directory"] = _Directory(translation.record.root)  # type: ignore[arg-type]
    return found


def _same_one(node: Element, type: str, translation: Translation) -> tuple[str, ...]:
    directory = _directory(translation)
    name = _name(person_of(node)) if type == "Practitioner" else _name(node)
    found: tuple[str, ...] = directory.identity(type, node, name)
    return found


def _name(node: Element | None) -> str:
    """A name for comparison: letters only, in lower case; not counted as read."""
    if node is None:
        return ""
    for child in node.children("name"):
        said = "".join(piece for one in (child, *child.below("given", "family")) for piece in one.peek.lower().split())
        if said:
            return "".join(letter for letter in said if letter.isalnum())
    return ""
