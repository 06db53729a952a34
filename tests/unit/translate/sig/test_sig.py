"""gateway/translate/sig: directions gain structure only where all of them is understood, and no number is made up."""

import random
import re
from decimal import Decimal

import pytest

from gateway.translate.sig import read, render
from gateway.translate.sig.grammar import parse
from gateway.translate.sig.words import words
from gateway.validate.definitions import default_library
from gateway.validate.packages import core_available


def repeat(text):
    return read(text).dosage["timing"]["repeat"]


def amounts(text):
    """The amounts of a dosage as `low-high unit`, each after its kind."""
    found = []
    for one in read(text).dosage["doseAndRate"]:
        ends = [one["doseQuantity"]] if "doseQuantity" in one else list(one["doseRange"].values())
        kind = [one["type"]["coding"][0]["code"]] if "type" in one else []
        found.append(" ".join([*kind, "-".join(str(end["value"]) for end in ends), ends[0]["unit"]]))
    return found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Take 1 tablet by mouth daily", ["1 tablet"]),
        ("1-2 tabs PO q4-6h prn pain", ["1-2 tablet"]),
        ("Take two capsules BID.", ["2 capsule"]),
        ("2.5mg po once a week", ["2.5 mg"]),
        ("0.25 mcg PO daily", ["0.25 ug"]),
        ("850 mg/m2 PO BID", ["ordered 850 mg/m2"]),
        ("85 mg/m² (150 mg) IV over 2 hours", ["ordered 85 mg/m2", "calculated 150 mg"]),
        ("150 mg (85 mg/m2) IV", ["ordered 85 mg/m2", "calculated 150 mg"]),
    ],
)
def test_an_amount_is_what_is_written(text, told):
    assert amounts(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("QD", {"frequency": 1, "period": 1, "periodUnit": "d"}),
        ("twice a day", {"frequency": 2, "period": 1, "periodUnit": "d"}),
        ("3 x daily", {"frequency": 3, "period": 1, "periodUnit": "d"}),
        ("2-3 times per day", {"frequency": 2, "frequencyMax": 3, "period": 1, "periodUnit": "d"}),
        ("q8h", {"frequency": 1, "period": 8, "periodUnit": "h"}),
        ("every 4 to 6 hours", {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}),
        ("every other day", {"frequency": 1, "period": 2, "periodUnit": "d"}),
        ("weekly on Mondays", {"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]}),
        ("every 3 weeks", {"frequency": 1, "period": 3, "periodUnit": "wk"}),
        ("in the morning and at bedtime", {"when": ["MORN", "HS"]}),
        ("single dose", {"count": 1}),
        ("over 30 minutes", {"duration": 30, "durationUnit": "min"}),
    ],
)
def test_a_time_is_what_is_written(text, told):
    assert repeat(text) == told


def test_the_days_of_a_cycle_bound_the_schedule_within_it():
    sig = read("1500 mg/m2 PO BID days 1-14 of a 21-day cycle for 6 cycles")
    assert sig.dosage["timing"]["repeat"]["boundsDuration"]["value"] == 14
    assert sig.dosage["timing"]["repeat"]["frequency"] == 2
    assert "count" not in sig.dosage["timing"]["repeat"]  # R4 would take it for six doses
    assert (sig.cycle["daysOfCycle"], sig.cycle["cycleLength"]["value"], sig.cycle["cyclesPlanned"]) == ("1-14", 21, 6)


def test_one_day_of_a_cycle_is_once_in_each_and_as_often_as_there_are_cycles():
    assert repeat("85 mg/m2 IV day 1 q14d x 6 cycles") == {
        "frequency": 1, "period": 14, "periodUnit": "d", "count": 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1000 mg/m2 IV d1,8,15 q28d", "1, 8, 15"),
        ("1000 mg/m2 IV D1, D8 Q21D", "1, 8"),
        ("100 mg/m2 IV on days 1 through 5 and 8 of each 28-day cycle", "1-5, 8"),
    ],
)
def test_days_that_bound_nothing_stand_in_the_cycle_alone(text, days):
    assert "timing" not in read(text).dosage
    assert read(text).cycle["daysOfCycle"] == days


