"""gateway/validate/profile.py, tree.py, slicing.py and extensions.py, with profiles made for the purpose."""

import pytest

from gateway.core.issue import Severity
from gateway.validate.definitions import Library, core_plan
from gateway.validate.judge import Judge

CORE = "http://hl7.org/fhir/StructureDefinition/"
URL = "https://a.example/StructureDefinition/"


def profile(name, type, *elements, base=None, **more):
    return {
        "resourceType": "StructureDefinition",
        "url": URL + name,
        "type": type,
        "derivation": "constraint",
        "baseDefinition": base or CORE + type,
        "differential": {"element": [{"path": type}, *elements]},
        **more,
    }


def element(id, **said):
    path = ".".join(step.partition(":")[0] for step in id.split("."))
    return {"id": id, "path": path, **said}


def errors(resource, *definitions, profile="it"):
    judge = Judge(Library(definitions, core_plan()))
    return {(i.code, i.path) for i in judge.judge(resource, [URL + profile]) if i.severity is Severity.ERROR}


def observation(**more):
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


SLICED = profile(
    "it",
    "Observation",
    element(
        "Observation.category", slicing={"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "closed"}
    ),
    element(
        "Observation.category:lab",
        sliceName="lab",
        min=1,
        max="1",
        patternCodeableConcept={"coding": [{"system": "urn:c", "code": "lab"}]},
    ),
    element(
        "Observation.category:other",
        sliceName="other",
        max="1",
        patternCodeableConcept={"coding": [{"system": "urn:c", "code": "other"}]},
    ),
)
TYPED = profile(
    "it",
    "Observation",
    element("Observation.value[x]", min=1, type=[{"code": "Quantity"}, {"code": "string"}]),
    element("Observation.value[x]:valueQuantity", sliceName="valueQuantity"),
    element("Observation.value[x]:valueQuantity.code", min=1),
)


def category(*codes):
    return [{"coding": [{"system": "urn:c", "code": code}]} for code in codes]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["lab"], set()),
        (["lab", "other"], set()),
        (["other"], {("slice-missing", "Observation.category")}),
        (["lab", "lab"], {("slice-repeated", "Observation.category")}),
        (["lab", "third"], {("slice-unknown", "Observation.category[1]")}),
    ],
)
def test_slices_are_told_apart_counted_and_closed(codes, expected):
    assert errors(observation(category=category(*codes)), SLICED) == expected


def slices(**slicing):
    """The slices `lab`, `other` and, if loose, one for both, of the category, told apart by their coding."""
    said = {"discriminator": [{"type": "value", "path": "coding.system"}, {"type": "value", "path": "coding.code"}]}
    parts = [("lab", "urn:c", "lab"), ("other", "urn:c", "other"), ("either", "urn:c", None)]
    rows = [
        (element(f"Observation.category:{name}.coding.{key}", **{fixed: value}))
        for name, system, code in parts[: 3 if slicing.pop("loose", False) else 2]
        for key, fixed, value in (("system", "fixedUri", system), ("code", "fixedCode", code))
        if value
    ]
    return profile("it", "Observation", element("Observation.category", slicing=said | slicing), *rows)


@pytest.mark.parametrize(
    ("slicing", "codes", "expected"),
    [
        ({"rules": "open"}, ["other", "x", "lab"], set()),
        ({"rules": "open", "ordered": True}, ["lab", "lab", "other"], set()),
        ({"rules": "open", "ordered": True}, ["other", "lab"], {("slice-order", "Observation.category[1]")}),
        ({"rules": "openAtEnd"}, ["lab", "other", "x"], set()),
        ({"rules": "openAtEnd"}, ["lab", "x", "other"], {("slice-order", "Observation.category[2]")}),
        ({"rules": "open", "loose": True}, ["x", "lab"], {("slice-ambiguous", "Observation.category[1]")}),
    ],
)
def test_a_repetition_fits_one_slice_and_stands_where_the_profile_wants_it(slicing, codes, expected):
    assert errors(observation(category=category(*codes)), slices(**slicing)) == expected


def test_a_slice_of_a_slice_may_fit_with_it():
    lab = {"sliceName": "lab", "patternCodeableConcept": {"coding": [{"system": "urn:c"}]}}
    urgent = {"sliceName": "lab/urgent", "patternCodeableConcept": {"coding": [{"system": "urn:c", "code": "urgent"}]}}
    said = {"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "closed"}
    it = profile(
        "it",
        "Observation",
        element("Observation.category", slicing=said),
        element("Observation.category:lab", **lab),
        element("Observation.category:lab/urgent", **urgent),
    )
    assert errors(observation(category=category("urgent")), it) == set()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueString": "x"}, set()),
        ({"valueQuantity": {"value": 1, "system": "urn:u", "code": "g"}}, set()),
        ({"valueQuantity": {"value": 1}}, {("element-missing", "Observation.valueQuantity.code")}),
        ({"valueBoolean": True}, {("type-not-allowed", "Observation.valueBoolean")}),
        ({}, {("element-missing", "Observation.value[x]")}),
    ],
)
def test_a_choice_is_narrowed_and_sliced_by_type(value, expected):
    assert errors(observation(**value), TYPED) == expected


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"fixedCode": "amended"}, "value-fixed"),
        ({"patternCode": "amended"}, "value-pattern"),
        ({"maxLength": 3}, "value-too-long"),
        ({"binding": {"strength": "required", "valueSet": "urn:set"}}, "code-not-in-value-set"),
    ],
)
def test_what_a_profile_says_of_a_value_is_checked(said, code):
    values = {
        "resourceType": "ValueSet",
        "url": "urn:set",
        "compose": {"include": [{"system": "urn:x", "concept": [{"code": "y"}]}]},
    }
    assert errors(observation(), profile("it", "Observation", element("Observation.status", **said)), values) == {
        (code, "Observation.status")
    }


