"""/admin/cases: the board of cases, a column for each state that there is."""

from flask.typing import ResponseReturnValue

from gateway.admin.door import door, show
from gateway.services import services
from gateway.store import cases, traffic
from gateway.store.cases import Case

MOST = 500


@door.get("/cases")
def board() -> ResponseReturnValue:
    """The newest cases by state; numbers only, no names."""
    store = services().store
    found = store.read(lambda connection: cases.listing(connection, limit=MOST))
    counts = store.read(traffic.cases)
    columns: dict[str, list[Case]] = {}
    for case in found:
        columns.setdefault(case.state, []).append(case)
    return show("cases.html", {"counts": counts, "columns": columns})
