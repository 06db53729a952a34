"""gateway/intake/mllp/door.py with its texts: what is answered when"""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.audit import trail
from gateway.core.errors import StoreError
from gateway.intake.mllp.door import Door
from gateway.intake.mllp.frame import Frame
from gateway.store import submissions, work
from tests.unit.intake.mllp.conftest import CLINIC, message, segments

REFERRAL = (
    "RF1||A|MED|SO|A|LK-1^HIS|20260302\rAUT|P1\rPRD|RP|Okafor^Daniel\rPRD|RT|Centre^Second\rPID|1||77^^^RB||Example^Ada\r"
    "DG1|1||C50.9^Breast^I10C\r"
)


@pytest.fixture
def answer(door):
    """The segments that are said at once to a message, each split into fields."""

    def ask(body, **frame):
        return segments(asyncio.run(door.answer(Frame(body, **frame))).message)

    return ask


@pytest.fixture
def later(door):
    """What is said after processing: the answers when it went well, and when it did not."""

    def ask(body):
        (found,) = asyncio.run(door.answer(Frame(body))).later
        return segments(found.well), segments(found.ill)

    return ask


def field(answer, name, number):
    segment = next(segment for segment in answer if segment[0] == name)
    place = number - 1 if name in ("MSH", "BHS") else number
    return segment[place] if place < len(segment) else ""


def names(answer):
    return [segment[0] for segment in answer]


@pytest.fixture
def no_tests(overlay):
    overlay("policies: {test_messages: refuse}\n")


@pytest.fixture
def broken(here, monkeypatch):
    """A store that takes nothing."""

    def refuse(_):
        raise StoreError

    monkeypatch.setattr(here.store, "write_soon", refuse)


# --- who hears what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modes", "at_once", "afterwards"),
    [
        ("|", "AA", None),
        ("AL|NE", "CA", None),
        ("AL|", "CA", None),
        ("AL|AL", "CA", ("AA", "AE")),
        ("NE|AL", "", ("AA", "AE")),
        ("|AL", "", ("AA", "AE")),
        ("ER|ER", "", ("", "AE")),
        ("SU|SU", "CA", ("AA", "")),
        ("NE|NE", "", None),
        ("XX|NE", "CA", None),
    ],
)
def test_a_message_that_is_stored_is_acknowledged_as_its_sender_asks(door, kept, modes, at_once, afterwards):
    said = asyncio.run(door.answer(Frame(message(modes=modes))))
    assert (field(segments(said.message), "MSA", 1) if said.message else "") == at_once
    codes = [tuple(field(segments(one), "MSA", 1) if one else "" for one in (x.well, x.ill)) for x in said.later]
    assert codes == ([afterwards] if afterwards else [])
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("modes", "code"), [("|", "AR"), ("AL|NE", "CR"), ("ER|AL", "CR"), ("SU|NE", ""), ("NE|AL", "AR"), ("NE|NE", "")]
)
def test_a_message_that_is_refused_is_told_where_its_sender_listens(answer, kept, modes, code):
    said = answer(message(modes=modes).replace(b"|RB|", b"|NOBODY|"))
    assert (field(said, "MSA", 1) if said else "") == code
    assert kept() == []


@pytest.mark.parametrize(("modes", "code"), [("|", "AR"), ("AL|AL", "CE"), ("NE|AL", "AR"), ("NE|NE", "")])
def test_while_the_store_is_down_the_sender_is_told_to_keep_the_message(answer, broken, modes, code):
    said = answer(message(modes=modes))
    assert (field(said, "MSA", 1) if said else "") == code
    if said:
        assert field(said, "ERR", 3).startswith("207^")


def test_a_mistake_of_ours_is_answered_too(answer, here, monkeypatch):
    monkeypatch.setattr(here.senders, "find", lambda *_: 1 / 0)
    assert field(answer(message()), "MSA", 1) == "AR"


def test_an_acknowledgment_is_never_acknowledged(answer, kept):
    assert answer(message(type="ACK^A01", rest="MSA|AA|1\r")) == []
    assert kept() == []


