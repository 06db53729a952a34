"""mappings/form: no field of the form, and no column of the sheet, that no row reads."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.parse.form import reader
from gateway.pipeline import process
from gateway.translate.mapping import installed

STRUCTURES = Path("mappings/structures")
FORM = yaml.safe_load((STRUCTURES / "referral_form.yaml").read_text())
SHEET = yaml.safe_load((STRUCTURES / "referral_sheet.yaml").read_text())
TYPED = {"text": "Answer", "lines": "First.\nSecond.", "date": "2026-01-02", "yes-no": True}
ODD = {"icd10": "C50.9", "clinician_npi": "1234567893", "email": "a@clinic.example", "party_size": "2"}


def filled(asked: list[dict[str, Any]], choice: int) -> dict[str, Any]:
    """Each field answered; of options the one that `choice` says."""
    found: dict[str, Any] = {}
    for field in asked:
        if field["type"] == "rows":
            found[field["name"]] = [filled(field["columns"], choice)]
        elif field["type"] == "choice":
            found[field["name"]] = field["options"][choice % len(field["options"])]["value"]
        else:
            found[field["name"]] = ODD.get(field["name"], TYPED[field["type"]])
    return found


def convert(body: str) -> Outcome:
    return process(body.encode(), sender=Sender("riverbend"), judge=False)


def lost(outcome: Outcome) -> list[str]:
    return [entry.location for entry in outcome.ledger if entry.state.value not in ("mapped", "ignored")]


@pytest.mark.parametrize("choice", range(13))
def test_every_answer_of_the_form_lands_somewhere(choice):
    sent = {section["name"]: filled(section["fields"], choice) for section in FORM["sections"]}
    outcome = convert(json.dumps({"form": FORM["form"], "version": FORM["version"], **sent}))
    allowed = {"/wishes/caregiver_relation"}  # "other" has no code of ours and stays as text
    allowed |= (
        {"/treatment/intent", "/treatment/summary", "/treatment/status"}
        if sent["treatment"]["status"] == "none"
        else set()
    )
    assert set(lost(outcome)) <= allowed
    assert outcome.error is None


def test_every_column_of_the_sheet_lands_somewhere():
    answers = {
        "birth_date": "2026-01-02", "diagnosed_on": "2026-01-02", "date": "2026-01-02", "started": "2026-01-02",
        "stopped": "2026-01-03", "sex": "F", "icd10": "C50.9", "urgency": "soon", "certainty": "confirmed",
        "interpreter": "yes", "telehealth": "no", "travel": "Y", "relation_to_subscriber": "self",
        "slides_by_post": "yes", "disc_by_post": "no",
        "caregiver_relation": "spouse", "cycle_number": "2", "cycles_planned": "6", "cycle_length": "21 days",
        "cycle_length_days": "21", "line_of_therapy": "1", "stop_reason": "toxicity", "referred_on": "2026-01-02",
    }  # fmt: skip
    cells = []
    for column in SHEET["columns"]:
        name = column["field"].rpartition(".")[2]
        status = {
            "treatment.status": "ongoing",
            "medicines.medicine.status": "active", "medicines.medicine.intent": "curative",
        }.get(column["field"])  # fmt: skip
        cells.append(status or answers.get(name, "Answer"))
    sheet = io.StringIO()
    csv.writer(sheet).writerows([[column["names"][0] for column in SHEET["columns"]], cells])
    outcome = convert(sheet.getvalue())
    assert lost(outcome) == []
    assert len(outcome.ledger) == len(SHEET["columns"])


def test_every_field_of_the_sheet_is_one_of_the_form_or_one_that_only_sheets_have():
    asked = {
        f"{section['name']}.{field['name']}" + (f".{column['name']}" if column else "")
        for section in FORM["sections"]
        for field in section["fields"]
        for column in field.get("columns", [None])
    }
    only_sheets = {
        "patient.name", "patient.middle", "patient.suffix", "patient.work_phone", "patient.address_line_2",
        "question.clinician_name", "question.clinician_fax", "question.clinician_email", "question.facility",
        "question.referred_on",
        *(f"medicines.medicine.{name}" for name in (
            "dose", "strength", "route", "frequency", "rxnorm", "ndc", "stop_reason", "intent", "regimen",
            "cycle_number", "cycles_planned", "cycle_length", "cycle_length_days", "cycle_days", "line_of_therapy",
        )),
    }  # fmt: skip
    assert {column["field"] for column in SHEET["columns"]} - asked == only_sheets


@pytest.mark.parametrize("format", ["form", "fhir"])
def test_the_tables_compile(format):
    installed(format, reader).check()
