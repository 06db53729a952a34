"""gateway/validate/terminology.py"""

import pytest

from gateway.validate.terminology import FORMS, expand

FRUIT = {
    "url": "urn:fruit",
    "content": "complete",
    "concept": [
        {"code": "fruit", "concept": [{"code": "apple"}, {"code": "berry", "concept": [{"code": "cherry"}]}]},
        {"code": "tomato", "property": [{"code": "subsumedBy", "valueCode": "berry"}]},
        {"code": "carrot", "property": [{"code": "colour", "valueString": "orange"}]},
    ],
}
PART = {"url": "urn:part", "content": "fragment", "concept": [{"code": "one"}]}


def codes(*includes, exclude=(), **others):
    sets = {"vs": {"compose": {"include": list(includes), "exclude": list(exclude)}}, **others}
    systems = {"urn:fruit": FRUIT, "urn:part": PART}
    found = expand("vs", sets.get, systems.get)
    return None if found is None else {code for all_of in found.values() for code in all_of}


def filtered(property, op, value):
    return codes({"system": "urn:fruit", "filter": [{"property": property, "op": op, "value": value}]})


def test_a_whole_system_with_all_its_levels():
    assert codes({"system": "urn:fruit"}) == {"fruit", "apple", "berry", "cherry", "tomato", "carrot"}


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (("concept", "is-a", "berry"), {"berry", "cherry", "tomato"}),
        (("concept", "descendent-of", "berry"), {"cherry", "tomato"}),
        (("colour", "=", "orange"), {"carrot"}),
        (("colour", "exists", "false"), {"fruit", "apple", "berry", "cherry", "tomato"}),
        (("code", "in", "apple,carrot"), {"apple", "carrot"}),
        (("code", "not-in", "apple,carrot,fruit"), {"berry", "cherry", "tomato"}),
    ],
)
def test_filters_keep_what_they_say(filter, expected):
    assert filtered(*filter) == expected


def test_imports_meet_inside_one_include_and_join_across():
    named = {"compose": {"include": [{"system": "urn:fruit", "concept": [{"code": "apple"}, {"code": "berry"}]}]}}
    assert codes({"system": "urn:fruit", "valueSet": ["named"]}, named=named) == {"apple", "berry"}
    assert codes({"valueSet": ["named"]}, {"system": "urn:x", "concept": [{"code": "y"}]}, named=named) == {
        "apple", "berry", "y",
    }  # fmt: skip


def test_an_exclusion_takes_away():
    assert "berry" not in codes(
        {"system": "urn:fruit"}, exclude=[{"system": "urn:fruit", "concept": [{"code": "berry"}]}]
    )


@pytest.mark.parametrize(
    "include",
    [
        {"system": "urn:part"},
        {"system": "urn:absent"},
        {"valueSet": ["absent"]},
        {"valueSet": ["vs"]},
        {"system": "urn:fruit", "filter": [{"property": "code", "op": "regex", "value": "(a+)+$"}]},
        {"system": "urn:fruit", "filter": [{"property": "code", "op": "unheard-of", "value": "x"}]},
    ],
)
def test_what_cannot_be_listed_is_undecided_and_never_empty(include):
    assert codes(include) is None


def test_listed_codes_of_an_unknown_system_are_known():
    assert codes({"system": "urn:absent", "concept": [{"code": "a"}]}) == {"a"}


@pytest.mark.parametrize(
    ("name", "sound", "broken"),
    [
        (
            "all-languages",
            "en en-US de-CH-1996 zh-Hant-TW es-419 sl-rozaj-biske en-GB-oed i-klingon x-own",
            "english en_US e en- en-US-",
        ),
        ("currencies", "USD EUR XTS", "usd US$ EURO"),
        ("mimetypes", "application/pdf image/png text/plain;charset=UTF-8", "pdf application/ /pdf"),
    ],
)
def test_a_value_set_that_no_list_holds_is_known_by_its_form(name, sound, broken):
    form = FORMS[f"http://hl7.org/fhir/ValueSet/{name}"]
    assert [one for one in sound.split() if not form.fullmatch(one)] == []
    assert [one for one in broken.split() if form.fullmatch(one)] == []
