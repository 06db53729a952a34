"""The drug of a MedicationRequest: codes that may stand beside those of the source, and what they leave open."""

import re
from typing import Any, Final

from gateway.core.drug import RXNORM, rxnorm
from gateway.core.ledger import State
from gateway.core.record import Node
from gateway.translate.translation import Translation

_NDC: Final = "http://hl7.org/fhir/sid/ndc"
# Without its hyphens nobody knows which of the three parts of a number of ten digits lacks its nought.
_TEN_DIGITS: Final = re.compile(r"\d{10}", re.ASCII)


def with_codes(
    concept: dict[str, Any], translation: Translation, *, node: Node | None = None, state: State | None = None
) -> dict[str, Any]:
    """A drug's concept with the RxNorm code of its name, after the codings of the source; what is open is told."""
    codings = concept.get("coding", [])
    systems = {one.get("system") for one in codings}
    if any(one.get("system") == _NDC and _TEN_DIGITS.fullmatch(one.get("code", "")) for one in codings):
        translation.warn("ndc-ambiguous", node=node)
    if RXNORM not in systems and (code := rxnorm(concept.get("text", ""))):
        return {**concept, "coding": [*codings, {"system": RXNORM, "code": code, "userSelected": False}]}
    if not systems - {None}:
        translation.warn("drug-uncoded", node=node, state=state)
    return concept
