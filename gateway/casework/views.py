"""Views of cases on their way: to a travel desk, a pharmacy or a payer, whenever what they may see has changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Connection

from gateway import route
from gateway.cases.communication import OPINION
from gateway.cases.evidence import references
from gateway.cases.views import types_of, view_of
from gateway.casework.assembly import Assembled
from gateway.casework.communication import dispatch
from gateway.core import fhirjson
from gateway.core.errors import GoneError, NotFoundError
from gateway.core.outcome import is_test
from gateway.route.destination import Destination
from gateway.route.plan import place
from gateway.store import cases as stored
from gateway.store import deliveries, resources

Resource = dict[str, Any]


def release(
    connection: Connection, opened: Iterable[Assembled], destinations: Mapping[str, Destination], at: str
) -> None:
    """Put the views and the opinions of these cases on their way, once what they rest on has been saved."""
    to = {name: one for name, one in destinations.items() if one.view not in ("", OPINION)}
    for assembled in opened:
        dispatch(connection, assembled, destinations, at)
        if not to:
            continue
        known = [one for one in stored.holdings(connection, assembled.patients) if not is_test(one)]
        for name, destination in to.items():
            _put(connection, assembled, known, name, destination, at)


def _put(
    connection: Connection,
    assembled: Assembled,
    known: Sequence[Resource],
    name: str,
    destination: Destination,
    at: str,
) -> None:
    case, types = assembled.case, types_of(destination.view)
    held = [one for one in known if one["resourceType"] in types]
    part = view_of(destination.view, [*held, *_named(connection, held, types)], case.question)
    submission = resources.submission_of(connection, "ServiceRequest", case.question)
    if not part or not submission:
        return
    words = {"submission": submission, "destination": name, "patient": case.patient}
    for question in route.questions(part) if destination.x12 else ():  # each once, until a person sends it again
        [bundle] = route.plan(question, max_entries=len(question))
        if not deliveries.was_put(connection, bundle, **words):
            deliveries.put(connection, bundles=[bundle], at=at, **words)
    bundles = [] if destination.x12 else route.plan(part, max_entries=destination.max_entries)
    if bundles and not deliveries.were_last(connection, bundles, **words):
        deliveries.put(connection, bundles=bundles, at=at, **words)


def _named(connection: Connection, held: Sequence[Resource], types: Set[str]) -> Iterator[Resource]:
    """What these refer to and is in no patient's record: practitioners, organizations, medications."""
    known = {place(one) for one in held}
    for reference in sorted({one for resource in held for one in references(resource)} - known):
        type, _, id = reference.partition("/")
        if type in types and type != "Patient":
            try:
                yield fhirjson.read_own(resources.read(connection, type, id).body)
            except (NotFoundError, GoneError):
                continue
