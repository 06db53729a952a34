"""Where a row stands that an admin reads of."""

from pathlib import Path

import pytest

from gateway.parse import formats
from gateway.translate import mapping

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("format", sorted({one.tables for one in formats.FORMATS}))
def test_a_row_is_found_in_its_file_and_its_concept_map_is_a_file(format):
    tables = next(one for one in formats.FORMATS if one.tables == format)
    rows = [row for table in mapping.installed(format, tables.reader).tables.values() for row in table.rows]
    assert rows
    for row in rows:
        found = mapping.written(row.rule)
        said = (ROOT / found.file).read_text().splitlines()[found.line - 1]
        assert said.strip().startswith("- ")
        assert not found.concept_map or (row.through in said and (ROOT / found.concept_map).is_file())


@pytest.mark.parametrize("rule", ["hl7v2.PATIENT.Patient#9999", "somebody's overlay#1", "nowhere"])
def test_a_row_of_no_table_of_ours_has_no_place(rule):
    assert mapping.written(rule) is None


def test_a_table_in_the_middle_of_an_edit_says_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "mappings"
    (folder / "sheet").mkdir(parents=True)
    (folder / "sheet" / "one.yaml").write_text("map: [")
    monkeypatch.setattr(mapping, "FOLDER", folder)
    assert mapping.written("sheet.row.Patient#1") is None
