"""gateway/translate/sender.py"""

import os
from pathlib import Path

import pytest

from gateway.core.errors import MappingTableError
from gateway.core.submission import Listener, Sender
from gateway.translate.mapping import SENDERS, version
from gateway.translate.sender import Senders


@pytest.fixture
def write(tmp_path: Path):
    def act(text, name="riverbend"):
        (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path

    return act


def test_the_example_says_everything_that_can_be_agreed_and_is_nobodys():
    example = Senders().find("example.invalid", "EXAMPLE_HIS", "EXAMPLE_EAST")
    assert example == Senders().named("example")
    assert all(getattr(example, name) for name in Sender.__slots__)
    assert example.listener == Listener("mllp.example.org", 2575)
    assert example.policies["cancel_request"] == "immediate"
    assert [file.name for file in SENDERS.iterdir()] == ["example.yaml"]


def test_a_clinic_without_an_overlay_is_known_by_its_id_alone():
    assert Senders().find("riverbend", "HIS", "WEST") == Sender(clinic="riverbend")


def test_the_overlay_that_names_most_of_a_sender_is_its_own(write):
    write("clinic: riverbend\nzone: America/Chicago")
    write("clinic: riverbend\nfacilities: [WEST]\nzone: America/Denver", "west")
    folder = write("clinic: riverbend\napplications: [LAB]\nfacilities: [WEST, EAST]\nzone: America/Boise", "lab")
    senders = Senders(folder)
    asked = [("HIS", "SOUTH"), ("HIS", "WEST"), ("LAB", "WEST"), ("LAB", "EAST"), ("LAB", "SOUTH")]
    found = [senders.find("riverbend", *one).zone.rpartition("/")[2] for one in asked]
    assert found == ["Chicago", "Denver", "Boise", "Boise", "Chicago"]


def test_application_and_facility_tell_the_clinic_where_nothing_else_does(write):
    senders = Senders(write("clinic: riverbend\napplications: [HIS]\nfacilities: [WEST]"))
    assert senders.find("", "HIS", "WEST").clinic == "riverbend"
    assert senders.find("", "HIS", "EAST").clinic == ""
    assert senders.find("harbor", "HIS", "WEST") == Sender(clinic="harbor")


def test_names_that_two_clinics_use_tell_neither(write):
    write("clinic: harbor\napplications: [HIS]\nzone: America/Denver", "harbor")
    senders = Senders(write("clinic: riverbend\napplications: [HIS]\nzone: America/Chicago"))
    assert senders.find("", "HIS", "WEST") == Sender()
    assert [senders.find(clinic, "HIS").zone[8:] for clinic in ("harbor", "riverbend")] == ["Denver", "Chicago"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("zone: UTC", "riverbend.yaml:1: clinic: Missing data for required field."),
        ("clinic: a\nzome: UTC", "riverbend.yaml:2: zome: Unknown field."),
        ("clinic: a\nzone: Mars/Olympus", "riverbend.yaml:2: zone: no zone of the IANA database"),
        ("clinic: a\nzone: ../../etc/passwd", "riverbend.yaml:2: zone: no zone of the IANA database"),
        ("clinic: a\ncharset: klingon", "riverbend.yaml:2: charset: not in HL7 table 0211"),
        ("clinic: a\nnamespaces:\n  MRN: 1.2.3", "riverbend.yaml:3: namespaces: MRN: not a URI"),
        ("clinic: a\npolicies:\n  V99: x", "riverbend.yaml:3: policies: V99: there is no such policy"),
        ("clinic: a\npolicies: {\n  V9: now}", "riverbend.yaml:3: policies: V9: the policy knows tag, immediate"),
        ("clinic: a\ntables:\n  '9999': {}", "riverbend.yaml:3: tables: 9999: there is no such table or concept map"),
        (
            "clinic: a\ntables:\n  '0001':\n    X: F\n    W: FEMALE",
            "riverbend.yaml:5: tables: 0001: W: this code is not in the table",
        ),
        ("clinic: a\nlistener:\n  host: b\n  port: 0", "riverbend.yaml:4: listener: port: Must be"),
        ("clinic: a\nclinic: b", "riverbend.yaml:2: clinic stands twice"),
        ("clinic: a\nmessage_types: [adt]", "riverbend.yaml:2: message_types: 0: String does not match"),
        ("- a", "riverbend.yaml:1: _schema: Invalid input type."),
        ("? [a]\n: b", "riverbend.yaml:1: a key must be one text"),
        ("clinic: [", "riverbend.yaml:2: not well-formed YAML"),
        ("", "riverbend.yaml:1: a file holds one overlay"),
    ],
)
def test_what_is_wrong_in_an_overlay_is_named_with_its_line(write, text, complaint):
    with pytest.raises(MappingTableError) as refused:
        Senders(write(text))
    assert complaint in str(refused.value)


def test_two_overlays_for_one_sender_are_refused(write):
    write("clinic: riverbend\nfacilities: [EAST, WEST]")
    with pytest.raises(MappingTableError, match="another overlay is for this sender too"):
        Senders(write("clinic: riverbend\nfacilities: [WEST]", "west"))


def test_a_file_that_changes_holds_from_the_next_look_on_and_a_wrong_one_changes_nothing(write):
    folder = write("clinic: riverbend\nzone: America/Chicago")
    senders = Senders(folder)
    before = senders.find("riverbend")
    write("clinic: riverbend\nzone: America/Denver")
    after = senders.find("riverbend")
    assert (before.zone, after.zone) == ("America/Chicago", "America/Denver")
    assert version(before) != version(after) != version()
    write("clinic: riverbend\nzone: nowhere")
    assert senders.find("riverbend") == after
    (folder / "harbor.yaml").symlink_to(folder / "nothing")
    assert senders.find("riverbend") == after
    os.unlink(folder / "harbor.yaml")
    os.unlink(folder / "riverbend.yaml")
    assert senders.find("riverbend") == Sender(clinic="riverbend")
