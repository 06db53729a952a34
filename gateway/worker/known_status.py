"""A status that is not told takes nothing back: what is known of a thing stays known."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from gateway.core import fhirjson
from gateway.core.errors import GoneError, NotFoundError
from gateway.store import resources

Resource = dict[str, Any]
_UNTOLD: Final = "unknown"


def with_known_status(connection: Connection, made: Sequence[Resource]) -> list[Resource]:
    """The resources, each whose status is not known with the one that an earlier submission told.

    A question after a referral (REF^I15) or an update of a visit (ADT^A08) says nothing of it.
    """
    return [_known(connection, one) if one.get("status") == _UNTOLD else one for one in made]


def _known(connection: Connection, untold: Resource) -> Resource:
    try:
        held: Resource = fhirjson.read_own(resources.read(connection, untold["resourceType"], untold["id"]).body)
    except (NotFoundError, GoneError):
        return untold
    return {**untold, "status": held["status"]} if "status" in held else untold
