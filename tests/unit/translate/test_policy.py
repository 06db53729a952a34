"""gateway/translate/policy.py"""

import pytest

from gateway.core.errors import MappingTableError
from gateway.core.submission import Sender
from gateway.translate.policy import knows, policies, policy


def test_a_policy_is_the_senders_where_one_is_agreed_and_ours_elsewhere():
    assert policy(Sender(), "cancel_request") == "tag"
    assert policy(Sender(policies={"cancel_request": "immediate"}), "cancel_request") == "immediate"


def test_a_policy_knows_its_default_and_the_other_values_and_no_more():
    assert [knows("cancel_request", value) for value in ("tag", "immediate", "never")] == [True, True, False]
    assert not knows("no_such", "tag")
    assert all(one.default not in one.others for one in policies().values())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("V1: {name: a, default: b, others: []}", "policies.yaml:1: V1: about: Missing data"),
        ("V1: {name: a, default: b, others: c, about: d}", "V1: others: Not a valid list."),
        ("V1: a", "V1: _schema: Invalid input type."),
        (
            "V1: {name: a, default: b, others: [], about: c}\nV2: {name: a, default: b, others: [], about: c}",
            "a stands twice",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path, text, complaint):
    file = tmp_path / "policies.yaml"
    file.write_text(text)
    with pytest.raises(MappingTableError) as refused:
        policies(file)
    assert complaint in str(refused.value)
