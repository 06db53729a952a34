"""That the opinion was sent: to whom it goes, whether anything forbids it, and the Communication of each sending."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from gateway.cases.activities import part
from gateway.cases.case import CENTRE, Case, codeable
from gateway.cases.consent import refused
from gateway.cases.evidence import Resource
from gateway.core.labels import HANDLING, POLICY, guarded, high_water, labelled, labels_of
from gateway.core.outcome import BASE

OPINION: Final = "opinion"  # as a `view` of a destination: the opinion and nothing else
ACTIVITY: Final = "opinion-communication"
_NO_DISCLOSURE: Final = HANDLING[0]


def forbidden(document: Resource, consents: Iterable[Resource], day: str, shown: Collection[str] = ()) -> bool:
    """Whether a document may not go out: a label keeps it from its recipient, or the patient says no.

    It goes as a whole or not at all, since a part of an opinion is another opinion.
    """
    labels = {one.get("code") for one in labels_of(document) if one.get("system") == POLICY}
    kept_back = {*guarded(document), *labels.intersection({_NO_DISCLOSURE})}
    return not kept_back <= set(shown) or refused(consents, day)


def communication(
    case: Case, request: Resource, recipient: Resource, how: str, at: str, opinion: Resource | None
) -> dict[str, Any]:
    """The Communication of one sending. `request` is the CommunicationRequest that it fulfils."""
    name = part(ACTIVITY, recipient)
    made: dict[str, Any] = {
        "resourceType": "Communication",
        "id": case.id("Communication", name),
        "identifier": [{"system": f"{BASE}/sid/case-communication", "value": f"{case.number}/{name}"}],
        "basedOn": [{"reference": f"CommunicationRequest/{request['id']}"}],
        "status": "completed",
        "category": [codeable("so-activity", ACTIVITY, "The opinion")],
        "medium": [{"text": how}],
        "subject": request["subject"],
        "sent": at,
        "recipient": [recipient],
        "sender": {"display": CENTRE},
    }
    if opinion is not None:
        made["payload"] = [{"contentReference": {"reference": f"Composition/{opinion['id']}"}}]
    return labelled(made, high_water([request, *([opinion] if opinion is not None else [])]))