def test_bounds_are_compared_in_the_same_unit_only():
    said = profile(
        "it",
        "Observation",
        element("Observation.valueQuantity", minValueQuantity={"value": 0, "system": "urn:u", "code": "kg"}),
    )
    measured = {"value": -1, "system": "urn:u", "code": "kg"}
    assert errors(observation(valueQuantity=measured), said) == {("value-range", "Observation.valueQuantity")}
    assert errors(observation(valueQuantity=measured | {"code": "g"}), said) == set()


def test_a_profile_on_a_profile_keeps_what_its_base_says():
    base = profile("base", "Observation", element("Observation.subject", min=1))
    it = profile("it", "Observation", element("Observation.effectiveDateTime", min=1), base=URL + "base")
    assert errors(observation(), base, it) == {
        ("element-missing", "Observation.subject"),
        ("element-missing", "Observation.effectiveDateTime"),
    }


def test_a_profile_for_another_type_does_not_fit():
    assert errors({"resourceType": "Patient"}, SLICED) == {("type-not-allowed", "Patient")}


@pytest.mark.parametrize(
    "definitions",
    [
        (),
        (profile("it", "Observation", base=URL + "absent"),),
    ],
)
def test_a_profile_that_is_not_known_is_said_to_be_unchecked(definitions):
    issues = Judge(Library(definitions, core_plan())).judge(observation(), [URL + "it"])
    assert [(one.severity, one.code, one.profile) for one in issues] == [
        (Severity.INFORMATION, "not-checked", URL + "it")
    ]


EXTENSION = profile(
    "ext",
    "Extension",
    element("Extension.value[x]", min=1, type=[{"code": "code"}]),
    kind="complex-type",
    context=[{"type": "element", "expression": "Observation"}, {"type": "element", "expression": "HumanName.family"}],
)


def placed(resource):
    issues = Judge(Library([EXTENSION], core_plan())).judge(resource)
    return {(one.code, one.path) for one in issues if one.severity is Severity.ERROR}


def test_an_extension_stands_where_its_definition_allows_and_holds_what_it_asks_for():
    one = {"url": URL + "ext", "valueCode": "x"}
    assert placed(observation(extension=[one])) == set()
    assert placed({"resourceType": "Patient", "name": [{"family": "x", "_family": {"extension": [one]}}]}) == set()
    assert placed({"resourceType": "Patient", "extension": [one]}) == {("extension-misplaced", "Patient.extension[0]")}
    assert placed(observation(extension=[{"url": URL + "ext", "valueString": "x"}])) == {
        ("type-not-allowed", "Observation.extension[0].valueString")
    }


def test_an_extension_of_fhir_that_fhir_does_not_define_is_a_warning():
    issues = Judge(Library([], core_plan())).judge(observation(extension=[{"url": CORE + "no-such", "valueCode": "x"}]))
    assert [(one.severity, one.code) for one in issues] == [(Severity.WARNING, "extension-unknown")]


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("http://hl7.org/fhir/us/core/StructureDefinition/x", Severity.INFORMATION),
        ("http://hl7.org/fhir/uv/no-such-guide/StructureDefinition/x", Severity.ERROR),
        ("https://a.example/StructureDefinition/x", Severity.ERROR),
    ],
)
def test_an_extension_without_a_definition_is_refused_unless_our_own_profiles_go_along_with_its_guide(url, severity):
    issues = Judge(Library([], core_plan())).judge(observation(extension=[{"url": url, "valueCode": "x"}]))
    assert [one.severity for one in issues] == [severity]


def pointing(**said):
    return profile("it", "Observation", element("Observation.subject", type=[{"code": "Reference", **said}]))


NAMED = profile("named", "Patient", element("Patient.name", min=1))


@pytest.mark.parametrize(
    ("said", "target", "expected"),
    [
        ({"targetProfile": [f"{CORE}Patient"]}, {"resourceType": "Group", "type": "person", "actual": True}, "target"),
        ({"targetProfile": [f"{URL}named"]}, {"resourceType": "Patient"}, "profile"),
        ({"targetProfile": [f"{URL}named"]}, {"resourceType": "Patient", "name": [{"text": "x"}]}, None),
        ({"targetProfile": [f"{URL}unknown"]}, {"resourceType": "Patient"}, None),
        ({"aggregation": ["referenced", "bundled"]}, {"resourceType": "Patient"}, "place"),
        ({"aggregation": ["contained"]}, {"resourceType": "Patient"}, None),
    ],
)
def test_a_profile_says_what_a_reference_may_point_to_and_where_it_stands(said, target, expected):
    resource = observation(subject={"reference": "#t"}, contained=[{"id": "t", **target}])
    found = {code for code, path in errors(resource, pointing(**said), NAMED) if path == "Observation.subject"}
    assert found == ({f"reference-{expected}"} if expected else set())


def test_a_profile_imposes_another_one():
    url = f"{CORE}structuredefinition-imposeProfile"
    imposing = profile("it", "Patient", extension=[{"url": url, "valueCanonical": f"{URL}named"}])
    assert errors({"resourceType": "Patient"}, imposing, NAMED) == {("element-missing", "Patient.name")}


def test_a_profile_that_speaks_of_one_form_of_a_choice_allows_no_other():
    only = profile("it", "Observation", element("Observation.valueQuantity"))
    assert errors(observation(valueString="x"), only) == {("type-not-allowed", "Observation.valueString")}
    assert errors(observation(valueQuantity={"value": 1}), only) == set()
