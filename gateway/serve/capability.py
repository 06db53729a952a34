"""GET /metadata: what this door does, made from the registry of parameters and from nothing else."""

from functools import lru_cache
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from gateway import __version__
from gateway.core import fhirjson
from gateway.core.ids import digest
from gateway.core.outcome import BASE
from gateway.serve.answer import formed, presentation
from gateway.serve.door import door
from gateway.services import services
from gateway.store.parameters import Parameter, ServedType, registry

RELEASED: Final = "2026-03-01"
US_CORE_SERVER: Final = "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"
_EXPECTATION: Final = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
_COMBINATION: Final = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination"
_INTERACTIONS: Final = ("read", "vread", "history-instance", "search-type")
_EVERYWHERE: Final = (
    ("_id", "token", "http://hl7.org/fhir/SearchParameter/Resource-id"),
    ("_lastUpdated", "date", "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated"),
)


@door.get("/metadata")
def metadata() -> ResponseReturnValue:
    """The CapabilityStatement, open to everyone."""
    presentation(list(request.args.items(multi=True)))
    body, tag = _statement(services().settings.base_url)
    answer = formed(body)
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.make_conditional(request)
    return answer


def statement(base_url: str) -> dict[str, Any]:
    """The CapabilityStatement of an installation at this address."""
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{BASE}/CapabilityStatement/gateway",
        "version": __version__,
        "name": "SecondOpinionGateway",
        "status": "active",
        "date": RELEASED,
        "kind": "instance",
        "instantiates": [US_CORE_SERVER],
        "software": {"name": "Second Opinion Gateway", "version": __version__},
        "implementation": {
            "description": "The resources that clinics submitted for a second opinion",
            "url": f"{base_url}/fhir",
        },
        "fhirVersion": "4.0.1",
        "format": ["json", "xml"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "Every request but this one carries a key: Authorization: Bearer KEY."},
                "resource": [*(_resource(one) for one in registry().values()), _BINARY],
                "operation": [{"name": "validate", "definition": _VALIDATE}],
            }
        ],
    }


@lru_cache(maxsize=4)
def _statement(base_url: str) -> tuple[bytes, str]:
    body = fhirjson.write(statement(base_url))
    return body, digest(body)[:16]


def _resource(served: ServedType) -> dict[str, Any]:
    found: dict[str, Any] = {"extension": [_combination(rank, names) for rank, names in served.together]}
    if served.rank:
        found["extension"].insert(0, _expected(served.rank))
    if not found["extension"]:
        del found["extension"]
    found["type"] = served.type
    if served.profiles:
        found["supportedProfile"] = list(served.profiles)
    found["interaction"] = [{"code": code} for code in _INTERACTIONS]
    found |= {"versioning": "versioned", "readHistory": True, "updateCreate": False, "conditionalCreate": False}
    found |= {"conditionalUpdate": False, "conditionalDelete": "not-supported", "referencePolicy": ["literal"]}
    if include := _includes(served):
        found["searchInclude"] = include
    if revinclude := _revincludes(served.type):
        found["searchRevInclude"] = revinclude
    everywhere = [{"name": name, "definition": url, "type": kind} for name, kind, url in _EVERYWHERE]
    if served.id_rank:
        everywhere[0] = _ranked(served.id_rank, everywhere[0])
    found["operation"] = [{"name": "lineage", "definition": _LINEAGE}]
    if served.type == "Composition":
        found["operation"].append({"name": "document", "definition": _DOCUMENT})
    found["searchParam"] = [*everywhere, *(_parameter(one) for one in served.parameters.values())]
    return found


def _parameter(parameter: Parameter) -> dict[str, Any]:
    said = {"name": parameter.name, "definition": parameter.definition, "type": parameter.kind}
    return _ranked(parameter.rank, said) if parameter.rank else said


def _includes(served: ServedType) -> list[str]:
    named = [f"{served.type}:{one.name}" for one in served.parameters.values() if one.kind == "reference"]
    asked = [name for _, name in served.include if name.count(":") == 2]
    return [*named, *asked]


def _revincludes(type: str) -> list[str]:
    return [
        f"{other.type}:{one.name}"
        for other in registry().values()
        for one in other.parameters.values()
        if one.points_at(type)
    ]


def _combination(rank: str, names: tuple[str, ...]) -> dict[str, Any]:
    required = [{"url": "required", "valueString": name} for name in names]
    return {"extension": [_expected(rank), *required], "url": _COMBINATION}


def _ranked(rank: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"extension": [_expected(rank)]} | said


def _expected(rank: str) -> dict[str, str]:
    return {"url": _EXPECTATION, "valueCode": rank}


_VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/Resource-validate"
_DOCUMENT: Final = "http://hl7.org/fhir/OperationDefinition/Composition-document"
_LINEAGE: Final = f"{BASE}/OperationDefinition/so-lineage"
_BINARY: Final[dict[str, Any]] = {
    "type": "Binary",
    "interaction": [{"code": "read"}],
    "documentation": "The original of a submission, byte for byte.",
}