def test_original_mode_waits_for_processing_where_that_is_agreed(overlay, here, later):
    overlay("policies: {original_ack_after: processing, untranslatable: AE}\n")
    well, ill = later(message())
    assert (field(well, "MSA", 1), field(ill, "MSA", 1)) == ("AA", "AE")
    assert field(ill, "ERR", 3) == "207^Application error^HL70357"


# --- who is let in ----------------------------------------------------------------------------------------------------


def test_a_stranger_is_refused_in_a_word_and_the_refusal_is_on_the_trail(answer, here, kept):
    said = answer(message().replace(b"|RB|", b"|NOBODY|"))
    assert (field(said, "MSA", 1), field(said, "MSA", 2), field(said, "ERR", 2)) == ("AR", "M1", "MSH^1^3")
    assert field(said, "ERR", 3) == "207^Application error^HL70357"
    assert kept() == []
    assert trail.verify(here.store, here.audit_key).count == 1


def test_a_stranger_is_the_clinic_of_the_setting_where_there_is_one(here, kept):
    object.__setattr__(here.settings, "mllp_clinic", "Riverbend Clinic")
    said = segments(asyncio.run(Door(here).answer(Frame(message().replace(b"|RB|", b"|NOBODY|")))).message)
    assert field(said, "MSA", 1) == "AA"
    assert [one.clinic for one in here.store.read(submissions.listing)] == [CLINIC]


def test_an_overlay_for_a_clinic_that_is_none_lets_nobody_in(answer, overlay):
    overlay.folder.joinpath("other.yaml").write_text("clinic: harbor\nfacilities: [HB]\n")
    assert field(answer(message().replace(b"|RB|", b"|HB|")), "MSA", 1) == "AR"


@pytest.mark.parametrize(
    ("type", "code", "trouble"),
    [
        ("REF^I12", "AA", ""),
        ("ADT^A01", "AA", ""),
        ("REF^I14", "AR", "201"),
        ("ORU^R01", "AR", "200"),
        ("", "AR", "200"),
    ],
)
def test_types_and_events_outside_what_is_agreed_are_refused(overlay, answer, type, code, trouble):
    overlay("message_types: [ADT, REF^I12]\n")
    said = answer(message(type=type, rest=REFERRAL))
    assert field(said, "MSA", 1) == code
    if trouble:
        assert (field(said, "ERR", 2), field(said, "ERR", 3)[:3], field(said, "ERR", 4)) == ("MSH^1^9", trouble, "E")


@pytest.mark.parametrize("processing", ["T", "D", "N", "V", "T^A"])
def test_messages_for_test_and_training_are_refused_where_that_is_agreed(no_tests, answer, kept, processing):
    said = answer(message(processing=processing))
    assert (field(said, "MSA", 1), field(said, "ERR", 3)[:3], field(said, "ERR", 2)) == ("AR", "202", "MSH^1^11")
    assert kept() == []


def test_a_message_above_the_limit_is_answered_by_its_number_and_not_kept(answer, kept):
    said = answer(message("M9"), whole=False)
    assert (field(said, "MSA", 1), field(said, "MSA", 2), field(said, "ERR", 3)[:3]) == ("AR", "M9", "207")
    assert kept() == []


# --- the texts --------------------------------------------------------------------------------------------------------


def test_the_answer_turns_the_names_round_and_keeps_the_senders_ways(door):
    raw = message(version="2.5.1", modes="|||UNICODE UTF-8").replace(b"|", b"#").replace(b"^", b"@").replace(b"&", b"$")
    raw = raw.replace(b"#HIS#", b"#HIS@1.2@ISO#")
    said = asyncio.run(door.answer(Frame(raw))).message.decode()
    head, msa = (one.split("#") for one in said.split("\r")[:2])
    assert head[1:6] == ["@~\\$", "SO", "CENTRE", "HIS@1.2@ISO", "RB"]
    assert head[8] == "ACK@A01@ACK"
    assert (head[10], head[11], head[17]) == ("P", "2.5.1", "UNICODE UTF-8")
    assert msa == ["MSA", "AA", "M1"]


