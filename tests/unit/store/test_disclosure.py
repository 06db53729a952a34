"""gateway/store/disclosure.py"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.fhirjson import read_own, write
from gateway.store.disclosure import disclosed
from gateway.store.engine import open_store
from tests.ward import condition, keep

SEEN = ("a", "b")
references = st.sampled_from((*SEEN, "x", "y")).flatmap(
    lambda id: st.sampled_from((f"Condition/{id}", f"Condition/{id}/_history/2", f"urn:x:{id}", f"#{id}"))
)
leaves = st.builds(lambda to: {"reference": to, "display": f"says {to}"}, references) | st.text("pq", min_size=1)
nodes = st.recursive(
    leaves,
    lambda below: (
        st.lists(below, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(("focus", "link", "note")), below, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@pytest.fixture
def shown(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/gateway.db")
    keep(store, "riverbend", *(condition(id, "p") for id in SEEN))
    keep(store, "harbor", condition("x", "p"))
    yield lambda body, clinic="riverbend": store.read(lambda connection: disclosed(connection, [body], clinic))[0]
    store.close()


@given(nodes)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_hidden_is_named_and_what_names_nothing_hidden_keeps_its_bytes(shown, node):
    body = write({"resourceType": "Basic", "id": "z", "extension": node})
    left = shown(body)
    assert not any(f"Condition/{id}".encode() in left for id in "xy")
    assert read_own(left)["id"] == "z"
    if not any(f"Condition/{id}".encode() in body for id in "xy"):
        assert left == body
    assert shown(body, None) == body
