"""gateway/parse/fhir/xml.py: XML and JSON of one resource are one dict."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.core.errors import MalformedMessageError, UnsafeXmlError
from gateway.parse import fhir

FIXTURES = Path("tests/fixtures/fhir")


def body(inside: str, name: str = "Observation") -> dict:
    return fhir.parse(f'<{name} xmlns="http://hl7.org/fhir">{inside}</{name}>'.encode())[0].body


def test_json_and_xml_of_one_bundle_are_one_dict():
    json, xml = (fhir.parse((FIXTURES / f"transaction.{end}").read_bytes())[0] for end in ("json", "xml"))
    assert xml.body == json.body
    assert xml.kind == json.kind == "fhir:Bundle/transaction"
    assert [key for key, *_ in sorted(xml.leaves(), key=str)] == [key for key, *_ in sorted(json.leaves(), key=str)]


@pytest.mark.parametrize(
    ("written", "read"),
    [("1.50", Decimal("1.50")), ("72", 72), ("1e-7", Decimal("1e-7")), ("0.00000000000000000001", Decimal("1e-20"))],
)
def test_a_number_stays_as_it_was_written(written, read):
    found = body(f'<valueQuantity><value value="{written}"/></valueQuantity>')["valueQuantity"]["value"]
    assert found == read
    assert type(found) is type(read)


def test_what_stands_beside_a_primitive_keeps_its_place():
    name = '<name><given value="Maren"/><given id="x"/><given value="Ilse"><extension url="u"/></given></name>'
    assert body(name, "Patient")["name"] == [
        {"given": ["Maren", None, "Ilse"], "_given": [None, {"id": "x"}, {"extension": [{"url": "u"}]}]}
    ]


def test_narrative_stays_word_for_word():
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>a <b>b</b> c<br/>d &amp; e</p></div>'
    assert body(f'<text><status value="generated"/>{div}</text>')["text"]["div"] == div


def test_an_element_of_another_prefix_is_the_same_element():
    sent = b'<f:Patient xmlns:f="http://hl7.org/fhir"><f:gender value="female"/></f:Patient>'
    assert fhir.parse(sent)[0].body == {"resourceType": "Patient", "gender": "female"}


def test_an_unknown_element_keeps_each_of_its_values_for_the_ledger():
    found = body('<mood><colour value="blue"/><colour value="grey"/></mood>')
    assert found["mood"] == {"colour": ["blue", "grey"]}


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b'<Patient xmlns="urn:hl7-org:v3"><gender value="female"/></Patient>', MalformedMessageError),
        (b'<Patient xmlns="http://hl7.org/fhir">stray words</Patient>', MalformedMessageError),
        (b'<Patient xmlns="http://hl7.org/fhir"><gender value="female"/>', MalformedMessageError),
        (b'<!DOCTYPE Patient [<!ENTITY x "y">]><Patient xmlns="http://hl7.org/fhir"/>', UnsafeXmlError),
    ],
)
def test_what_is_no_resource_is_refused(sent, error):
    with pytest.raises(error):
        fhir.parse(sent)
