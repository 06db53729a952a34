"""gateway/parse/tabular: sheets as clinics really write them, and the row named when one cannot be read."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import (
    GatewayError,
    MalformedMessageError,
    MappingTableError,
    TooLargeError,
    UnknownCharsetError,
)
from gateway.parse import tabular
from gateway.parse.tabular import columns, is_sheet
from gateway.parse.tabular.columns import column, meanings

HEADER = "Last name,First name,DOB,Question,Medicine 1,Sig 1,Medicine 2,Sig 2"
ROW = "Tannwald,Edda,1954-11-08,Would surgery help?,Pembrolizumab,200 mg,,"


def sheet(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def refused(body: bytes, error: type[GatewayError] = MalformedMessageError) -> str:
    with pytest.raises(error) as trouble:
        tabular.parse(body)
    return trouble.value.place


def test_a_row_is_the_document_that_the_form_would_have_made():
    (record,) = tabular.parse(sheet(HEADER, ROW))
    assert record.kind == "csv:referrals"
    assert record.body == {
        "patient": {"family": "Tannwald", "given": "Edda", "birth_date": "1954-11-08"},
        "question": {"question": "Would surgery help?"},
        "medicines": {"medicine": [{"name": "Pembrolizumab", "directions": "200 mg"}]},
    }


def test_a_cell_is_found_by_its_row_and_its_header():
    record = tabular.parse(sheet(HEADER, ROW, "Quill,Ana,1960,Why?,A,,B,"))[1]
    assert [location for _, location, *_ in record.leaves()][-2:] == ["row 3 / Medicine 1", "row 3 / Medicine 2"]
    assert record.root.at("medicines.medicine")[1].location == "row 3 / Medicine 2"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Last Name", "patient.family"),
        ("PATIENT_LAST_NAME", "patient.family"),
        ("Patient DOB", "patient.birth_date"),
        ("ICD-10", "diagnosis.icd10"),
        ("icd10_code", "diagnosis.icd10"),
        ("dx_code", "diagnosis.icd10"),
        ("Medication", "medicines.medicine.name"),
        ("med 2 dose", "medicines.medicine.dose"),
        ("Patient's Name", "patient.name"),
        ("Referring MD NPI #", "question.clinician_npi"),
        ("Referring Phone", "question.clinician_phone"),
        ("Referring City", ""),
        ("Primary physician", ""),
        ("Rx 1", "medicines.medicine.name"),
        ("Dose/Directions 1", "medicines.medicine.directions"),
        ("Medical Record #", "patient.record_number"),
        ("Medication 2 Dose", "medicines.medicine.dose"),
        ("drug_dose_3", "medicines.medicine.dose"),
        ("Sig #2", "medicines.medicine.directions"),
        ("City 2", ""),
        ("House colour", ""),
    ],
)
def test_a_header_is_known_by_any_of_its_names(header, field):
    assert column(header).field == field


@pytest.mark.parametrize(("mark"), [",", ";", "\t"])
@pytest.mark.parametrize(
    ("codec", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
def test_delimiters_and_encodings_of_spreadsheets_are_read(mark, codec, bom):
    text = "Name,MRN,Question\r\nÖrsted,77,Warum?\r\n".replace(",", mark)
    (record,) = tabular.parse(bom + text.encode(codec))
    assert record.body["patient"] == {"name": "Örsted", "record_number": "77"}
    assert record.issues == []


def test_an_old_windows_sheet_is_read_and_the_guess_is_said():
    (record,) = tabular.parse("Name,MRN\nÖrsted,77\n".encode("cp1252"))
    assert record.body["patient"]["name"] == "Örsted"
    assert [issue.code for issue in record.issues] == ["encoding-assumed"]


def test_cells_stay_exact_even_when_a_spreadsheet_would_calculate_them():
    (record,) = tabular.parse(b'Name,MRN,Remarks\nA,1,"=HYPERLINK(""http://x"",""y"")"\n')
    assert record.body["wishes"]["remarks"] == '=HYPERLINK("http://x","y")'


def test_a_question_over_two_lines_and_a_quoted_delimiter_are_one_cell():
    (record,) = tabular.parse(b'Name,MRN,Question\nA,1,"First, this.\nThen that."\n')
    assert record.body["question"]["question"] == "First, this.\nThen that."


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ((HEADER, ROW, "Quill,Ana,1960"), "row 3"),
        ((HEADER, ROW + ",extra"), "row 2"),
        ((HEADER, ROW, 'Quill,"Ana,1960,,,,,'), "row 3"),
        (("Name,MRN,name", "A,1,B"), "row 1 / column 3"),
        (("Last name,Surname,MRN", "A,B,1"), "row 1 / column 2"),
        (("Medicine 1,Drug 1,MRN", "A,B,1"), "row 1 / column 2"),
        (("Name,MRN", "A\x07,1"), "row 2 / column 1"),
        (("Name,MRN", "A\0,1"), "row 2 / column 1"),
        ((HEADER,), "row 2"),
        ((HEADER, ",,,,,,,"), "row 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(lines, place):
    assert refused(sheet(*lines)) == place


def test_too_much_is_refused():
    assert refused(sheet("Name,MRN" + ",x" * 1_000, "A"), TooLargeError) == "row 1"
    assert refused(sheet("Name,MRN", *["A,1"] * 10_001), TooLargeError) == "row 10002"
    assert refused(sheet("Name,MRN", "A," + "9" * 131_073)) == "row 2"


def test_bytes_of_no_encoding_are_refused():
    refused(b"Name,MRN\n\x81\x8d,1\n", UnknownCharsetError)


def test_rows_that_add_medicines_to_one_referral_are_one_referral():
    (record,) = tabular.parse(
        sheet("MRN,Name,Question,Medication,Sig", "7,Ana Quill,Why?,A,1 mg", "7,Ana Quill,,B,2 mg", "7,,Why?,C,")
    )
    assert [one["name"] for one in record.body["medicines"]["medicine"]] == ["A", "B", "C"]
    assert "row 4 / Medication" in [location for _, location, *_ in record.leaves()]
    assert sum(1 for _ in record.leaves()) == 12


@pytest.mark.parametrize("second", ["7,Ana Quill,How?,B,", "8,Ana Quill,Why?,B,", ",,,B,", "7,Ana Quill,Why?,,"])
def test_a_row_of_another_patient_or_question_or_of_nobody_stands_alone(second):
    assert len(tabular.parse(sheet("MRN,Name,Question,Medication,Sig", "7,Ana Quill,Why?,A,1 mg", second))) == 2


def test_a_cell_that_says_none_is_an_answer_and_no_medicine():
    (record,) = tabular.parse(sheet("MRN,Name,Medication,Allergies", "7,Ana,None,NKDA"))
    assert record.body["medicines"] == {"none": "None", "no_known_allergies": "NKDA"}


@pytest.mark.parametrize(
    ("dates", "order"),
    [(("03/04/1961", "03/25/1961"), "month-first"), (("03/04/1961", "25/03/1961"), "day-first"), (("03/04/1961",), "")],
)
def test_the_order_of_dates_is_what_the_sheet_proves(dates, order):
    rows = [f"{n},A,{date}" for n, date in enumerate(dates)]
    assert {record.order_of_dates for record in tabular.parse(sheet("MRN,Name,DOB", *rows))} == {order}


@pytest.mark.parametrize("text", ["a,b,c\n1,2,3", "Dear colleague, please see\n", "", "{}"])
def test_other_texts_are_no_sheet(text):
    assert not is_sheet(text)


def test_no_header_means_two_fields(tmp_path, monkeypatch):
    table = tmp_path / "sheet.yaml"
    table.write_text(columns.TABLE.read_text("utf-8").replace("names: [city, town]", "names: [city, Referring MD]"))
    monkeypatch.setattr(columns, "TABLE", table)
    for cached in (columns.meanings, columns._table, columns._words):
        cached.cache_clear()
    try:
        with pytest.raises(MappingTableError):
            meanings()
    finally:
        for cached in (columns.meanings, columns._table, columns._words):
            cached.cache_clear()


@given(st.binary(max_size=400))
def test_any_bytes_give_records_or_a_named_refusal(junk):
    try:
        for record in tabular.parse(b"Name,MRN,Medicine 1\n" + junk):
            for key, *_ in record.leaves():
                record.value(key)
    except GatewayError:
        pass
