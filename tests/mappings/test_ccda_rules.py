"""tests/fixtures/ccda/rules: one rule of the C-CDA mapping a case, a small document each, and what a reader finds.

A file holds the cases of one subject:

    rule: a negated problem is refuted, which is the test's name
    section: 11450-4                # LOINC; the section's `narrative` and `entry` are put into one frame
    entry: <observation …>{4.4}…    # {4.4} stands for the template id, SNOMED and the like for the OID of a system
    also: [{section: …, entry: …}]  # further sections
    header: <author>…               # after the record target; `patient` stands in it, `body` in place of sections
    document: 57133-1 1.14          # LOINC and template of the document
    expect: {Condition.verificationStatus.coding.code: refuted}
    count: {Condition: 1}
    issues: [offset-missing]        # these there are, and no other warning
    failed: 1                       # leaves that could not be read
    unmapped: 0                     # leaves that no row speaks of
    error: multi-patient            # the document is refused

Paths are those of the sheets of our HL7 v2 messages.
"""

import re
from functools import cache

import pytest
import yaml

from gateway.core import fhirjson
from gateway.core.issue import Severity
from gateway.parse import ccda
from gateway.pipeline import process
from gateway.translate.mapping import installed
from gateway.translate.table import plain
from tests.mappings.hl7v2_fixtures import FOLDER, resources
from tests.mappings.test_hl7v2_fixtures import value

FILES = sorted((FOLDER.parent / "ccda" / "rules").glob("*.yaml"))
CASES = [
    plain(file.name, case)
    for file in FILES
    for case in yaml.compose_all(file.read_text("utf-8"), Loader=yaml.CBaseLoader)
]
FRAME = """<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:sdtc="urn:hl7-org:sdtc">{{{template}}}<id root="1.2.3.4" extension="doc-1"/>
<code code="{code}" codeSystem="LOINC"/><title>Invented</title><effectiveTime value="20260302101500-0500"/>
<recordTarget><patientRole><id root="1.2.3.5" extension="p-1"/>{role}
<patient><name><given>Edda</given><family>Tannwald</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19541108"/>{patient}</patient>
</patientRole></recordTarget>{header}<component>{body}</component></ClinicalDocument>"""
SYSTEMS = {
    "SNOMED": "2.16.840.1.113883.6.96",
    "LOINC": "2.16.840.1.113883.6.1",
    "RXNORM": "2.16.840.1.113883.6.88",
    "ICD10": "2.16.840.1.113883.6.90",
    "CVX": "2.16.840.1.113883.12.292",
    "ACT": "2.16.840.1.113883.5.4",
    "ROLE": "2.16.840.1.113883.5.111",
    "NPI": "2.16.840.1.113883.4.6",
}
CLINICAL = {SYSTEMS[name] for name in ("SNOMED", "LOINC", "RXNORM", "ICD10", "CVX")}
TEMPLATE = re.compile(r"\{([\d.]+)\}")
SYSTEM = re.compile(rf'(codeSystem|root)="({"|".join(SYSTEMS)})"')


def document(case: dict) -> bytes:
    """The frame with what the case says, in the encoding that it names."""
    code, _, template = case.get("document", "34133-9 1.2").partition(" ")
    sections = [case, *case.get("also", [])] if "section" in case else []
    told = f"<structuredBody>{''.join(map(section, sections))}</structuredBody>"
    text = FRAME.format(
        code=code,
        template=template,
        body=case.get("body", told),
        **{n: case.get(n, "") for n in ("role", "patient", "header")},
    )
    text = TEMPLATE.sub(lambda found: f'<templateId root="{_root(found[1])}"/>', text)
    text = SYSTEM.sub(lambda found: f'{found[1]}="{SYSTEMS[found[2]]}"', text)
    for before, after in case.get("instead", {}).items():
        assert before in text, before
        text = text.replace(before, after)
    return text.encode(case.get("encoding", "utf-8"))


def section(case: dict) -> str:
    """A section of the frame."""
    entries = case.get("entry", [])
    inside = "".join(f"<entry>{one}</entry>" for one in ([entries] if isinstance(entries, str) else entries))
    return (
        f'<component><section {case.get("attributes", "")}><code code="{case["section"]}" codeSystem="LOINC"/>'
        f"<title>S</title><text>{case.get('narrative', 'What is told')}</text>{inside}</section></component>"
    )


def _root(short: str) -> str:
    return short if short.count(".") > 4 else f"2.16.840.1.113883.10.20.22.{short}"


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case["rule"])
def told(request):
    """A case and what became of its document."""
    return request.param, process(document(request.param))


def test_a_reader_finds_what_the_rule_says(told):
    case, found = told
    if "error" in case:
        assert found.error.code == case["error"]
        return
    assert {path: value(found, path) for path in case.get("expect", {})} == case.get("expect", {})
    assert {type: str(len(resources(found, type))) for type in case.get("count", {})} == case.get("count", {})
    if "issues" in case:
        warnings = {one.code for one in found.issues if one.severity is Severity.WARNING}
        assert warnings <= set(case["issues"]) <= {one.code for one in found.issues}


def test_the_outcome_is_valid_accounted_for_and_the_same_again(told):
    case, found = told
    if "error" in case:
        return
    assert found.sound, [one for one in found.issues if one.severity in (Severity.ERROR, Severity.FATAL)]
    assert found.counts["failed"] == int(case.get("failed", 0)), [e for e in found.ledger if e.state == "failed"]
    assert found.counts["unmapped"] == int(case.get("unmapped", found.counts["unmapped"]))
    assert found.counts["leaves"] == sum(count for state, count in found.counts.items() if state != "leaves")
    assert found.bundle == process(document(case)).bundle


def test_a_code_or_an_id_that_is_said_to_be_mapped_is_in_what_came_out(told):
    case, found = told
    if "error" in case:
        return
    text = fhirjson.write(found.bundle).decode().lower()
    said = {one.location: one for one in found.ledger if one.state == "mapped" and one.rule not in translating()}
    assert [one for location, sent in worth(case) if (one := said.get(location)) and sent.lower() not in text] == []


def worth(case):
    """Locations and values of clinical codes, and of identifiers that are no URLs."""
    (parsed,) = ccda.parse(document(case))
    values = {leaf[1]: parsed.value(leaf[0]) for leaf in parsed.leaves()}
    for location, sent in values.items():
        of, _, name = location.rpartition("/@")
        clinical = name == "code" and values.get(f"{of}/@codeSystem") in CLINICAL
        if clinical or (name == "extension" and "://" not in sent):
            yield location, sent


@cache
def translating():
    """The rows that put another code in a code's place."""
    tables = installed("ccda", ccda.reader).tables.values()
    return {row.rule for table in tables for row in table.rows if row.through}
