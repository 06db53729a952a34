"""gateway/admin/faults.py"""

from gateway.admin.faults import faults
from gateway.store.inbox import Line

AT = "2026-03-01T10:00:00.000000Z"


def line(location, trouble="unmapped", rule="", system="", code="", state="open"):
    return Line(
        signature=f"{location}{trouble}{rule}{code}", severity="warning", trouble=trouble, rule=rule, location=location,
        path="", system=system, code=code, format="hl7v2", first_seen=AT, last_seen=AT, state=state, owner=None,
        reason=None, submissions=1, patients=1, blocked=0, effect="not carried on",
    )  # fmt: skip


def places(*lines):
    return [[one.location for one in fault] for fault in faults(lines)]


def test_a_segment_that_no_row_reads_is_one_fault_and_another_segment_another():
    assert places(line("ZLK-1"), line("OBR-2.1"), line("ZLK-2"), line("OBR-2.2")) == [
        ["ZLK-1", "ZLK-2"],
        ["OBR-2.1", "OBR-2.2"],
    ]


def test_an_element_with_its_attributes_is_one_fault_and_so_is_a_row_of_cells():
    act, other = "/ClinicalDocument/entry/act/", "/ClinicalDocument/entry/observation/"
    assert places(line(f"{act}code/@code"), line(f"{act}id/@root"), line(f"{other}id/@root")) == [
        [f"{act}code/@code", f"{act}id/@root"],
        [f"{other}id/@root"],
    ]
    assert places(line("row / House colour"), line("row / Shoe size")) == [["row / House colour", "row / Shoe size"]]


def test_one_trouble_of_many_rows_of_our_tables_is_one_fault_and_two_constraints_are_two():
    rows = [line(f"{segment}-3", "identifier-system-unknown", f"hl7v2.{segment}.X#1") for segment in ("ORC", "OBR")]
    assert places(*rows) == [["ORC-3", "OBR-3"]]
    broken = [line("", "invariant-broken", rule) for rule in ("so-ref-3", "dom-6")]
    assert len(faults(broken)) == 2


def test_two_codes_are_two_faults_and_what_a_person_decided_stays_apart():
    codes = [line("RXE-2", "code-untranslated", system="99RB", code=code) for code in ("A", "B")]
    assert len(faults(codes)) == 2
    assert len(faults([line("ZLK-1"), line("ZLK-2", state="fixing")])) == 2
