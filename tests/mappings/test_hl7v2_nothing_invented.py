"""Orders of medicines with random words, numbers and codes: what comes out of an order was sent in it."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pipeline import process
from gateway.translate.hl7v2.repeat_pattern import read
from tests.mappings.hl7v2_fixtures import resources

HEADER = "MSH|^~\\&|PHARMACY|CLINIC|||20260302||RDE^O11|1|P|2.5.1\rPID|1||7||Doe^Jan\r"
ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})
NUMBER = st.sampled_from(["", '""', "0", "1", "2.50", "1500", "10", "up to 4", "<3", "1-2", "AUC 5", "999", "+7"])
# What is sent as a unit, and the units that it may become: its words, and the UCUM code of what it says.
UNITS = {
    "": (),
    "mg": ("mg",),
    "mg^milligram^UCUM": ("milligram", "mg"),
    "MG^^ISO+": ("MG", "mg"),
    "TAB^tablet^L": ("tablet",),
    "^puff": ("puff",),
    "PILL^^L^mg^^UCUM": ("PILL", "mg"),
    "mL/h^^UCUM": ("mL/h",),
    "?": ("?",),
    "mg&milligram&UCUM": ("milligram", "mg"),
}
PER = {"H4": ("4", "h"), "D": ("1", "d"), "week": ("1", "wk")}
UNIT = st.sampled_from([unit for unit in UNITS if "&" not in unit])
PATTERN = st.one_of(
    st.sampled_from(["", "BID", "Q8H", "QOD", "QHS", "PRN", "PRNQ6H", "Q4-6H", "daily", "C", "Once", "Q1J15", "ACM"]),
    st.from_regex(r"[A-Z0-9]{1,5}", fullmatch=True),
)
SIG = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=40).map(str.strip)
SIG = SIG.filter(lambda words: words != '""')  # which asks to clear the instruction
VERB = st.sampled_from(
    ["NW", "OK", "CA", "DC", "HD", "RP", "CR", "DR", "HR", "OH", "XX", "XO", "UA", "FU", "ZZ", "SN", ""]
)
STATE = st.sampled_from(["", "", "IP", "SC", "A", "CM", "HD", "CA", "DC", "ER", "RE", "odd", '""'])
OF_STATE = {
    "IP": "active", "SC": "active", "A": "active", "CM": "completed", "HD": "on-hold", "CA": "cancelled",
    "DC": "stopped", "ER": "entered-in-error",
}  # fmt: skip
OF_VERB = {
    "NW": "active", "OK": "active", "CR": "cancelled", "DR": "stopped", "HR": "on-hold", "OH": "on-hold",
    "UA": "cancelled", "FU": "completed", "CA": "active", "DC": "active", "HD": "active", "RP": "active",
}  # fmt: skip
TIMING = st.fixed_dictionaries(
    {"amount": NUMBER, "unit": st.sampled_from(["", "mg&milligram&UCUM"]), "pattern": PATTERN}
)
ORDER = st.fixed_dictionaries(
    {
        "verb": VERB, "state": STATE, "low": NUMBER, "high": NUMBER, "units": UNIT, "sig": SIG, "amount": NUMBER,
        "pack": UNIT, "daily": NUMBER, "per": st.sampled_from([*PER, "", "fast"]), "rate": NUMBER,
        "speed": UNIT, "timings": st.lists(TIMING, max_size=3),
    }
)  # fmt: skip


def sent(number, order):
    """The segments of one order."""
    fields = {
        1: "",
        2: "^Drug",
        3: order["low"],
        4: order["high"],
        5: order["units"],
        7: f"^{order['sig'].translate(ESCAPES)}",
    }
    fields |= {10: order["amount"], 11: order["pack"], 19: order["daily"], 22: order["per"], 23: order["rate"]}
    fields |= {24: order["speed"]}
    lines = [f"ORC|{order['verb']}|{number}^OTHER^1.2.3^ISO|||{order['state']}"]
    lines.append("RXE|" + "|".join(fields.get(at, "") for at in range(1, 25)))
    for at, one in enumerate(order["timings"], 1):
        lines.append(f"TQ1|{at}|{one['amount']}^{one['unit']}|{one['pattern']}")
    return "\r".join(lines) + "\r"


def quantities(node):
    """Every amount below a node, wherever it stands; what a ratio is per is not one."""
    if isinstance(node, dict):
        if "value" in node:
            yield node
        for name, inner in node.items():
            if name != "denominator":
                yield from quantities(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from quantities(inner)


def numbers(*words):
    """The numbers that stand in some words, whole fields only."""
    return {Decimal(word) for word in words if word.lstrip("+").replace(".", "", 1).isdigit()}


def units(*fields):
    return {word for field in fields for word in UNITS[field]}


@settings(max_examples=250, deadline=None)
@given(st.lists(ORDER, min_size=8, max_size=8))
def test_no_dose_unit_frequency_or_status_that_was_not_sent_and_each_sig_as_it_was_sent(orders):
    message = HEADER + "".join(sent(number, order) for number, order in enumerate(orders))
    made = resources(process(message.encode(), judge=False), "MedicationRequest")
    assert len(made) == len(orders)
    for order, request in zip(orders, made, strict=True):
        dosages, timings = request.get("dosageInstruction", []), order["timings"]
        doses = [one for dosage in dosages for one in quantities(dosage.get("doseAndRate", []))]
        doses += quantities([dosage.get("maxDosePerPeriod", {}) for dosage in dosages])
        said = numbers(order["low"], order["high"], order["daily"], order["rate"], *(one["amount"] for one in timings))
        assert {one["value"] for one in doses} <= said
        known = units(order["units"], order["speed"], *(one["unit"] for one in timings))
        assert {word for one in doses for word in (one.get("unit"), one.get("code")) if word} <= known
        for one in (rate for dosage in dosages for rate in dosage.get("doseAndRate", []) if "rateRatio" in rate):
            assert (str(one["rateRatio"]["denominator"]["value"]), one["rateRatio"]["denominator"]["code"]) == PER[
                order["per"]
            ]
        packs = list(quantities(request.get("dispenseRequest", {})))
        assert {one["value"] for one in packs} <= numbers(order["amount"])
        assert {word for one in packs for word in (one.get("unit"), one.get("code")) if word} <= units(order["pack"])
        patterns = [read(one["pattern"]).repeat for one in timings]
        for repeat in (dosage.get("timing", {}).get("repeat", {}) for dosage in dosages):
            assert repeat == {} or repeat in patterns
        assert request["status"] == (OF_STATE.get(order["state"]) or OF_VERB.get(order["verb"], "unknown"))
        if order["sig"]:
            assert [dosage["text"] for dosage in dosages] == [order["sig"]] * max(len(timings), 1)
