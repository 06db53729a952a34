"""gateway/admin/panes: message, document, json_source, table, source"""

from pathlib import Path

import pytest

from gateway.admin.panes.pieces import View
from gateway.admin.panes.source import source
from gateway.core.ledger import Ledger
from gateway.parse import formats

CDA = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Canarysson asked for this -->
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <recordTarget typeCode="RCT"><name use="L"><given>Quetzalia</given> de <family>Canarysson</family></name>
    <id root="2.16.840.1" extension="CN-554433"/></recordTarget>
</ClinicalDocument>
"""
LEDGER = [
    {"location": "/ClinicalDocument/recordTarget/@typeCode", "state": "ignored"},
    {"location": "/ClinicalDocument/recordTarget/name/@use", "state": "mapped", "path": "Patient/p.name[0].use"},
    {"location": "/ClinicalDocument/recordTarget/name/given/text()", "state": "mapped", "path": "Patient/p.name[0]"},
    {"location": "/ClinicalDocument/recordTarget/name/given/following-sibling::text()[1]", "state": "unmapped"},
    {"location": "/ClinicalDocument/recordTarget/name/family/text()", "state": "mapped", "path": "Patient/p.name[0]"},
    {"location": "/ClinicalDocument/recordTarget/id/@root", "state": "mapped", "path": "Patient/p.identifier[0]"},
    {"location": "/ClinicalDocument/recordTarget/id/@extension", "state": "mapped", "path": "Patient/p.identifier[0]"},
]


def text(found):
    return "\n".join("".join(piece.text for piece in line.pieces) for line in found.lines)


def leaves(found):
    return {piece.leaf: piece.text for line in found.lines for piece in line.pieces if piece.leaf >= 0}


def test_each_leaf_of_a_document_stands_at_its_own_place():
    found = source(CDA, "ccda:57133-1", View(LEDGER, revealed=True))
    assert leaves(found) == {
        0: "RCT", 1: "L", 2: "Quetzalia", 3: " de ", 4: "Canarysson", 5: "2.16.840.1", 6: "CN-554433"
    }  # fmt: skip


def test_a_revealed_document_is_shown_as_it_came():
    assert text(source(CDA, "ccda", View(LEDGER, revealed=True))) == CDA.decode().rstrip("\n")


def test_a_masked_document_shows_its_structure_and_no_value():
    shown = text(source(CDA, "ccda", View(LEDGER)))
    assert '<id root="2.16.840.1" extension="‹9›33"/>' in shown
    assert not any(canary in shown for canary in ("Canarysson", "Quetzalia", "CN-554433", "asked"))


def test_a_document_whose_account_does_not_fit_shows_no_leaf_as_another():
    found = source(CDA, "ccda", View(LEDGER[:-1]))
    assert leaves(found) == {}
    assert "Canarysson" not in text(found)


@pytest.mark.parametrize(
    "body",
    [b"<a>Canarysson", b"<Canarysson", b"MSH|^~\\&|Canarysson", b"Canarysson", b'{"a": "Canarysson"', b"a\nCanarysson"],
)
@pytest.mark.parametrize("kind", ["", "ccda", "hl7v2", "fhir", "form", "csv"])
def test_a_broken_source_of_any_kind_is_masked_and_harms_nobody(body, kind):
    found = source(body, kind, View(()))
    cells = [piece.text for _, row in found.sheet.rows for piece in row] if found.sheet else []
    assert "Canarysson" not in text(found) + "".join(cells) or body == b"<Canarysson"


def test_a_message_stands_one_segment_a_line_with_leaves_at_their_bytes():
    body = "MSH|^~\\&|RB\rPID|1||Müller".encode()
    at = body.index(b"M\xc3\xbcller")
    ledger = [{"location": "PID-3", "state": "mapped", "path": "Patient/p.name[0]", "span": [at, at + 7]}]
    found = source(body, "hl7v2:ADT^A08", View(ledger, revealed=True))
    assert text(found) == "MSH|^~\\&|RB\nPID|1||Müller"
    assert leaves(found) == {0: "Müller"}
    assert text(source(body, "hl7v2", View(ledger))) == "MSH|^~\\&|‹2›\nPID|‹1›||M‹6›"


def test_a_json_document_finds_its_leaves_by_pointer():
    ledger = [{"location": "/name/0/family", "state": "mapped", "path": "Patient/p.name[0].family"}]
    found = source(b'{"name":[{"family":"Canarysson","a/b":1.50}]}', "fhir:Patient", View(ledger))
    assert leaves(found) == {0: "C‹10›"}
    assert text(found).splitlines()[3:5] == ['      "family": "C‹10›",', '      "a/b": ‹4›']


def test_a_resource_says_itself_what_its_values_are_also_a_contained_one():
    body = b'{"resourceType":"Patient","id":"canary-77","gender":"female","contained":[{"resourceType":"Medication",'
    body += b'"code":{"coding":[{"code":"C34.1"}]}}]}'
    ledger = [
        {"location": "/id", "state": "ignored"},
        {"location": "/gender", "state": "mapped", "path": "Patient/p.gender"},
        {"location": "/contained/0/code/coding/0/code", "state": "mapped", "path": "Patient/p.contained[0].code"},
    ]
    assert leaves(source(body, "fhir:Patient", View(ledger))) == {0: "‹9›77", 1: "female", 2: "C34.1"}


def test_a_sheet_is_a_table_with_its_own_row_numbers():
    ledger = [{"location": "row 3 / family", "state": "mapped", "path": "Patient/p.name[0]"}]
    found = source(b"mrn;family\n1;Canarysson\n2;Quetzal\n", "csv:referrals", View(ledger))
    assert found.sheet.columns == ("mrn", "family")
    assert [number for number, _ in found.sheet.rows] == [2, 3]
    assert [piece.text for piece in found.sheet.rows[1][1]] == ["‹1›", "Q‹7›"]
    assert found.sheet.rows[1][1][1].leaf == 0


@pytest.mark.parametrize("body", [b"%PDF-1.7 Canarysson", b"PK\x03\x04\x00\x00Canarysson", b"\x00\x01Canarysson"])
def test_what_is_no_text_is_not_shown(body):
    found = source(body, "", View((), revealed=True))
    assert (found.lines, found.sheet) == ((), None)


CORPORA = Path(__file__).parents[4].parent / "shared" / "corpora"


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the folder of public examples is not beside the project")
@pytest.mark.parametrize("part", ["hl7v2/unit-messages", "ccda/document-types", "fhir/us-core-examples"])
def test_every_leaf_of_public_examples_is_found_in_its_source(part):
    for file in sorted(path for path in (CORPORA / part).rglob("*") if path.suffix in (".hl7", ".xml", ".json"))[::25]:
        body = file.read_bytes()
        format = formats.detect(body)
        ledger = [entry.to_json() for record in format.parse(body) for entry in Ledger().close(record.leaves())]
        found = source(body, format.name, View(ledger))
        assert set(leaves(found)) == set(range(len(ledger))), file.name
