"""/admin/lineage: one resource, or one element of it, with the places of every submission that its values came from."""

from dataclasses import asdict
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.admin.door import door, event, show
from gateway.admin.questions import LineageQuestion, check
from gateway.services import services
from gateway.store import lineage, resources


@door.get("/lineage")
def lineage_of() -> ResponseReturnValue:
    """Element, place in the source, row of the map: no values, so nothing is masked; looking leaves its event."""
    question, here = check(LineageQuestion, request.args), services()
    type, _, id = question["resource"].partition("/")

    def look(connection: Connection) -> list[dict[str, Any]]:
        resources.read(connection, type, id)
        found = lineage.accounts(connection, type, id, element=question["element"])
        return [_line(one) for one in found]

    facts = {**question, "accounts": here.store.read(look)}
    here.witness(event("R", "read", entities=((type, id),)))
    return show("lineage.html", facts)


def _line(account: lineage.Account) -> dict[str, Any]:
    """An account without the Provenance itself, which may hold values that no element has."""
    told = account.provenance
    roles = [(_code(one.get("type", {})), _name(one.get("who", {}))) for one in told.get("agent", ())]
    found = asdict(account) | {
        "provenance": told["id"],
        "activity": told.get("activity", {}).get("text", ""),
        "agents": roles,
        "policies": told.get("policy", []),
    }
    return found


def _code(concept: dict[str, Any]) -> str:
    return next((str(one.get("code", "")) for one in concept.get("coding", ())), "")


def _name(who: dict[str, Any]) -> str:
    return str(who.get("display") or who.get("reference") or who.get("identifier", {}).get("value", ""))
