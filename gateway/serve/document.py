"""Composition/$document: the opinion of a case as one FHIR document, with every byte of its notes."""

from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway import casework
from gateway.cases.opinion import is_ours
from gateway.casework import Opinion
from gateway.core import fhirjson
from gateway.core.errors import NotFoundError
from gateway.core.labels import guarded
from gateway.serve.answer import fhir, reading
from gateway.serve.door import access, door, view
from gateway.services import services
from gateway.store import cases, resources
from gateway.store.visibility import Sight


@door.get("/Composition/<id>/$document")
def document(id: str) -> ResponseReturnValue:
    """The document that an opinion leads; other Compositions are read with what they name."""
    account = access("operation")
    account.touch("Composition", id)
    reading("Composition")
    sight = view()
    found = services().store.read(lambda connection: _opinion(connection, id, sight))
    account.touch("Patient", found.case.patient)
    return fhir(found.document)


def _opinion(connection: Connection, id: str, sight: Sight) -> Opinion:
    """The opinion that a Composition leads, for who may see all of it: it leaves whole or not at all."""
    composition = fhirjson.read_own(resources.read(connection, "Composition", id, clinic=sight).body)
    if not is_ours(composition):
        raise NotFoundError
    case = cases.find(connection, composition["identifier"]["value"])
    opinion = casework.opinion_of(connection, case)
    hidden = sight.intersection(guarded(opinion.document)) if opinion and isinstance(sight, frozenset) else ()
    if opinion is None or hidden or (isinstance(sight, str) and sight != case.clinic):
        raise NotFoundError
    return opinion
