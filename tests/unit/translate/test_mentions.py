"""gateway/translate/mentions.py: one id told twice, what the two say together and what they contradict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.ledger import State
from gateway.core.submission import Sender
from gateway.parse.jsontree import Source, reader
from gateway.translate.mapping import Mapping
from gateway.translate.mentions import ABSENT, contradictions, unite
from gateway.translate.translation import Translation
from tests.unit.translate.test_compiler import as_text  # noqa: F401 (registers the converter of these tables)

ROWS = {
    "Practitioner": "  - {to: name.text, from: name, as: as_text}\n  - {to: birthDate, from: born, as: as_text}",
    "Encounter": "  - {to: status, from: state, as: as_text}\n  - {to: period.start, from: start, as: as_text}",
}


def told(tmp_path, type: str, *mentions: dict) -> tuple[Translation, dict[str, State]]:
    """Each mention made by a map that knows it by its number."""
    rows = "  - {to: identifier.value, from: number, as: as_text}\n" + ROWS[type]
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "toy.yaml").write_text(
        f"map: toy.root.Bundle\nguide: test\nkinds: ['*']\nrows:\n"
        f"  - {{make: toy.one.{type}, from: one, each: true}}\n---\n"
        f"map: toy.one.{type}\nguide: test\nrows:\n{rows}\n"
    )
    record = Source("toy:thing", {"one": list(mentions)})
    translation = Translation(record, Mapping("toy", reader, tmp_path), sender=Sender(), scope="")
    translation.make("toy.root.Bundle", record.root)
    return translation, {one.location: one.state for one in translation.ledger.close(record.leaves())}


def test_a_person_told_otherwise_keeps_the_first_value_and_the_other_is_said_to_be_lost(tmp_path):
    first, second = {"number": "7", "born": "1950-01-02"}, {"number": "7", "born": "1951-01-02", "name": "Ilse"}
    translation, said = told(tmp_path, "Practitioner", first, second)
    (person,) = translation.resources
    assert (person["birthDate"], person["name"]) == ("1950-01-02", [{"text": "Ilse"}])
    assert (said["/one/1/born"], said["/one/1/name"]) == (State.FAILED, State.MAPPED)
    (issue,) = translation.issues
    assert (issue.code, issue.path) == ("second-value", "Practitioner.birthDate")


def test_two_visits_under_one_number_stay_two_and_a_third_mention_finds_its_own(tmp_path):
    may, june = ({"number": "v", "state": "finished", "start": day} for day in ("2026-05-01", "2026-06-01"))
    translation, said = told(tmp_path, "Encounter", may, june, june, {"number": "v", "state": "finished"})
    assert [one["period"]["start"] for one in translation.resources] == ["2026-05-01", "2026-06-01"]
    assert [issue.code for issue in translation.issues] == ["id-reused"]
    assert set(said.values()) == {State.MAPPED}


def test_a_number_that_names_hundreds_of_visits_loses_none_of_them(tmp_path):
    starts = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    translation, said = told(tmp_path, "Encounter", *({"number": "v", "start": start} for start in starts))
    assert [one["period"]["start"] for one in translation.resources] == starts
    assert len({one["id"] for one in translation.resources}) == len(starts)
    assert set(said.values()) == {State.MAPPED}


CONDITION = {"resourceType": "Condition", "code": {"text": "Colon cancer"}}
REFUTED = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
SECTIONS = [{"category": [{"text": "problem list"}]}, {"category": [{"text": "visit"}]}]


def test_what_dresses_a_statement_adds_up():
    held, other = ({**CONDITION, **one} for one in SECTIONS)
    assert contradictions(held, other) == []
    assert unite(held, other, []) == set()
    assert held["category"] == [{"text": "problem list"}, {"text": "visit"}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CONDITION, {**CONDITION, **REFUTED}),
        ({"resourceType": "MedicationRequest", "status": "active"},
         {"resourceType": "MedicationRequest", "status": "active", "doNotPerform": True}),
        ({"resourceType": "Patient", "deceasedBoolean": False},
         {"resourceType": "Patient", "deceasedDateTime": "2026-01-01"}),
        ({"resourceType": "MedicationRequest", "dosageInstruction": [{"text": "one a day"}]},
         {"resourceType": "MedicationRequest", "dosageInstruction": [{"text": "two a day"}]}),
    ],
)  # fmt: skip
def test_what_turns_or_changes_the_meaning_contradicts_in_either_order(one, other):
    assert contradictions(one, other)
    assert contradictions(other, one)


def test_a_recorded_absence_gives_way_to_what_is_told():
    held = {"resourceType": "Encounter", "status": "unknown", "class": {"extension": [{"url": ABSENT}]}}
    told = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    assert contradictions(held, told) == []
    unite(held, told, [])
    assert held == told


PERSON = st.fixed_dictionaries(
    {"resourceType": st.just("Practitioner")},
    optional={
        "gender": st.sampled_from(["male", "female", "unknown"]),
        "birthDate": st.sampled_from(["1950", "1951"]),
        "name": st.lists(st.sampled_from([{"text": "A"}, {"text": "B"}, {"text": "A", "family": "A"}]), max_size=2),
    },
)


@given(held=PERSON, other=PERSON)
def test_whatever_is_not_said_to_be_lost_stands_in_the_united_resource(held, other):
    before = {name: value for name, value in held.items() if value != "unknown"}
    lost = unite(held, other, contradictions(held, other))
    for said in (before, other):
        for name, value in said.items():
            if isinstance(value, list):
                assert all(any(one.items() <= there.items() for there in held[name]) for one in value)
            elif value != "unknown" and (said is before or name not in lost):
                assert held[name] == value
