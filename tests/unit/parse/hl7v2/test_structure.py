"""gateway/parse/hl7v2/structure.py"""

import pytest

from gateway.parse.hl7v2 import parse


def tree(kind, *names):
    segments = "\r".join(f"{name}|1" for name in names)
    [message] = parse(f"MSH|^~\\&|A|B|||20260302||{kind}|1|P|2.5.1\r{segments}".encode())
    return shape(message.root)[1:], message


def shape(group):
    return [{part.name: shape(part)} if hasattr(part, "parts") else part.name for part in group.parts]


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        (
            "RDE^O11",
            ["PID", "ORC", "RXO", "RXR", "RXE", "TQ1", "RXR", "OBX", "NTE", "ORC", "RXE"],
            [
                {"PATIENT": ["PID"]},
                {"ORDER": [
                    "ORC", {"ORDERED": ["RXO", "RXR"]}, {"ENCODED": ["RXE", "TQ1", "RXR"]},
                    {"OBSERVATION": ["OBX", "NTE"]},
                ]},
                {"ORDER": ["ORC", {"ENCODED": ["RXE"]}]},
            ],
        ),
        ("RDE^O11", ["RXE"], [{"ORDER": [{"ENCODED": ["RXE"]}]}]),
        (
            "ORU^R01",
            ["PID", "OBR", "OBX", "OBR", "OBX", "NTE"],
            [
                {"PATIENT": ["PID"]},
                {"ORDER": ["OBR", {"OBSERVATION": ["OBX"]}]},
                {"ORDER": ["OBR", {"OBSERVATION": ["OBX", "NTE"]}]},
            ],
        ),
        (
            "OUL^R22",
            ["SPM", "OBR", "ORC", "OBX", "OBR"],
            [{"SPECIMEN": ["SPM", {"ORDER": ["OBR", "ORC", {"OBSERVATION": ["OBX"]}]}, {"ORDER": ["OBR"]}]}],
        ),
        (
            "PPR^PC1",
            ["PID", "PRB", "GOL", "NTE", "ORC", "OBR", "PRB"],
            [
                {"PATIENT": ["PID"]},
                {"PROBLEM": ["PRB", {"GOAL": ["GOL", "NTE", {"ORDER": ["ORC", "OBR"]}]}]},
                {"PROBLEM": ["PRB"]},
            ],
        ),
        (
            "PTR^PCF",
            ["PTH", "PRB", "GOL", "PRB"],
            [{"PATHWAY": ["PTH", {"PROBLEM": ["PRB", {"GOAL": ["GOL"]}]}, {"PROBLEM": ["PRB"]}]}],
        ),
        (
            "REF^I12",
            ["RF1", "PRD", "CTD", "PID", "PR1", "AUT", "PV1", "NTE"],
            [
                "RF1", {"PROVIDER": ["PRD", "CTD"]}, {"PATIENT": ["PID"]},
                {"PROCEDURE": ["PR1", {"AUTHORIZATION": ["AUT"]}]}, {"VISIT": ["PV1"]}, "NTE",
            ],
        ),
    ],
)  # fmt: skip
def test_segments_stand_in_the_groups_of_the_standard(kind, names, expected):
    assert tree(kind, *names)[0] == expected


def test_a_segment_out_of_its_place_joins_the_open_group_and_is_said():
    found, message = tree("ADT^A01", "PID", "TCD", "ZAB")
    assert found == [{"PATIENT": ["PID", "TCD", "ZAB"]}]
    assert [(issue.code, issue.location) for issue in message.issues] == [("segment-order", "TCD")]
