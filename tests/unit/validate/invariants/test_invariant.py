"""gateway/validate/invariants/: what is compiled, what is written by hand, and what cannot be told."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import fhirjson, r4
from gateway.core.issue import Issue, Severity
from gateway.validate import advice, fhirpath, packages
from gateway.validate.fhirpath import Environment, Item
from gateway.validate.invariants import Invariant, of_profile
from gateway.validate.invariants.invariant import compiled
from gateway.validate.invariants.native import NATIVE
from gateway.validate.invariants.proof import PROOFS
from gateway.validate.invariants.table import TABLE, expression_of, expressions, table
from gateway.validate.nodes import each
from gateway.validate.scope import Found, Place, Scope

SHARED = Path(__file__).resolve().parents[5] / "shared"
PLACE = Place(None, "Patient")


def scope_of(resource):
    return Scope(resource, PLACE, Found(resource))


def said(expression, node, type_name="Patient", severity="error"):
    scope = scope_of(node)
    rule = of_profile({"key": "x-1", "severity": severity, "expression": expression}, type_name)
    rule.judge(node, PLACE, scope)
    return scope.found.issues


def test_the_table_is_what_the_core_package_says():
    assert table(packages.definitions(packages.core_package(), "StructureDefinition")) == TABLE.read_bytes()


def test_what_r4_advises_is_what_the_core_package_says():
    assert (
        advice.table(packages.definitions(packages.core_package(), "StructureDefinition")) == advice.TABLE.read_bytes()
    )


def test_every_invariant_of_r4_compiles():
    assert all(fhirpath.compile(expression) for expression in expressions().values())


def test_every_key_of_every_type_has_its_expression():
    for name in r4.resource_types():
        waiting = [name]
        while waiting:
            path = waiting.pop()
            definition = r4.definition(path)
            for key in (*definition.rules, *(key for one in definition.elements.values() for key in one.rules)):
                assert expression_of(key, path), (path, key)
            waiting += [one.type for one in definition.elements.values() if one.type.startswith(f"{path}.")]


@pytest.mark.parametrize("name", ["us.core-6.1.0", "us.core-7.0.0", "us.mcode-4.0.0"])
def test_every_expression_of_a_guide_compiles(name):
    file = SHARED / "definitions" / f"hl7.fhir.{name}.tgz"
    if not file.exists():
        assert not (os.environ.get("GATEWAY_CI") and SHARED.exists())
        pytest.skip(f"{file.name} is not here")
    for found in packages.definitions(file, "StructureDefinition", "SearchParameter"):
        assert fhirpath.compile(found.get("expression") or "true")
        for view in ("snapshot", "differential"):
            for one in each(found, view, "element", "constraint"):
                assert fhirpath.compile(one.get("expression", "true")), one["key"]


def nodes(value, type_name):
    """Every element of a resource with its type."""
    yield value, type_name
    if type(value) is dict:
        inner = value.get("resourceType", type_name) if type_name == "Resource" else type_name
        for key, element in r4.children(inner).items():
            for one in each(value, key):
                yield from nodes(one, element.type)


HELD_BY = {
    "per-1": ("Period",),
    "rng-2": ("Range",),
    "rat-1": ("Ratio",),
    "ref-1": ("Reference",),
    "qty-3": ("Quantity", "Age", "Duration"),
    "ext-1": ("Extension",),
    "txt-1": ("xhtml",),
}
BROKEN = [
    {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Patient", "id": "a", "contained": [{"resourceType": "Patient"}]}],
    },
    {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "a", "name": "x"}]},
    {"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "a", "meta": {"versionId": "1"}}]},
    {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Patient", "id": "a", "meta": {"security": [{"code": "R"}]}}],
    },
    {"resourceType": "Patient", "managingOrganization": {"reference": "#a"}},
    {"resourceType": "Patient", "extension": [{"url": "urn:x"}, {"url": "urn:x", "_valueCode": {"id": "a"}}]},
    {"resourceType": "Patient", "text": {"status": "generated", "div": "<div>no namespace</div>"}},
    {
        "resourceType": "Observation",
        "valueRange": {"low": {"value": 2}, "high": {"value": 1}},
        "effectivePeriod": {"start": "2026-02-02", "end": "2026-02-01"},
    },
    {"resourceType": "Observation", "valueRatio": {"numerator": {"value": 2, "code": "mg"}}},
    {"resourceType": "Questionnaire", "item": [{"linkId": "1", "item": [{"linkId": "2"}]}, {"linkId": "2"}]},
]
SOUND = [
    {
        "resourceType": "Patient",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a person</div>'},
        "contained": [{"resourceType": "Organization", "id": "a", "name": "x"}],
        "extension": [{"url": "urn:x", "valueCode": "y"}],
        "managingOrganization": {"reference": "#a"},
    },
    {
        "resourceType": "Observation",
        "effectivePeriod": {"start": "2026-02-01", "end": "2026-02-02"},
        "valueRange": {"low": {"value": 1}, "high": {"value": 2}},
    },
    {"resourceType": "Observation", "valueRatio": {"numerator": {"value": 2}, "denominator": {"value": 1}}},
    {"resourceType": "Observation", "valueQuantity": {"value": 2, "system": "http://unitsofmeasure.org", "code": "mg"}},
]


@pytest.mark.parametrize("key", sorted(NATIVE.keys() - {"txt-2"}))
def test_what_is_written_by_hand_judges_as_the_expression_does(key):
    files = [*SHARED.glob("corpora/fhir/us-core-examples/*.json"), *SHARED.glob("corpora/fhir/r4-examples/*.json")]
    judged = dict.fromkeys((True, False), 0)
    for resource in [*BROKEN, *SOUND, *(fhirjson.read(one.read_bytes()) for one in files)]:
        if resource["resourceType"] == "Bundle":
            continue  # entries have their own scope
        name = resource["resourceType"]
        wanted = HELD_BY.get(key, (name,))
        for node, type_name in nodes(resource, name):
            if type_name in wanted and (node is resource or wanted != (name,)):
                scope = scope_of(resource)
                by_hand = NATIVE[key].rule(node, scope) is not False
                assert (compiled(expression_of(key, type_name), type_name)(node, scope) is not False) == by_hand
                judged[by_hand] += 1
    assert judged[False]
    assert judged[True]


@pytest.mark.parametrize("key", sorted(key for key, one in NATIVE.items() if one.names))
def test_a_rule_by_hand_is_passed_over_where_its_expression_would_be(key):
    for type_name in HELD_BY.get(key, ("Patient",)):
        assert NATIVE[key].names in fhirpath.unbroken(expression_of(key, type_name), type_name)


def entry(full_url, version=None, **more):
    meta = {"meta": {"versionId": version}} if version else {}
    return {"fullUrl": full_url, "resource": {"resourceType": "Patient", **meta}, **more}


@given(
    st.sampled_from(["batch", "batch-response", "collection", "document", "history", "transaction", "x", None, 1]),
    st.lists(
        st.sampled_from([
            entry("urn:a"), entry("urn:a", "1"), entry("urn:b", "1"), entry("urn:b1"), entry("u/_history/1"),
            entry("urn:c", request={"method": "GET"}), entry("urn:d", response={"status": "200"}),
            entry("urn:e", request=None), entry(1), {}, None, "x", {"_fullUrl": {"id": "a"}},
        ]),
        min_size=1,
    ),
)  # fmt: skip
def test_what_is_shown_to_hold_would_not_be_broken(type, entries):
    bundle = {"resourceType": "Bundle", "type": type, "entry": entries}
    scope = scope_of(bundle)
    for key, holds in PROOFS.items():
        of_entry = key in ("bdl-5", "bdl-8")
        for node in filter(is_node, entries if of_entry else [bundle]):
            rule = compiled(expression_of(key, "Bundle"), "Bundle.entry" if of_entry else "Bundle")
            assert not holds(node) or rule(node, scope) is True, key


def is_node(value):
    return type(value) is dict


@pytest.mark.parametrize("key", sorted(PROOFS))
def test_a_sound_bundle_is_shown_to_hold_without_its_expressions(key):
    sound = {"resourceType": "Bundle", "type": "collection", "entry": [entry("urn:a"), entry("urn:b")]}
    assert PROOFS[key](sound["entry"][0] if key in ("bdl-5", "bdl-8") else sound)


REPEAT = {
    "count": 1, "countMax": 2, "duration": -1, "durationMax": 2, "durationUnit": "h", "frequency": 1, "period": -1,
    "periodMax": 2, "periodUnit": "d", "timeOfDay": ["08:00:00"], "when": ["C"], "offset": 10,
}  # fmt: skip


@given(st.sets(st.sampled_from(sorted(REPEAT))))
def test_a_rule_that_is_passed_over_because_elements_are_absent_would_not_be_broken(names):
    node = {name: REPEAT[name] for name in names}
    context = Item(node, "Timing.repeat")
    for key in r4.definition("Timing.repeat").rules:
        expression = expression_of(key, "Timing.repeat")
        asked = fhirpath.compile(expression).truth((context,), Environment(context, node, node))
        judged = compiled(expression, "Timing.repeat")(node, scope_of(node))
        assert (judged is not False) == (asked is not False), key


def test_a_broken_rule_of_a_profile_has_the_severity_that_the_profile_says():
    assert [(one.severity, one.rule) for one in said("name.exists()", {})] == [(Severity.ERROR, "x-1")]
    assert [one.severity for one in said("name.exists()", {}, severity="warning")] == [Severity.WARNING]
    assert said("name.exists()", {"name": [{"text": "x"}]}) == []


def test_a_rule_that_answers_with_nothing_breaks_nothing():
    assert said("birthDate < @2020-01-01", {"birthDate": "2020"}) == []


def test_a_rule_that_cannot_be_evaluated_is_a_warning_under_its_key():
    for expression in ("name.given.startsWith('x')", "nonsense(", "name.absent()", "%unknown.exists()"):
        issues = said(expression, {"name": [{"given": ["a", "b"]}]})
        assert issues == [Issue(Severity.WARNING, "invariant-failed", "Patient", "x-1")]


def test_a_rule_that_cannot_be_decided_is_told():
    pointer = {"managingOrganization": {"reference": "urn:uuid:4f8d1ff4-4dd3-4c0c-9d64-3a0b4e6d3b1a"}}
    elsewhere = {"managingOrganization": {"reference": "Organization/1"}}
    told = [Issue(Severity.INFORMATION, "not-checked", "Patient", "x-1.not-checked")]
    assert said("managingOrganization.resolve() is Organization", pointer) == told
    assert said("managingOrganization.resolve().name.exists()", elsewhere) == told
    assert said("gender.memberOf('urn:any')", {"gender": "male"}) == told


def test_the_type_in_a_reference_tells_what_it_points_to():
    elsewhere = {"managingOrganization": {"reference": "Organization/1"}}
    assert said("managingOrganization.resolve() is Organization", elsewhere) == []
    assert [one.code for one in said("managingOrganization.resolve() is Patient", elsewhere)] == ["invariant-broken"]


def test_a_rule_of_r4_in_a_snapshot_is_not_judged_twice():
    own = {"key": "dom-2", "severity": "error", "expression": expression_of("dom-2", "Patient")}
    assert of_profile(own, "Patient") is None
    best_practice = {"key": "dom-6", "severity": "warning", "expression": "text.`div`.exists()"}
    source = "http://hl7.org/fhir/StructureDefinition/DomainResource"
    assert of_profile({**best_practice, "source": source}, "Patient") is None


NAMES = (
    "resourceType id url code system value unit start end status type entry resource contained reference extension"
    " _value low high valueQuantity item linkId coding concept element path repeat when"
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.decimals(-9, 9, places=1)
    | st.sampled_from(["", "#a", "2020", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES.split()),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(sorted(expressions().items())))
def test_whatever_stands_in_a_resource_ends_no_judgement(node, rule):
    key, expression = rule
    resource = node if type(node) is dict else {"resourceType": "Bundle", "entry": node}
    for type_name in ("Bundle", "Observation", "Timing.repeat", "Quantity", "string"):
        scope = scope_of(resource)
        Invariant(key, compiled(expression, type_name)).judge(node, PLACE, scope)
        assert len(scope.found.issues) <= 1
