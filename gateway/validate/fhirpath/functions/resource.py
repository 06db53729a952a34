"""What FHIR adds to FHIRPath."""

from typing import Any, Final

from gateway.core import r4
from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.functions.function import Function, one_item, result, text
from gateway.validate.fhirpath.item import Item, Items, lineage, of_resource, of_value, step
from gateway.validate.fhirpath.operators import single
from gateway.validate.narrative import has_content, is_basic_html

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"


def _extension(focus: Items, env: Environment, url: Items) -> Items:
    wanted = text(url)
    return [
        item for item in step(focus, "extension") if isinstance(item.value, dict) and item.value.get("url") == wanted
    ]


def _has_value(focus: Items, env: Environment) -> bool:
    return len(focus) == 1 and focus[0].value is not None and type(focus[0].value) is not dict


def _value(focus: Items, env: Environment) -> Items:
    found = single(focus)
    return (of_value(found),) if found is not None and _has_value(focus, env) else ()


def _resolve(focus: Items, env: Environment) -> Items:
    found = [env.resolved(item.value) for item in focus]
    return [of_resource(resource) for resource in found if resource is not None]


def _html_checks(focus: Items, env: Environment) -> bool:
    return all(type(item.value) is str and is_basic_html(item.value) and has_content(item.value) for item in focus)


def _member_of(focus: Items, env: Environment, value_set: Items) -> Items:
    item, url = one_item(focus), text(value_set)
    return () if item is None or url is None else result(env.is_member(item, url))


def _conforms_to(focus: Items, env: Environment, profile: Items) -> Items:
    item, url = one_item(focus), text(profile)
    if item is None or url is None:
        return ()
    name = url.removeprefix(_CORE)
    return result(name in lineage(item.type) if r4.definition(name) else env.conforms(item, url))


def _type(focus: Items, env: Environment) -> Items:
    return [Item(_type_info(item), "System.TypeInfo") for item in focus]


def _type_info(item: Item) -> dict[str, Any]:
    namespace, _, name = item.type.rpartition(".") if item.type.startswith("System.") else ("FHIR", "", item.type)
    definition = r4.definition(item.type)
    return {"namespace": namespace, "name": "BackboneElement" if definition and definition.kind == "backbone" else name}


FUNCTIONS: Final = {
    "extension": Function(1, 1, _extension),
    "hasExtension": Function(1, 1, lambda focus, env, url: bool(_extension(focus, env, url)), decides=True),
    "hasValue": Function(0, 0, _has_value, decides=True),
    "getValue": Function(0, 0, _value),
    "resolve": Function(0, 0, _resolve),
    "htmlChecks": Function(0, 0, _html_checks, decides=True),
    "memberOf": Function(1, 1, _member_of),
    "conformsTo": Function(1, 1, _conforms_to),
    "type": Function(0, 0, _type),
}
