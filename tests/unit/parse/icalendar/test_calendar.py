"""gateway.parse.icalendar: content lines as they are folded, quoted and escaped; zones only as far as they are told."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import MalformedMessageError, ParseError, UnsupportedFormatError
from gateway.parse import formats
from gateway.parse.icalendar import parse, reader
from gateway.parse.icalendar.calendar import MAX_DEPTH
from gateway.parse.icalendar.zone import zone_of

ONE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a@b\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def event(*lines):
    [found] = parse(ONE.format("\r\n".join(lines)).encode())
    return found


def said(record, locator):
    return [one.peek for one in reader(locator)(record.root)]


def test_a_calendar_is_known_by_its_first_line():
    assert formats.detect(ONE.format("SUMMARY:x").encode()).name == "icalendar"
    assert formats.detect(b"\xef\xbb\xbfbegin:vcalendar\nEND:VCALENDAR").name == "icalendar"


def test_a_character_may_be_folded_in_its_middle():
    body = ONE.format("SUMMARY:Café au lait").encode().replace(b"\xc3\xa9", b"\xc3\r\n \xa9")
    [found] = parse(body)
    assert said(found, "SUMMARY.value") == ["Café au lait"]


def test_quotes_carets_and_escapes_are_taken_off_and_places_told():
    found = event(r"DESCRIPTION:one\ntwo\, three\; four\\n", "ATTENDEE;CN=\"Roe, ^'Ann^'\";X-A=1,2:mailto:a@b;c")
    assert said(found, "DESCRIPTION.value") == ["one\ntwo, three; four\\n"]
    assert said(found, "ATTENDEE.CN") == ['Roe, "Ann"']
    assert said(found, "ATTENDEE.value") == ["mailto:a@b;c"]
    assert [location for _, location, *_ in found.leaves()] == [
        "VEVENT[1]/UID",
        "VEVENT[1]/DESCRIPTION",
        "VEVENT[1]/ATTENDEE",
        "VEVENT[1]/ATTENDEE;CN",
        "VEVENT[1]/ATTENDEE;X-A",
        "VCALENDAR/VERSION",
    ]


def test_each_event_is_a_record_and_the_newest_of_one_id_comes_last():
    two = ONE.format("SEQUENCE:4").replace(
        "END:VEVENT", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:a@b\r\nSEQUENCE:2\r\nEND:VEVENT"
    )
    found = parse(two.encode())
    assert [said(one, "SEQUENCE.value") for one in found] == [["2"], ["4"]]
    assert len({one.place for one in found}) == 2


@pytest.mark.parametrize(
    "line", ["no colon", "A;B:c;\x00", "END:VALARM", "BEGIN:VALARM", "\r\n".join(["BEGIN:X"] * MAX_DEPTH)]
)
def test_what_is_no_calendar_is_refused(line):
    with pytest.raises(MalformedMessageError):
        event(line)


def test_an_answer_or_a_calendar_without_an_event_states_no_appointment():
    for body in (
        ONE.format("A:b").replace("VEVENT", "VTODO"),
        ONE.format("A:b").replace("VERSION:2.0", "METHOD:REPLY"),
    ):
        with pytest.raises(UnsupportedFormatError):
            parse(body.encode())


@given(st.lists(st.text(alphabet='BEGINDV:;=",\\\n \r-AL', max_size=20), max_size=12))
def test_no_text_does_harm(lines):
    try:
        found = parse(ONE.format("\n".join(lines)).encode())
    except (ParseError, UnsupportedFormatError):
        return
    assert all(len(list(one.leaves())) == len(set(one.leaf_keys())) for one in found)


def observance(rule, offset, start="16010101T020000"):
    return {"DTSTART": [{"value": start}], "TZOFFSETTO": [{"value": offset}], "RRULE": [{"value": rule}]}


def zone(*standard):
    return zone_of({"TZID": [{"value": "Z"}], "STANDARD": list(standard)})


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        ("2026-03-08T01:59", -5),  # the second Sunday of March
        ("2026-03-08T03:00", -4),
        ("2026-11-01T01:00", -4),  # the first of November
        ("2026-11-01T02:00", -5),
        ("2027-01-15T09:00", -5),
    ],
)
def test_a_zone_changes_on_the_days_that_its_rules_name(local, hours):
    eastern = zone(
        observance("FREQ=YEARLY;BYDAY=1SU;BYMONTH=11", "-0500"), observance("FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", "-0400")
    )
    assert eastern.offset(datetime.fromisoformat(local)) == timedelta(hours=hours)


def test_the_last_sunday_of_a_month_is_the_last():
    central = zone(
        observance("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "+0100"),
        observance("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "+0200"),
    )
    times = ("2026-03-29T01:00", "2026-03-29T02:00", "2026-10-25T02:00")
    assert [central.offset(datetime.fromisoformat(one)) / timedelta(hours=1) for one in times] == [1, 2, 1]


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8", "FREQ=MONTHLY;BYDAY=1SU", "FREQ=YEARLY;BYDAY=SU"]
)
def test_a_zone_with_a_rule_that_is_not_read_is_not_known(rule):
    assert zone(observance("FREQ=YEARLY;BYDAY=1SU;BYMONTH=11", "-0500"), observance(rule, "-0400")) is None