def test_before_version_2_5_the_place_and_the_code_stand_in_err_1_and_the_words_in_msa_3(no_tests, answer):
    said = answer(message(version="2.4", processing="T"))
    assert field(said, "ERR", 1) == "MSH^1^11^202&Unsupported processing id&HL70357"
    assert names(said) == ["MSH", "MSA", "ERR"]
    assert field(said, "MSA", 3).startswith("Messages for test")
    assert len(next(one for one in said if one[0] == "ERR")) == 2


def test_the_type_of_the_answer_is_written_as_the_version_writes_it(answer):
    assert field(answer(message(version="2.3")), "MSH", 9) == "ACK"
    assert field(answer(message(version="2.4")), "MSH", 9) == "ACK^A01^ACK"
    assert field(answer(message(type="ACKNOWLEDGE")), "MSH", 9) == "ACK"


def test_a_message_without_a_number_is_answered_with_the_receipt(answer, here):
    said = answer(message(number=""))
    (kept,) = here.store.read(submissions.listing)
    assert (field(said, "MSA", 1), field(said, "MSA", 2)) == ("AA", kept.id)


def test_garbage_is_answered_in_the_usual_delimiters_without_a_word_of_it(answer):
    said = answer(b"GET / HTTP/1.1\r\nName: Testperson\r\n")
    assert names(said) == ["MSH", "MSA", "ERR"]
    assert (field(said, "MSA", 1), field(said, "ERR", 3)) == ("AR", "100^Segment sequence error^HL70357")
    assert "Testperson" not in str(said)


@pytest.mark.parametrize(
    "raw", [b"MSH", b"MSHA", b"MSHAB^~", b"MSH ^~", b"MSH\r|", b"msh|^~\\&|", b"\xff\xfeM\x00S\x00H\x00"]
)
def test_what_only_looks_like_a_header_is_garbage(answer, raw):
    assert field(answer(raw), "ERR", 3)[:3] == "100"


def test_no_delimiter_and_no_frame_comes_out_of_what_is_echoed(no_tests, door):
    raw = message(number="a\x0bb\x1cc\td", processing="T").replace(b"^", b",")
    said = asyncio.run(door.answer(Frame(raw))).message
    assert not {0x0B, 0x1C} & set(said)
    assert b"MSA|AR|abcd" in said
    assert b"\\S\\" in said.split(b"ERR|")[1]


@pytest.mark.parametrize("sent", ["", "^~", "^^^^"])
def test_a_header_without_usable_delimiters_is_answered_in_the_usual_ones(answer, sent):
    said = answer(message().replace(b"|^~\\&|", f"|{sent}|".encode()))
    assert (said[0][1], field(said, "MSA", 1)) == ("^~\\&", "AA")


# --- referrals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "status"), [("I12", "P^Pending^HL70283"), ("I13", "P^Pending^HL70283"), ("I14", ""), ("I15", "")]
)
def test_a_referral_is_answered_by_the_response_to_it(answer, event, status):
    said = answer(message(type=f"REF^{event}^REF_I12", rest=REFERRAL))
    assert field(said, "MSH", 9) == f"RRI^{event}^RRI_I12"
    assert names(said) == ["MSH", "MSA", "RF1", "PRD", "PRD", "PID"]
    assert (field(said, "MSA", 1), field(said, "RF1", 1), field(said, "RF1", 6)) == ("AA", status, "LK-1^HIS")
    assert field(said, "PID", 5) == "Example^Ada"


def test_a_referral_in_enhanced_mode_is_received_first_and_answered_when_processed(answer, later):
    sent = message(type="REF^I12", modes="AL|AL", rest=REFERRAL)
    assert names(answer(sent)) == ["MSH", "MSA"]
    well, ill = later(sent)
    assert (field(well, "MSH", 9), names(well)[2:]) == ("RRI^I12^RRI_I12", ["RF1", "PRD", "PRD", "PID"])
    assert (field(well, "MSH", 15), field(well, "MSH", 16)) == ("NE", "NE")
    assert (field(ill, "MSA", 1), names(ill)) == ("AE", ["MSH", "MSA", "ERR"])
    assert len({field(one, "MSH", 10) for one in (answer(sent), well)}) == 2


