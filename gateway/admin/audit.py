"""/admin/audit: who did what, who saw whom, and whether the trail is whole."""

from flask import request
from flask.typing import ResponseReturnValue

from gateway.admin.door import door, event, show
from gateway.admin.questions import AuditQuestion, check
from gateway.audit import trail
from gateway.services import services
from gateway.store import audit

PAGE = 50


@door.get("/audit")
def audit_list() -> ResponseReturnValue:
    """The events that are asked for, the newest first. Looking is an event too."""
    question, here = check(AuditQuestion, request.args), services()
    rows = here.store.read(lambda connection: audit.listing(connection, **question, limit=PAGE))
    about = here.store.read(lambda connection: audit.entities(connection, rows[-1].seq, rows[0].seq)) if rows else {}
    here.witness(event("R", "search", entities=(("audit", "trail"),)))
    events = [{"seq": row.seq, "resource": trail.read(row)} for row in rows]
    return show("audit.html", {"events": events}, rows=rows, about=about, question=question, page=PAGE, verdict=None)


@door.post("/audit/verify")
def verify() -> ResponseReturnValue:
    """Walk the whole chain and say whether it holds."""
    here = services()
    verdict = trail.verify(here.store, here.audit_key)
    here.witness(event("E", "verify", entities=(("audit", "trail"),)))
    return show("verdict.html", {"verdict": verdict, "sound": verdict.sound})
