"""gateway/translate/compiler.py, with its tables and targets: what a row says, and what the ledger then says of it."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.core.errors import MappingTableError, NoMappingError
from gateway.core.ledger import State, counts
from gateway.core.submission import Sender
from gateway.parse.jsontree import Source, reader
from gateway.translate.converter import NotConvertedError, Primitive, converter
from gateway.translate.mapping import Mapping
from gateway.translate.translation import Translation


@converter("as_text", "toy")
def as_text(node, translation):
    return node.text


@converter("as_refused", "toy")
def as_refused(node, translation):
    node.text  # noqa: B018 - counted as read
    raise NotConvertedError("value-unreadable")


@converter("as_twin", "toy")
def as_twin(node, translation):
    return Primitive(node.text, [{"url": "https://example.test/x", "valueString": "as sent"}])


def translated(tmp_path: Path, rows: str, body: dict, target: str = "Patient", **agreed) -> tuple[Translation, dict]:
    folder = tmp_path / "toy"
    folder.mkdir(exist_ok=True)
    row = f"  - {{make: toy.thing.{target}, from: .}}"
    root = f"map: toy.root.Bundle\nguide: test\nkinds: ['*']\nrows:\n{row}\n---\n"
    (folder / "toy.yaml").write_text(f"{root}map: toy.thing.{target}\nguide: test\nrows:\n{rows}")
    mapping = Mapping("toy", reader, tmp_path)
    mapping.check()
    record = Source("toy:thing", body)
    translation = Translation(record, mapping, sender=Sender(**agreed), scope="")
    translation.make(mapping.root(record.kind)[0], record.root)
    said = {entry.location: entry.state for entry in translation.ledger.close(record.leaves())}
    return translation, said


def test_a_row_maps_a_value_and_the_ledger_names_row_and_element(tmp_path):
    translation, _ = translated(tmp_path, "  - {to: name.family, from: family, as: as_text}", {"family": "Quendler"})
    (patient,) = translation.resources
    assert patient["name"] == [{"family": "Quendler"}]
    (entry,) = translation.ledger.close(translation.record.leaves())
    assert entry.rule == "toy.thing.Patient#1"
    assert entry.path == f"Patient/{patient['id']}.name[0].family"


def test_what_no_row_reads_is_unmapped_and_the_counts_add_up(tmp_path):
    rows = "  - {to: name.family, from: family, as: as_text}\n  - {ignore: set, because: a number of the sender}"
    translation, said = translated(tmp_path, rows, {"family": "Quendler", "set": "1", "pet": "cat"})
    assert said == {"/family": State.MAPPED, "/set": State.IGNORED, "/pet": State.UNMAPPED}
    found = counts(translation.ledger.close(translation.record.leaves()))
    assert found["leaves"] == sum(number for name, number in found.items() if name != "leaves") == 3


def test_a_refusal_is_an_issue_with_its_place_and_the_rest_goes_on(tmp_path):
    rows = "  - {to: birthDate, from: born, as: as_refused}\n  - {to: name.text, from: name, as: as_text}"
    translation, said = translated(tmp_path, rows, {"born": "the day before", "name": "Marta"})
    assert said["/born"] is State.FAILED
    (issue,) = translation.issues
    assert (issue.code, issue.location, issue.path) == ("value-unreadable", "/born", "Patient.birthDate")
    assert translation.resources[0]["name"] == [{"text": "Marta"}]


def test_a_false_condition_leaves_the_value_to_other_rows(tmp_path):
    rows = "  - {to: name.text, from: name, as: as_text, when: kind = person}"
    translation, said = translated(tmp_path, rows, {"name": "Marta", "kind": "place"})
    assert translation.resources == []
    assert said["/name"] is State.NOT_APPLICABLE


def test_a_row_of_a_policys_value_runs_where_that_value_holds(tmp_path):
    rows = (
        "  - {to: name.text, from: n, as: as_text, policy: cancel_request = tag}\n"
        "  - {to: name.family, from: n, as: as_text, policy: cancel_request <> tag}"
    )
    ours, _ = translated(tmp_path, rows, {"n": "Marta"}, policies={"cancel_request": "tag"})
    assert ours.resources[0]["name"] == [{"text": "Marta"}]
    theirs, _ = translated(tmp_path, rows, {"n": "Marta"}, policies={"cancel_request": "immediate"})
    assert theirs.resources[0]["name"] == [{"family": "Marta"}]


def test_a_second_value_for_an_element_that_holds_one_is_told(tmp_path):
    rows = "  - {to: birthDate, from: born, as: as_text}\n  - {to: birthDate, from: again, as: as_text}"
    translation, said = translated(tmp_path, rows, {"born": "1961", "again": "1962"})
    assert translation.resources[0]["birthDate"] == "1961"
    assert said["/again"] is State.FAILED
    assert translation.issues[0].code == "second-value"


def test_a_primitive_keeps_its_extensions_beside_it(tmp_path):
    translation, _ = translated(tmp_path, "  - {to: birthDate, from: born, as: as_twin}", {"born": "1961"})
    assert translation.resources[0]["_birthDate"]["extension"][0]["valueString"] == "as sent"


def test_constants_have_the_types_of_r4(tmp_path):
    rows = (
        "  - {to: active, value: 'true'}\n  - {to: multipleBirthInteger, value: '2'}\n"
        "  - {to: name.text, from: n, as: as_text}"
    )
    translation, _ = translated(tmp_path, rows, {"n": "Marta"})
    assert translation.resources[0]["active"] is True
    assert translation.resources[0]["multipleBirthInteger"] == 2


def test_a_resource_without_any_value_of_the_source_is_not_made(tmp_path):
    translation, _ = translated(tmp_path, "  - {to: active, value: 'true'}", {"other": "x"})
    assert translation.resources == []


def test_ids_follow_the_identifier_and_not_the_place(tmp_path):
    first, _ = translated(tmp_path / "a", "  - {to: identifier.value, from: id, as: as_text}", {"id": "7"})
    second, _ = translated(tmp_path / "b", "  - {to: identifier.value, from: id, as: as_text}", {"x": "1", "id": "7"})
    assert first.resources[0]["id"] == second.resources[0]["id"]


@pytest.fixture(autouse=True)
def folders(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{to: nickname, from: n, as: as_text}", "Patient.nickname is not in R4"),
        ("{to: name.text, from: n, as: shouted}", "there is no converter or map shouted"),
        ("{to: name.text, from: '!', as: as_text}", "! is not a locator of toy"),
        ("{to: name.text, from: n, as: as_text, when: n perhaps}", "'n perhaps' is not a fact"),
        ("{to: name.text, from: n, as: as_text, policy: nk1 = neither}", "'nk1 = neither' is not a value of a policy"),
        ("{to: gender, from: n, as: as_text, through: no-map}", "there is no concept map no-map"),
        ("{make: toy.none.Patient, from: n}", "there is no map toy.none.Patient"),
        ("{to: name.text, to: name.family}", "to stands twice"),
        ("{call: nothing}", "there is no step nothing"),
        ("{ignore: n}", "a row with ignore needs because"),
        ("{to: name.text, fro: n}", "fro: Unknown field."),
    ],
)
def test_a_row_that_cannot_be_is_refused_at_load_with_file_line_and_reason(tmp_path, row, complaint):
    with pytest.raises(MappingTableError) as refused:
        translated(tmp_path, f"  - {row}", {"n": "1"})
    assert refused.value.place.startswith("toy.yaml:10: ")
    assert complaint in refused.value.place


def test_a_kind_without_a_map_is_named_as_such(tmp_path):
    with pytest.raises(NoMappingError):
        Mapping("nothing", reader, tmp_path).root("toy:thing")


def test_decimals_of_a_table_are_exact(tmp_path):
    rows = (
        "  - {to: valueQuantity.value, value: '1.50'}\n  - {to: code.text, from: n, as: as_text}\n"
        "  - {to: status, value: final}"
    )
    translation, _ = translated(tmp_path, rows, {"n": "x"}, "Observation")
    assert translation.resources[0]["valueQuantity"]["value"] == Decimal("1.50")


def test_a_flood_of_values_in_one_list_is_kept_whole(tmp_path):
    aliases = [f"alias {number}" for number in range(600)]
    translation, said = translated(
        tmp_path, "  - {to: name.given, from: given, as: as_text, each: true}", {"given": aliases}
    )
    assert translation.resources[0]["name"] == [{"given": aliases}]
    assert set(said.values()) == {State.MAPPED}
