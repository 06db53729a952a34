"""gateway/core/fhirxml.py: written as XML and read again, a resource is the same."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from lxml import etree

from gateway.core import fhirjson, fhirxml
from gateway.core.errors import NotAcceptableError
from gateway.parse.fhir import xml

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "fhir"
EXTENSION = {"url": "urn:x", "valueDecimal": Decimal("1.50")}


def again(resource):
    return xml.body(fhirxml.write(resource), [])


def with_plain_narrative(node):
    """Narratives in their canonical form: XML writes one text in many ways."""
    if isinstance(node, list):
        return [with_plain_narrative(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: etree.tostring(etree.fromstring(one), method="c14n")
        if key == "div" and isinstance(one, str)
        else with_plain_narrative(one)
        for key, one in node.items()
    }


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "id": "p", "active": True, "birthDate": "1980-02-29", "multipleBirthInteger": 2},
        {"resourceType": "Patient", "birthDate": "1980", "_birthDate": {"id": "b", "extension": [EXTENSION]}},
        {"resourceType": "Patient", "_gender": {"extension": [EXTENSION]}},
        {
            "resourceType": "Patient",
            "name": [{"id": "n", "given": ["a", None, "c"], "_given": [None, {"extension": [EXTENSION]}, None]}],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": 'a < b & "c"\n\td'},
            "valueQuantity": {"value": Decimal("1.50")},
        },
        {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]},
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "urn:x", "resource": {"resourceType": "Basic", "code": {"text": "x"}}}],
        },
    ],
)
def test_what_is_written_is_read_as_it_was(resource):
    assert again(resource) == resource


@given(
    some.text(some.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿") | some.sampled_from("\n\r\t"))
)
def test_no_text_is_changed_on_the_way(text):
    resource = {"resourceType": "Patient", "name": [{"text": text}]}
    assert again(resource) == resource


@pytest.mark.parametrize("text", ["\x01", "a\x1f", "\ufffe", "\uffff", "\ud800"])
def test_a_character_that_xml_does_not_have_is_refused_and_never_makes_a_broken_answer(text):
    with pytest.raises(NotAcceptableError):
        fhirxml.write({"resourceType": "Patient", "name": [{"text": text}]})


def test_elements_stand_in_the_order_of_the_definition():
    written = fhirxml.write({"resourceType": "Patient", "birthDate": "1980", "gender": "female", "id": "p"})
    assert [etree.QName(one).localname for one in etree.fromstring(written)] == ["id", "gender", "birthDate"]


def test_an_entity_of_html_is_the_character_that_it_means():
    div = '<div xmlns="http://www.w3.org/1999/xhtml">a&nbsp;&lt; b</div>'
    found = again({"resourceType": "Patient", "text": {"status": "generated", "div": div}})
    assert found["text"]["div"] == div.replace("&nbsp;", "\u00a0")


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Nobody"},
        {"resourceType": "Patient", "x><y": 1},
        {"resourceType": "Patient", "name": [{"nick": 1}]},
    ],
)
def test_a_name_that_r4_does_not_have_is_never_markup(resource):
    with pytest.raises(NotAcceptableError):
        fhirxml.write(resource)


@pytest.mark.parametrize("folder", ["us-core-examples", "r4-examples"])
def test_published_examples_are_the_same_in_xml(folder):
    files = sorted((CORPORA / folder).glob("*.json"))
    if not files:
        assert not (os.environ.get("GATEWAY_CI") and CORPORA.exists())
        pytest.skip(f"the folder of {folder} is not here")
    for file in files:
        resource = fhirjson.read(file.read_bytes())
        assert with_plain_narrative(again(resource)) == with_plain_narrative(resource), file.name
