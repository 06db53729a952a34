"""Orders by the numbers that their placer or filler gave them, each as it stands now."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from gateway.core import fhirjson
from gateway.store.tables import grants as g
from gateway.store.tables import resources as r
from gateway.store.tables import tokens as t

ORDERS: Final = ("MedicationRequest", "ServiceRequest")
_NAMED: Final = (
    select(r.c.body)
    .join(t, (t.c.type == r.c.type) & (t.c.id == r.c.id))
    .join(g, (g.c.type == r.c.type) & (g.c.id == r.c.id))
    .where(
        r.c.type == bindparam("of_type"),
        r.c.current.is_(True),
        r.c.deleted.is_(False),
        t.c.parameter == "identifier",
        t.c.system == bindparam("system"),
        t.c.code == bindparam("number"),
        g.c.clinic == bindparam("clinic"),
    )
    .order_by(r.c.seq)
)


def named(connection: Connection, numbers: Iterable[dict[str, Any]], clinic: str) -> list[dict[str, Any]]:
    """The orders of a clinic that bear one of these numbers: its prescriptions, else what else it ordered."""
    known = (bearing(connection, type, numbers, clinic) for type in ORDERS)
    return next(filter(None, known), [])


def bearing(connection: Connection, type: str, numbers: Iterable[dict[str, Any]], clinic: str) -> list[dict[str, Any]]:
    """The resources of a type that a clinic sent and that bear one of these numbers."""
    sought = [(one.get("system"), one["value"]) for one in numbers if "value" in one]
    words = [{"of_type": type, "system": system, "number": number, "clinic": clinic} for system, number in sought]
    bodies = (body for one in words for body in connection.execute(_NAMED, one).scalars())
    return list({one["id"]: one for one in map(fhirjson.read_own, bodies)}.values())
