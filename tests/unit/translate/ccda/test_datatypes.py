"""The datatype converters of gateway/translate/ccda: times, codes, identifiers, names, quantities."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import fhirjson
from gateway.translate.ccda.quantities import decimal, is_ucum
from gateway.translate.ccda.times import day_of
from gateway.translate.converter import NotConvertedError, Primitive

UUID = "db734647-fc99-424c-a864-7e3cda82e703"
SNOMED, ICD = "2.16.840.1.113883.6.96", "2.16.840.1.113883.6.90"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1980", "1980"),
        ("198002", "1980-02"),
        ("19800229", "1980-02-29"),
        ("20260302101530-0500", "2026-03-02T10:15:30-05:00"),
        ("202603021015-0500", "2026-03-02T10:15:00-05:00"),
        ("20260302101530.125+01", "2026-03-02T10:15:30.125+01:00"),
        ("20260302101530Z", "2026-03-02T10:15:30Z"),
    ],
)
def test_the_precision_sent_is_the_precision_kept(bench, sent, kept):
    assert bench.convert("date_time", f'<effectiveTime value="{sent}"/>') == kept


def test_no_zone_is_invented_the_day_stands_and_the_time_as_it_was_sent(bench):
    made = bench.convert("date_time", '<effectiveTime value="20260302101530"/>')
    assert made.value == "2026-03-02"
    assert made.extension[0]["valueString"] == "20260302101530"
    assert bench.issues == ["offset-missing"]


def test_the_zone_agreed_with_a_sender_is_used(bench):
    made = bench.convert("date_time", '<effectiveTime value="20260702101530"/>', zone="America/New_York")
    assert made == "2026-07-02T10:15:30-04:00"


@pytest.mark.parametrize("sent", ["19810229", "202613", "2026030", "20260302101530123", "UNK", "2026-03-02"])
def test_a_time_that_is_none_gives_no_value_and_is_kept_as_words(bench, sent):
    made = bench.convert("date_time", f'<effectiveTime value="{sent}"/>')
    assert isinstance(made, Primitive)
    assert made.value is None
    assert made.extension[0]["valueString"] == sent


def test_a_period_that_ends_before_it_starts_keeps_its_end_as_words(bench):
    made = bench.convert("period", '<effectiveTime><low value="20260302"/><high value="20260228"/></effectiveTime>')
    assert made["start"] == "2026-03-02"
    assert "end" not in made
    assert made["_end"]["extension"][0]["valueString"] == "2026-02-28"


@given(st.dates())
def test_every_day_of_the_calendar_is_read_as_it_is(day):
    assert day_of(day.strftime("%Y%m%d").rjust(8, "0")) == day.isoformat()


def code(sent="C18.7", system=ICD, inside="", more=""):
    return f'<code code="{sent}" codeSystem="{system}" {more}>{inside}</code>'


def test_all_codings_survive_in_their_order(bench):
    inside = (
        '<originalText>Colon cancer</originalText><translation code="363406005" '
        f'codeSystem="{SNOMED}" displayName="Malignant tumour of colon"/>'
    )
    made = bench.convert("codeable_concept", code(inside=inside, more='displayName="Sigmoid" codeSystemName="ICD"'))
    assert [one["code"] for one in made["coding"]] == ["C18.7", "363406005"]
    assert made["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10-cm"
    assert made["text"] == "Colon cancer"
    assert bench.unread == []


def test_a_code_without_value_keeps_its_translations_alone(bench):
    sent = f'<code nullFlavor="OTH"><translation code="1" codeSystem="{SNOMED}"/></code>'
    assert [one["code"] for one in bench.convert("codeable_concept", sent)["coding"]] == ["1"]


def test_original_text_is_found_in_the_narrative(bench):
    sent = code(inside='<originalText><reference value="#a"/></originalText>')
    made = bench.convert("codeable_concept", sent, beside='<text><content ID="a">Cancer of the bowel</content></text>')
    assert made["text"] == "Cancer of the bowel"


def test_a_reference_to_nothing_is_told_and_the_code_stays(bench):
    made = bench.convert("codeable_concept", code(inside='<originalText><reference value="#b"/></originalText>'))
    assert made["coding"][0]["code"] == "C18.7"
    assert bench.issues == ["reference-dangling"]


def test_an_unknown_system_is_an_oid_and_no_system_is_told(bench):
    assert bench.convert("codeable_concept", code(system="1.2.3.4.5"))["coding"][0]["system"] == "urn:oid:1.2.3.4.5"
    made = bench.convert("codeable_concept", code(system="ours"))
    assert "system" not in made["coding"][0]
    assert bench.issues == ["code-system-unknown"]


def test_a_qualifier_stays_beside_the_code_it_narrows(bench):
    inside = f'<qualifier><name code="272741003" codeSystem="{SNOMED}"/><value code="7771000" codeSystem="{SNOMED}"/>'
    made = bench.convert("codeable_concept", code(inside=f"{inside}</qualifier>"))
    [qualifier] = made["extension"]
    assert [part["valueCodeableConcept"]["coding"][0]["code"] for part in qualifier["extension"]] == [
        "272741003",
        "7771000",
    ]


@pytest.mark.parametrize(
    ("sent", "system", "value"),
    [
        ('root="1.2.3" extension="7"', "urn:oid:1.2.3", "7"),
        ('root="2.16.840.1.113883.4.6" extension="7"', "http://hl7.org/fhir/sid/us-npi", "7"),
        (f'root="{UUID.upper()}"', "urn:ietf:rfc:3986", f"urn:uuid:{UUID}"),
        ('root="1.2.3"', "urn:ietf:rfc:3986", "urn:oid:1.2.3"),
        ('root="2.16.840.1.113883.4.873" extension="https://a.example/id/7"', "https://a.example/id", "7"),
    ],
)  # fmt: skip
def test_an_identifier_has_the_system_its_root_names(bench, sent, system, value):
    made = bench.convert("identifier", f"<id {sent}/>")
    assert (made["system"], made["value"]) == (system, value)


@pytest.mark.parametrize("sent", ['nullFlavor="UNK"', 'root="2.16.840.1.113883.4.6"', 'root="2.16.840.1.113883.4.1"'])
def test_a_registry_alone_identifies_nobody(bench, sent):
    assert bench.convert("identifier", f"<id {sent}/>") is None


def test_a_name_in_parts_and_a_name_in_words(bench):
    made = bench.convert(
        "human_name",
        '<name use="L"><prefix>Dr.</prefix><given>Edda</given><given>Ute</given><family>Tannwald</family></name>',
    )
    assert made == {"use": "usual", "prefix": ["Dr."], "given": ["Edda", "Ute"], "family": "Tannwald"}
    assert bench.convert("human_name", "<name>Edda Tannwald</name>") == {"text": "Edda Tannwald"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('value="tel:+1(555)555-0100" use="HP"', {"system": "phone", "value": "+1(555)555-0100", "use": "home"}),
        ('value="mailto:a@b.example" use="WP"', {"system": "email", "value": "a@b.example", "use": "work"}),
        ('value="(555) 555-0100"', {"system": "phone", "value": "(555) 555-0100"}),
        ('value="tel:555-0100" use="MC"', {"system": "phone", "value": "555-0100", "use": "mobile"}),
        ('value="https://a.example/x"', {"system": "url", "value": "https://a.example/x"}),
    ],
)
def test_a_telecom_is_what_its_scheme_says(bench, sent, kept):
    assert bench.convert("contact_point", f"<telecom {sent}/>") == kept


def test_an_organization_has_no_home(bench):
    made = bench.convert("address", '<addr use="HP"><city>Ulm</city></addr>', organization="true")
    assert made == {"city": "Ulm"}


@pytest.mark.parametrize(
    ("sent", "written"), [("1.50", "1.50"), ("0.0", "0.0"), ("500", "500"), ("-3.20", "-3.20"), (".5", "0.5")]
)
def test_digits_are_written_as_they_were_sent(bench, sent, written):
    made = bench.convert("quantity", f'<value value="{sent}" unit="mg"/>')
    assert fhirjson.write(made["value"]).decode() == written
    assert made["code"] == "mg"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_no_number_is_rounded(number):
    assert decimal(str(number)) == number


@pytest.mark.parametrize("sent", ["", "1,5", "12 mg", "NaN", "1e999", "--1", "9" * 60])
def test_what_is_no_number_is_refused(sent):
    with pytest.raises(NotConvertedError):
        decimal(sent)


@pytest.mark.parametrize(
    "unit", ["mg", "mm[Hg]", "10*3/uL", "{tablet}", "mg/dL", "%", "[degF]", "kg/m2", "mL/min/{1.73_m2}", "/min"]
)
def test_units_of_ucum_are_known(unit):
    assert is_ucum(unit)


@pytest.mark.parametrize("unit", ["tablet", "mgs", "mm Hg", "BPM", "K/uL x", "units"])
def test_other_units_are_words_and_no_codes(bench, unit):
    assert bench.convert("quantity", f'<value value="1" unit="{unit}"/>') == {"value": Decimal(1), "unit": unit}


def test_one_bound_is_a_comparison_and_two_are_a_range(bench):
    made = bench.convert("compared_quantity", '<value><high value="5" unit="mg" inclusive="false"/></value>')
    assert made["comparator"] == "<"
    both = bench.convert("range", '<value><low value="0" unit="mg"/><high value="5" unit="mg"/></value>')
    assert (both["low"]["value"], both["high"]["value"]) == (0, 5)
