"""Searching a type, by address or by form; both are one search."""

from urllib.parse import urlencode

from flask import Response, request
from flask.typing import ResponseReturnValue

from gateway.core.errors import RequestError, UnsupportedFormatError
from gateway.serve.answer import fhir, presentation
from gateway.serve.bundle import link, search_set
from gateway.serve.door import access, base, door, served, view
from gateway.serve.page import PARAMETER, Continuation, seal, unseal
from gateway.serve.subset import Subset
from gateway.services import services
from gateway.store.criteria import Asking
from gateway.store.query import Pair, Query, read_query
from gateway.store.search import Page, search

FORM = "application/x-www-form-urlencoded"


@door.get("/<type>")
def search_by_address(type: str) -> ResponseReturnValue:
    """Search a type by parameters in the address."""
    return _search(served(type).type, list(request.args.items(multi=True)))


@door.post("/<type>/_search")
def search_by_form(type: str) -> ResponseReturnValue:
    """Search a type by parameters in a form, the address, or both."""
    served(type)
    if request.mimetype != FORM and request.content_length:
        raise UnsupportedFormatError
    return _search(type, [*request.args.items(multi=True), *request.form.items(multi=True)])


def _search(type: str, given: list[Pair]) -> Response:
    account = access("search")
    # The audit trail keeps the names of parameters and hashes of their values.
    account.query = f"{type}?{urlencode(given)}"
    pairs = presentation(given)
    continued = _continued(type, pairs)
    query = _query(type, list(continued.parameters) if continued else pairs)
    clinic = view()
    page = services().store.read(
        lambda connection: search(
            connection,
            query,
            clinic=clinic,
            after=continued.after if continued else None,
            total=continued.total if continued else None,
        )
    )
    for one in (*page.matches, *page.included):
        if one.patient:
            account.touch("Patient", one.patient)
    subset = Subset(type, query.summary, query.elements)
    return fhir(
        search_set(page, subset, _links(type, pairs if continued else query.applied, query, page), query.dropped)
    )


def _continued(type: str, pairs: list[Pair]) -> Continuation | None:
    """The page asked for; its address holds the whole search and stands alone."""
    tokens = [value for name, value in pairs if name == PARAMETER]
    if not tokens:
        return None
    if len(pairs) > 1:
        raise RequestError(PARAMETER)
    return unseal(tokens[0], type)


def _query(type: str, pairs: list[Pair]) -> Query:
    asking = Asking(base(), services().clock.now(), view())
    return read_query(type, pairs, asking, lenient=_is_lenient())


def _is_lenient() -> bool:
    wishes = (wish.strip() for line in request.headers.getlist("Prefer") for wish in line.lower().split(","))
    return "handling=lenient" in wishes


def _links(type: str, asked: list[Pair], query: Query, page: Page) -> list[dict[str, str]]:
    links = [link("self", type, asked)]
    if page.next is not None:
        token = seal(Continuation(type, tuple(query.applied), page.next, page.total))
        links.append(link("next", type, page=token))
    return links
