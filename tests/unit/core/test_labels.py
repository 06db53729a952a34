"""gateway/core/labels.py"""

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.labels import CONFIDENTIALITY, GUARDED, LEVELS, high_water, label, labelled, labels_of, united

codes = st.sampled_from([*LEVELS, *GUARDED])
resources = st.builds(
    lambda found: {"resourceType": "Basic", "meta": {"security": [label(one) for one in found]}}, st.lists(codes)
)


def levels(found):
    return [one["code"] for one in found if one["system"] == CONFIDENTIALITY]


@given(st.lists(resources, max_size=6))
def test_a_whole_bears_one_level_the_highest_and_every_other_label_of_its_parts(parts):
    whole = high_water(parts)
    said = [one for part in parts for one in labels_of(part)]
    assert levels(whole) == sorted(levels(said), key=LEVELS.index)[-1:]
    others = {one["code"] for one in said} - set(LEVELS)
    assert sorted(one["code"] for one in whole if one["code"] not in LEVELS) == sorted(others)


@given(resources, st.lists(codes))
def test_labels_are_added_once_and_none_is_taken_away(resource, more):
    made = labelled(resource, map(label, more))
    assert labelled(made, map(label, more)) is made
    assert {one["code"] for one in labels_of(resource)} - set(LEVELS) <= {one["code"] for one in labels_of(made)}


def test_what_nobody_labelled_stays_as_it_is():
    resource = {"resourceType": "Patient", "id": "p"}
    assert labelled(resource, []) is resource
    assert united([]) == []
