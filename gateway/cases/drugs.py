"""A patient's drugs as a case sees them: which are taken or planned."""

from typing import Final

from gateway.cases.evidence import Resource

# A request in one of these is past, or was never meant.
_OVER: Final = frozenset({"completed", "stopped", "cancelled", "entered-in-error"})


def is_current(request: Resource) -> bool:
    """Whether a drug is taken or planned, as far as its status says."""
    return request.get("status") not in _OVER and not request.get("doNotPerform")