def test_a_referral_that_is_refused_says_nothing_of_the_patient(no_tests, answer):
    said = answer(message(type="REF^I12", processing="T", rest=REFERRAL))
    assert names(said) == ["MSH", "MSA", "ERR"]


# --- again, and in batches --------------------------------------------------------------------------------------------


def test_the_same_message_again_gets_the_same_bytes_and_makes_no_second_submission(door, here, clock, kept):
    first = asyncio.run(door.answer(Frame(message()))).message
    clock.move(timedelta(days=1))
    assert asyncio.run(door.answer(Frame(message()))).message == first
    assert len(kept()) == here.store.read(work.depths)["process"] == 1


def test_a_number_used_again_for_other_content_is_taken_and_noted(answer, here, kept):
    for rest in ("PID|1||1\r", "PID|1||2\r", "PID|1||2\r"):
        assert field(answer(message(rest=rest)), "MSA", 1) == "AA"
    assert len(kept()) == 2
    second, first = here.store.read(submissions.listing)
    steps = {
        one.id: [e.event for e in here.store.read(lambda c, id=one.id: submissions.events(c, id))]
        for one in (first, second)
    }
    assert steps == {first.id: ["receive"], second.id: ["receive", "control-id-reused"]}


def test_messages_without_a_number_do_not_share_one(answer, here):
    for rest in ("PID|1||1\r", "PID|1||2\r"):
        answer(message(number="", rest=rest))
    for one in here.store.read(submissions.listing):
        assert [step.event for step in here.store.read(lambda c, id=one.id: submissions.events(c, id))] == ["receive"]


def batch(*messages):
    return b"BHS|^~\\&|HIS|RB|SO|CENTRE|20260302||||B-7\r" + b"".join(messages) + b"BTS|%d\r" % len(messages)


def test_a_batch_is_answered_by_a_batch_with_a_word_on_each_message(answer, kept):
    sent = batch(message("M1"), message("M2", modes="AL|NE"), message("M3", modes="NE|NE"))
    said = answer(sent)
    assert names(said) == ["BHS", "MSH", "MSA", "MSH", "MSA", "BTS"]
    assert [one[1:3] for one in said if one[0] == "MSA"] == [["AA", "M1"], ["CA", "M2"]]
    assert (field(said, "BHS", 12), field(said, "BTS", 1)) == ("B-7", "2")
    assert kept() == [sent]


def test_a_batch_with_a_message_that_is_not_agreed_is_not_taken_at_all(answer, overlay, kept):
    overlay("message_types: [ADT]\n")
    said = answer(batch(message("M1"), message("M2", type="ORU^R01")))
    assert [one[1:3] for one in said if one[0] == "MSA"] == [["AR", "M1"], ["AR", "M2"]]
    assert [one[3][:3] for one in said if one[0] == "ERR"] == ["207", "200"]
    assert kept() == []


def test_a_batch_without_messages_is_garbage(answer, kept):
    assert [one[1] for one in answer(batch()) if one[0] == "MSA"] == ["AR"]
    assert kept() == []


def test_no_answer_leaves_before_its_commit(door, here):
    """The store holds the write back: no answer; it lets go: the answer."""

    async def scene():
        with here.store.engine.connect() as other:
            other.exec_driver_sql("COMMIT")
            other.exec_driver_sql("BEGIN IMMEDIATE")
            asking = asyncio.create_task(door.answer(Frame(message())))
            done, _ = await asyncio.wait({asking}, timeout=0.2)
            assert not done
            other.execute(text("ROLLBACK"))
            return await asking

    assert field(segments(asyncio.run(scene()).message), "MSA", 1) == "AA"
