"""Reading: a resource, one of its versions, its history."""

import re

from flask.typing import ResponseReturnValue

from gateway.core.errors import NotFoundError, UnreadableValueError
from gateway.serve.answer import fhir, reading, version
from gateway.serve.bundle import history_set, link
from gateway.serve.door import Access, access, door, served, view
from gateway.serve.page import PARAMETER, Continuation, seal, unseal
from gateway.services import services
from gateway.store import resources
from gateway.store.query import MOST_COUNT, USUAL_COUNT
from gateway.store.resources import Stored

_NEWEST = 2**31 - 1
_PAGED = frozenset({"_count", PARAMETER})


@door.get("/<type>/<id>")
def read(type: str, id: str) -> ResponseReturnValue:
    """The newest version of a resource."""
    account = access("read")
    account.touch(served(type).type, id)
    subset, _ = reading(type)
    clinic = view()
    stored = services().store.read(lambda connection: resources.read(connection, type, id, clinic=clinic))
    _note_patient(account, stored)
    return version(stored, subset)


@door.get("/<type>/<id>/_history/<number>")
def vread(type: str, id: str, number: str) -> ResponseReturnValue:
    """One version of a resource."""
    account = access("vread")
    account.touch(served(type).type, id)
    subset, _ = reading(type)
    if not re.fullmatch(r"[1-9]\d{0,8}", number, re.ASCII):
        raise NotFoundError
    clinic = view()
    stored = services().store.read(lambda connection: resources.vread(connection, type, id, int(number), clinic=clinic))
    _note_patient(account, stored)
    return version(stored, subset)


@door.get("/<type>/<id>/_history")
def history(type: str, id: str) -> ResponseReturnValue:
    """Every version of a resource, the newest first."""
    account = access("history")
    account.touch(served(type).type, id)
    _, asked = reading(type, others=_PAGED)
    count, before, clinic = _count(asked.get("_count", str(USUAL_COUNT))), _NEWEST, view()
    place = f"{type}/{id}/_history"
    applied, token = [("_count", str(count))] if "_count" in asked else [], asked.get(PARAMETER, "")
    if token:
        continued = unseal(token, place)
        count, before = (int(number) for number in continued.after)
    total, found = services().store.read(
        lambda connection: resources.history(connection, type, id, clinic=clinic, before=before, most=count + 1)
    )
    links = [link("self", place, applied, token)]
    if len(found) > count:
        links.append(link("next", place, page=seal(Continuation(place, (), (count, found[count - 1].version)))))
    for one in found[:1]:
        _note_patient(account, one)
    return fhir(history_set(total, found[:count], links))


def _note_patient(account: Access, stored: Stored) -> None:
    if stored.patient:
        account.touch("Patient", stored.patient)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
        raise UnreadableValueError("_count")
    return min(int(text), MOST_COUNT)
