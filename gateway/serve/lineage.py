"""$lineage: what a resource, or one element of it, was made from: its Provenances with the places of the source."""

from typing import Any, Final

from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.core.outcome import BASE
from gateway.serve.answer import fhir, reading
from gateway.serve.door import access, base, door, served, view
from gateway.services import services
from gateway.store import lineage, resources
from gateway.store.lineage import Account

SOURCE_PATH: Final = f"{BASE}/StructureDefinition/so-source-path"


@door.get("/<type>/<id>/$lineage")
def lineage_of(type: str, id: str) -> ResponseReturnValue:
    """The Provenances of a resource; each target carries the elements and the places that their values came from."""
    account = access("operation")
    account.touch(served(type).type, id)
    _, asked = reading(type, others=frozenset({"element"}))
    clinic = view()

    def look(connection: Connection) -> list[Account]:
        resources.read(connection, type, id, clinic=clinic)
        return lineage.accounts(connection, type, id, element=asked.get("element", ""), clinic=clinic)

    found = services().store.read(look)
    entries = [_entry(one, f"{type}/{id}") for one in found]
    return fhir({"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})})


def _entry(account: Account, resource: str) -> dict[str, Any]:
    """A Provenance whose target is this resource alone, with its places."""
    target: dict[str, Any] = {"reference": resource}
    if account.leaves:
        target["extension"] = [
            {
                "url": SOURCE_PATH,
                "extension": [
                    {"url": "element", "valueString": leaf.element},
                    {"url": "location", "valueString": leaf.location},
                ],
            }
            for leaf in account.leaves
        ]
    return {
        "fullUrl": f"{base()}Provenance/{account.provenance['id']}",
        "resource": account.provenance | {"target": [target]},
    }
