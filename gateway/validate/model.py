"""The second opinion: the R4B models of fhir.resources on what we hand on."""

from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.validate.scope import Place, Scope

JUDGED: Final = ("Patient", "CarePlan", "MedicationRequest")


def check(resource: dict[str, Any], place: Place, scope: Scope) -> None:
    """What the model does not accept; asked only about a resource in which we found nothing wrong."""
    model = get_fhir_model_class(str(resource["resourceType"]))
    try:
        model.model_validate(resource)
    except ValidationError as refused:
        for error in refused.errors(include_input=False, include_context=False, include_url=False):
            scope.error("model-disagrees", _place(place, error["loc"]), f"model.{error['type']}")


def _place(place: Place, steps: tuple[int | str, ...]) -> Place:
    for step in steps:
        place = Place(place, step) if isinstance(step, str) else place._replace(at=step)
    return place
