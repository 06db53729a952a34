"""gateway/route/destination.py"""

from datetime import timedelta

import pytest

from gateway.core.errors import SettingsError
from gateway.route.destination import read_destinations
from gateway.settings import Settings

FILE = """
destinations:
  - {name: home, url: "https://store.example/fhir/", token: s3cret, max_entries: 8}
  - {name: archive, url: "http://127.0.0.1:9000/fhir", give_up_hours: 1.5}
"""


def from_file(tmp_path, text):
    path = tmp_path / "destinations.yaml"
    path.write_text(text)
    return read_destinations(Settings(destinations=path))


def test_without_a_setting_nothing_leaves():
    assert read_destinations(Settings()) == {}


def test_one_address_is_one_destination():
    found = read_destinations(Settings(destination_url="https://store.example/fhir/"))
    assert [(one.name, one.url) for one in found.values()] == [("default", "https://store.example/fhir")]


def test_a_file_names_several_with_what_each_can_do(tmp_path):
    found = from_file(tmp_path, FILE)
    assert (found["home"].max_entries, found["archive"].give_up_after) == (8, timedelta(hours=1.5))
    assert "s3cret" not in repr(found)


X12 = (
    "{sender: SOCENTRE, receiver: CLEARING, provider: A Centre, npi: '1987654321', company: '9000000001', "
    "payers: {HP01: [Harbor]}}"
)


def test_a_clearing_house_is_asked_in_its_own_words(tmp_path):
    row = "{name: clearing, url: 'https://x.example', view: payer, x12: %s}"
    [found] = from_file(tmp_path, f"destinations: [{row % X12}]").values()
    assert (found.x12.usage, found.x12.payer("HARBOR"), found.x12.payer("Other")) == ("P", "HP01", "")


@pytest.mark.parametrize(
    "text",
    [
        f"destinations: [{{name: clearing, url: 'https://x.example', x12: {X12}}}]",
        f"destinations: [{{name: clearing, url: 'https://x.example', view: travel, x12: {X12}}}]",
        f"destinations: [{{name: clearing, url: 'https://x.example', view: payer, x12: {X12.replace('SO', 'S*')}}}]",
        "destinations: [{name: home}]",
        "destinations: [{name: home, url: 'ftp://x/y'}]",
        "destinations: [{name: Home Sweet, url: 'https://x.example'}]",
        "destinations: [{name: home, url: 'https://x.example', speed: fast}]",
        "destinations: [{name: a, url: 'https://x.example'}, {name: a, url: 'https://y.example'}]",
        "destinations: [{name: home, url: 'https://x.example', view: everything}]",
        "destinations: [{name: a, url: 'https://x.example/'}, {name: b, url: 'https://x.example', view: travel}]",
        "destinations: [{name: a, url: 'https://x.example', view: opinion}]",
        "destinations: [{name: a, url: 'https://x.example', for: ['http://hl7.org/fhir/sid/us-npi|1']}]",
        "destinations: [{name: a, url: 'https://x.example', view: opinion, for: [Marsh]}]",
        "destinations: [{name: a, url: 'https://x.example', view: travel, shown: [GDIS]}]",
        "destinations: [{name: a, url: 'https://x.example', view: opinion, for: ['urn:n|1']}, "
        "{name: b, url: 'https://y.example', view: opinion, for: ['urn:n|1']}]",
        "{",
        "[]",
        "",
    ],
)
def test_a_wrong_file_stops_the_start_and_is_named_without_its_content(tmp_path, text):
    with pytest.raises(SettingsError) as refused:
        from_file(tmp_path, text)
    assert refused.value.place.startswith("GATEWAY_DESTINATIONS")
    assert "example" not in refused.value.place


def test_a_doctor_s_opinions_go_where_it_is_agreed_by_number_with_the_labels_that_they_may_bear(tmp_path):
    row = "{name: marsh, url: 'https://m.example', view: opinion, for: ['urn:n|7'], shown: [GDIS]}"
    found = from_file(tmp_path, f"destinations: [{row}]")["marsh"]
    assert (found.recipients, found.shown) == ({"urn:n|7"}, {"GDIS"})
