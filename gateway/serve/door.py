"""The EHR systems' door: who is calling, what they may see, and the audit event that every access leaves."""

import re
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from gateway.access.caller import Caller, caller, identify, require
from gateway.access.keys import hidden_from
from gateway.audit.trail import Event
from gateway.core.errors import NotFoundError
from gateway.core.labels import WITHHELD
from gateway.services import services
from gateway.store import consents
from gateway.store.parameters import ServedType, registry
from gateway.store.visibility import Sight

door = Blueprint("serve", __name__, url_prefix="/fhir")
OPEN: Final = "serve.metadata"
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_MOST_ENTITIES: Final = 500
_may_read = require("clinic", "reader", "admin")


@dataclass(slots=True)
class Access:
    """What the audit event of this request will say."""

    interaction: str
    entities: dict[tuple[str, str], None] = field(default_factory=dict)
    submission: str = ""
    query: str = ""

    def touch(self, type: str, id: str) -> None:
        """Note a resource that was asked for or shown."""
        if _ID.fullmatch(id) and len(self.entities) < _MOST_ENTITIES:
            self.entities[type, id] = None


@door.before_request
def enter() -> ResponseReturnValue | None:
    """Everything but the CapabilityStatement asks who is calling."""
    if request.endpoint == OPEN:
        return None
    answer = identify()
    if answer is None:
        _may_read()
    return answer


@door.after_request
def witness(answer: Response) -> Response:
    """Each access leaves its audit event, refused ones too; a caller we do not know has none to leave."""
    access, who = g.get("fhir_access"), g.get("caller")
    if isinstance(access, Access) and isinstance(who, Caller):
        services().witness(
            Event(
                action="E" if access.interaction == "search" else "R",
                subtype=access.interaction,
                outcome=_outcome(answer.status_code),
                agent=who.key,
                role=who.role,
                clinic=who.clinic,
                entities=tuple(access.entities),
                submission=access.submission,
                query=access.query,
            )
        )
    return answer


def access(interaction: str) -> Access:
    """Begin the account of this request."""
    g.fhir_access = Access(interaction)
    begun: Access = g.fhir_access
    return begun


def view() -> Sight:
    """What the caller sees: a clinic its own, a reader what bears no label that its key does not name, an admin all."""
    who = caller()
    if who.role == "reader":
        hidden = hidden_from(who.sees)
        rare = hidden != frozenset({WITHHELD}) or services().store.read(consents.are_withdrawn)
        return hidden if rare else frozenset()
    return who.clinic if who.role == "clinic" else None


def served(type: str) -> ServedType:
    """The type as we serve it. Raises NotFoundError."""
    found = registry().get(type)
    if found is None:
        raise NotFoundError
    return found


def base() -> str:
    """The address that all our FHIR addresses begin with; never the one a request claims."""
    return f"{services().settings.base_url}/fhir/"


def _outcome(status: int) -> str:
    """FHIR audit outcome: success, minor failure, serious failure."""
    if status < 400:
        return "0"
    return "8" if status in (401, 403) else "4"
