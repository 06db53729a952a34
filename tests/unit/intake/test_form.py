"""gateway/intake/form.py"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import fhirjson
from gateway.core.errors import MappingTableError
from gateway.intake import form

TODAY = date(2026, 3, 2)
FORM = form.referral_form()
FILLED = {
    "patient.given": "Marta",
    "patient.family": "Quellwein",
    "patient.birth_date": "1961-04-09",
    "question.question": "Is surgery still possible?",
    "question.clinician_family": "Brandauer",
    "diagnosis.diagnosis": "Adenocarcinoma of the colon",
    "treatment.status": "ongoing",
}


def read(**answers):
    return form.read(FILLED | {name.replace("__", "."): text for name, text in answers.items()}, FORM, TODAY)


def test_the_document_holds_what_was_answered_and_nothing_else():
    document, wrong = read(medicines__none="yes")
    assert wrong == {}
    assert document == {
        "form": "second-opinion-referral",
        "version": 1,
        "patient": {"given": "Marta", "family": "Quellwein", "birth_date": "1961-04-09"},
        "question": {"question": "Is surgery still possible?", "clinician_family": "Brandauer"},
        "diagnosis": {"diagnosis": "Adenocarcinoma of the colon"},
        "treatment": {"status": "ongoing"},
        "medicines": {"none": True},
    }


def test_an_empty_form_names_every_field_that_is_needed_and_no_other():
    wrong = form.read({}, FORM, TODAY)[1]
    assert set(wrong) == set(FILLED)


def test_rows_keep_their_order_and_empty_ones_are_left_out():
    answers = {"medicines.medicine.4.name": "B", "medicines.medicine.1.name": "A", "medicines.medicine.2.name": "  "}
    document, _ = form.read(FILLED | answers, FORM, TODAY)
    assert document["medicines"] == {"medicine": [{"name": "A"}, {"name": "B"}]}


def test_a_row_without_its_name_is_told_at_that_row():
    _, wrong = form.read(FILLED | {"medicines.medicine.3.directions": "twice a day"}, FORM, TODAY)
    assert set(wrong) == {"medicines.medicine.3.name"}
    assert form.summary(wrong, FORM) == [("medicines.medicine.3.name", "Medicines, Medicine: This is needed.")]


def test_rows_beyond_those_offered_are_not_taken():
    document, _ = form.read(FILLED | {"medicines.medicine.20.name": "A"}, FORM, TODAY)
    assert "medicines" not in document


def test_the_lines_of_a_long_answer_are_kept_and_written_in_one_way():
    assert (
        read(question__question="First line\r\n\r\nthird line")[0]["question"]["question"] == "First line\n\nthird line"
    )


@pytest.mark.parametrize(
    "sent", ["1961", "1961-04", "09/04/1961", "1961-13-01", "1961-02-29", "2026-03-03", "١٩٦١-٠٤-٠٩"]
)
def test_a_birth_date_is_a_whole_day_of_the_calendar_that_has_been(sent):
    assert set(read(patient__birth_date=sent)[1]) == {"patient.birth_date"}


@pytest.mark.parametrize("sent", ["2025", "2025-11", "2025-11-03"])
def test_a_diagnosis_is_dated_as_well_as_it_is_known(sent):
    assert read(diagnosis__diagnosed_on=sent)[0]["diagnosis"]["diagnosed_on"] == sent


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("patient__sex", "f"),
        ("patient__email", "no address"),
        ("question__clinician_npi", "12345"),
        ("question__pathology_review", "maybe"),
        ("question__question", "Why?"),
        ("question__question", "x" * 10_001),
        ("patient__family", "x" * 121),
        ("wishes__party_size", "twenty"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_not_repeated(name, sent):
    _, wrong = read(**{name: sent})
    assert set(wrong) == {name.replace("__", ".")}
    assert sent not in " ".join(wrong.values()) or sent == "f"


@given(st.dictionaries(st.sampled_from([*FILLED, "patient.email", "medicines.medicine.0.name", "x"]), st.text()))
def test_whatever_is_typed_the_document_can_be_written_and_read(answers):
    document, _ = form.read(answers, FORM, TODAY)
    assert fhirjson.read(fhirjson.write(document)) == document


def test_as_many_rows_are_shown_as_the_table_says_and_all_that_are_filled():
    medicines = next(field for section in FORM.sections for field in section.fields if field.name == "medicine")
    assert form.rows_shown({}, medicines, "medicines.medicine") == 3
    assert form.rows_shown({"medicines.medicine.7.name": "A"}, medicines, "medicines.medicine") == 8


@pytest.mark.parametrize("text", ["form: [", "form: x", "form: x\nversion: 1\nsections: [{name: A}]"])
def test_a_table_that_is_none_is_refused(tmp_path, text):
    table = tmp_path / "form.yaml"
    table.write_text(text)
    with pytest.raises(MappingTableError):
        form.referral_form(table)
