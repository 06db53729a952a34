"""/admin/deliveries: what went where, what waits and why, and the dead letters that wait for a person."""

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.admin.door import door, event, now, press, session, show
from gateway.admin.panes.answer import answer
from gateway.admin.questions import DeliveriesQuestion, check
from gateway.core.errors import VersionConflictError
from gateway.services import services
from gateway.store import actions, deliveries, traffic
from gateway.store.deliveries import DeliveryState

PAGE = 50
MOST = 10_000


@door.get("/deliveries")
def delivery_list() -> ResponseReturnValue:
    """The deliveries that are asked for, and how each destination is."""
    question = check(DeliveriesQuestion, request.args)
    narrowed = {"state": question["state"] or None, "destination": question["destination"] or None}

    def look(connection: Connection) -> dict[str, object]:
        return {
            "deliveries": deliveries.listing(connection, **narrowed, before=question["before"], limit=PAGE),
            "destinations": list(traffic.by_destination(connection).values()),
        }

    return show("deliveries.html", services().store.read(look), question=question, page=PAGE)


@door.get("/deliveries/<id>")
def delivery(id: str) -> ResponseReturnValue:
    """One delivery with every attempt and the store's answer."""
    here = services()

    who, at = session(), now()

    def look(connection: Connection) -> dict[str, object]:
        found = deliveries.find(connection, id)
        revealed = actions.revealed_until(connection, who, found.submission, at) is not None
        attempts = [
            {name: getattr(one, name) for name in ("at", "milliseconds", "status", "verdict", "next_try")}
            | {"answer": answer(one.answer or b"", revealed=revealed)}
            for one in deliveries.attempts(connection, id)
        ]
        return {"delivery": found, "attempts": attempts, "revealed": revealed}

    facts = here.store.read(look)
    here.witness(event("R", "read", entities=(("delivery", id),)))
    return show("delivery.html", facts)


@door.post("/deliveries/<id>/retry")
def retry(id: str) -> ResponseReturnValue:
    """Send one dead letter again."""

    def change(connection: Connection, at: str) -> str:
        deliveries.retry(connection, id, at)
        return "retry:1"

    return press(change, url_for("admin.delivery", id=id), event("E", "retry", entities=(("delivery", id),)))


@door.post("/deliveries/retry")
def retry_all() -> ResponseReturnValue:
    """Send every dead letter again, or those of one destination."""
    destination = check(DeliveriesQuestion, request.form)["destination"] or None

    def change(connection: Connection, at: str) -> str:
        dead = deliveries.listing(connection, state=DeliveryState.DEAD, destination=destination, limit=MOST)
        if not dead:
            raise VersionConflictError("state")
        for one in reversed(dead):
            deliveries.retry(connection, one.id, at)
        return f"retry:{len(dead)}"

    about = (("destination", destination),) if destination else ()
    return press(change, url_for("admin.delivery_list"), event("E", "retry", entities=about))