@pytest.mark.parametrize(
    "text",
    [
        "1.0 mg PO daily", ".5 mg PO daily", "5,0 mg PO daily", "1,500 mg PO daily", "2.50 mg daily", "0 mg daily",
        "1/2 tablet daily", "10 U subq daily", "10 IU subq daily", "5 cc PO daily", "1 tab QOD", "1 tab QHS",
        "1 tab OD", "1 tab TIW", "1 tab biweekly", "up to 2 tablets daily", "AUC 5 IV day 1 q21d",
        "14 days on, 7 days off", "2 tablets (1000 mg) PO BID", "8 mg PO BID days 2-4 q21d", "2-1 tablets daily",
        "10 mg/5 mL daily", "60 mg/m2/day PO", "500 mg tablet daily", "1 tablet daily BID", "80 mg PO BID for 6 cycles",
        "days 15-14 of a 21-day cycle", "days 1-28 of a 21-day cycle", "Take as directed", "one every q8", "",
        "¹ tablet", "٣ mg daily", "-5 mg daily", "5 mg daily?", "not 5 mg daily", "do not take 1 tablet",
        "1 tablet daily for pain", "1 tablet daily until gone",
        "1 tablet 2 tablets daily",
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_or_says_more_stays_text(text):
    assert read(text) is None


@pytest.mark.skipif(not core_available(), reason="the R4 core package is not installed")
def test_every_unit_stands_in_a_list_of_r4():
    sets = (
        default_library().expansion(f"http://hl7.org/fhir/ValueSet/{one}") for one in ("ucum-common", "units-of-time")
    )
    listed = {code for found in sets for codes in found.values() for code in codes}
    assert {unit["code"] for unit in words().units.values() if "code" in unit} <= listed
    assert set(words().times.values()) <= listed


# --- ten thousand and more ------------------------------------------------------------------------------------------


def numbers_with_units(text):
    """Every number of the text with each unit that may belong to it: what follows it, or the other end of its range."""
    said, found, spoken = text.lower().replace("µ", "u"), set(), words().numbers
    number = rf"(\d+(?:\.\d+)?|{'|'.join(spoken)})"
    for match in re.finditer(rf"(?<![\d.,/]){number}(?: ?(?:-|to) ?{number})? ?", said):
        units = {unit["unit"] for word, unit in words().units.items() if said.startswith(word, match.end())}
        ends = [Decimal(spoken.get(end, 0) or end) for end in match.groups() if end]
        found.update((end, unit) for end in ends for unit in units)
    return found


def doses(node):
    """Every amount of a structure."""
    if isinstance(node, dict):
        if "value" in node and node.get("unit") not in ("d", "h", "wk", "mo", "min"):
            yield node["value"], node["unit"]
        for one in node.values():
            yield from doses(one)
    elif isinstance(node, list):
        for one in node:
            yield from doses(one)


def sentence(random):
    """A sentence of the grammar, or nearly: clauses in any order, some of them doubtful."""
    of, number = words(), lambda: random.choice(["1", "2", "3", "10", "0.5", "2.5", "75", "500", "1500", "two", "five"])
    doubtful = ["1.0 mg", ".5 mg", "5,0 mg", "10 U", "QOD", "1/2 tablet", "AUC 5", "as directed", "14 days on, 7 off"]
    clauses = [
        lambda: f"{number()} {random.choice(of.plain)}",
        lambda: f"{number()}-{number()} {random.choice(of.plain)}",
        lambda: f"{number()} {random.choice(of.scaled)} ({number()} mg)",
        lambda: f"{number()} {random.choice(of.scaled)}",
        lambda: random.choice(list(of.routes)),
        lambda: random.choice(list(of.frequencies)),
        lambda: random.choice(list(of.events)),
        lambda: f"q{random.randint(1, 30)}{random.choice(list(of.times))}",
        lambda: f"{random.choice(['for', 'x'])} {number()} {random.choice(list(of.times))}",
        lambda: f"days 1-{random.randint(1, 28)} of a {random.choice([14, 21, 28])}-day cycle",
        lambda: f"d{random.randint(1, 8)} q{random.choice([14, 21, 28])}d x {number()} cycles",
        lambda: f"as needed for {random.choice(of.reasons)}",
        lambda: f"max {number()} {random.choice(of.plain)} per day",
        lambda: random.choice(doubtful),
    ]
    said = [one() for one in random.sample(clauses, random.randint(1, 5))]
    return random.choice(["", "Take ", "Give "]) + random.choice([" ", ", "]).join(said)


def mutated(text, random):
    """The same with a slip."""
    at = random.randrange(len(text) + 1)
    slips = ["", random.choice("0123456789.,/-µ x%"), random.choice(["mg", " daily", "U", "q", "½"])]
    return text[:at] + random.choice(slips) + text[at + random.randint(0, 2) :]


def test_of_ten_thousand_directions_none_gains_a_number_that_is_not_written_with_its_unit():
    source, structured = random.Random(20261124), 0
    for n in range(10_000):
        text = sentence(source)
        if n % 3:
            text = mutated(text, source)
        if n % 21 == 0:
            text = "".join(source.choices("0123456789 .,-/mgtabqdhx", k=source.randint(0, 40)))
        sig = read(text)
        if sig is not None:
            structured += 1
            assert "text" not in sig.dosage  # that of the source stands
            assert set(doses(sig.dosage)) <= numbers_with_units(text), text
            assert parse(render(sig)) == sig
    assert structured > 1_000
