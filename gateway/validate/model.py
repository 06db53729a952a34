"""A second opinion: what the R4B models of fhir.resources say against a resource."""

from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.core.issue import Issue, Severity
from gateway.validate.scope import Place


def disagreements(resource: dict[str, Any]) -> list[Issue]:
    """What the model of its type does not accept: a warning, since the models refuse some things that R4 allows."""
    name = str(resource["resourceType"])
    try:
        model = get_fhir_model_class(name)
    except ValueError:  # R4B lacks a few types of R4
        return [Issue(Severity.INFORMATION, "not-checked", name, "model.not-checked")]
    try:
        model.model_validate(resource)
    except ValidationError as refused:
        errors = refused.errors(include_input=False, include_context=False, include_url=False)
        return [
            Issue(Severity.WARNING, "model-disagrees", _path(name, one["loc"]), f"model.{one['type']}")
            for one in errors
        ]
    return []


def _path(name: str, steps: tuple[int | str, ...]) -> str:
    place = Place(None, name)
    for step in steps:
        place = Place(place, step) if isinstance(step, str) else Place(place.above, place.name, step)
    return str(place)
