"""gateway/intake/mllp/notification.py: what is written can be read back, byte for byte, by our own reader."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import convert
from gateway.intake.mllp.notification import Notice, document_notification
from tests.unit.intake.mllp.conftest import segments

AT = datetime(2026, 3, 20, 10, tzinfo=UTC)
PID = "PID|1||700123^^^LAKE^MR||Sandoval^Imelda||19610412|F\r"
REFERRAL = "RF1|P|A|MED|SO||LK-REF-881^LAKEEHR\r" + PID + "PV1|1|O|CLINIC\r"
ORDER = PID + "ORC|NW|OTHER-1^EHR\rOBR|1|OTHER-1^EHR\rORC|NW|LK-REF-881^EHR\rOBR|1|LK-REF-881^EHR\r"
AUTHOR = {
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1112223334"}],
    "name": [{"family": "O|Brien^Ruiz", "given": ["Ada"]}],
}


def message(rest=REFERRAL, type="REF^I12^REF_I12", signs="|^~\\&", charset="UNICODE UTF-8", version="2.5.1"):
    head = f"MSH|{signs[1:]}|HIS|RB|SO|CENTRE|20260302||{type}|M1|P|{version}||||||{charset}\r"
    return (head + rest).replace("|", signs[0]).replace("^", signs[1]).encode()


def note(*attachments, **more):
    content = [{"attachment": one} for one in attachments]
    return {"resourceType": "DocumentReference", "id": "d-1", "docStatus": "final", "content": content} | more


def attached(body, kind="application/pdf"):
    return {"contentType": kind, "data": base64.b64encode(body).decode()}


def written(found, body=None, **said):
    numbers = frozenset({"LK-REF-881"})
    return document_notification(body or message(), Notice("SO-2026-000001", AT, "i", found, numbers=numbers, **said))


def read(sent):
    """The documents that our own reader finds in a message: their bytes, and the document."""
    bundle = convert(sent).bundle
    [document] = [
        e["resource"]
        for e in bundle["entry"]
        if e["resource"]["resourceType"] == "DocumentReference" and "masterIdentifier" in e["resource"]
    ]
    return [base64.b64decode(one["attachment"]["data"]) for one in document["content"]], document


@settings(deadline=None, max_examples=30)
@given(st.binary(min_size=1, max_size=200))
def test_bytes_of_any_kind_come_back_as_they_were(body):
    sent = written(note(attached(body)))
    assert b"^application^pdf^Base64^" in sent
    assert read(sent)[0] == [body]


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80),
    st.sampled_from(["", "ASCII", "8859/1", "UNICODE UTF-8", "ISO IR87"]),
    st.sampled_from(["|^~\\&", "$@*%+", "|^~/="]),
)
def test_text_comes_back_as_it_was_in_any_character_set_and_among_any_delimiters(text, charset, signs):
    sent = written(note(attached(text.encode(), "text/plain")), message(signs=signs, charset=charset))
    assert read(sent)[0] == [text.encode()]


def test_text_goes_as_lines_that_a_person_reads():
    sent = written(note(attached("First | line\n\nżółty & more".encode(), "text/plain")))
    obx = segments(sent)[-1]
    assert obx[2] == "FT"
    assert obx[5].encode("latin-1").decode() == "First \\F\\ line\\.br\\\\.br\\żółty \\T\\ more"


def test_it_names_the_patient_the_document_and_both_numbers_of_the_referral():
    found = note(
        attached(b"%PDF"), masterIdentifier={"system": "urn:oid:2.999.1", "value": "CN|7"}, date=AT.isoformat()
    )
    sent = written(found, author=AUTHOR)
    said = {one[0]: one for one in segments(sent)}
    assert [one[0] for one in segments(sent)] == ["MSH", "EVN", "PID", "PV1", "TXA", "OBX"]
    assert (said["MSH"][8], said["MSH"][5], said["MSH"][14]) == ("MDM^T02^MDM_T02", "RB", "AL")
    assert "|".join(said["PID"]) + "\r" == PID
    assert said["PV1"][2:4] == ["O", "CLINIC"]
    txa = said["TXA"]
    assert (txa[2], txa[4], txa[12]) == ("CN", "20260320100000+0000", "CN\\F\\7^^2.999.1^ISO")
    assert txa[9].split("^")[:3] == ["1112223334", "O\\F\\Brien\\S\\Ruiz", "Ada"]
    assert txa[14] == "LK-REF-881^LAKEEHR"
    assert txa[15].startswith("SO-2026-000001^^")
    assert (txa[17], txa[19]) == ("AU", "AV")
    values = {one["value"] for one in read(sent)[1]["identifier"]}
    assert {"LK-REF-881", "SO-2026-000001"} <= values


def test_of_several_orders_the_one_that_asked_is_named():
    sent = written(note(attached(b"%PDF")), message(ORDER, "OMG^O19^OMG_O19"))
    said = {one[0]: one for one in segments(sent)}
    assert said["TXA"][14] == "LK-REF-881^EHR"
    assert said["PV1"] == ["PV1", "1", "N"]


def test_of_several_messages_the_patient_of_the_one_that_asked_is_named():
    other = REFERRAL.replace("LK-REF-881", "LK-REF-88").replace("Sandoval", "Quill")
    both = message(other) + message()
    assert b"Sandoval" in written(note(attached(b"x")), both)
    assert b"Quill" not in written(note(attached(b"x")), both)


@pytest.mark.parametrize("rest", ["RF1||||||LK-REF-881\r", message(PID).decode() + message(PID).decode()])
def test_nothing_is_sent_where_nobody_can_tell_whom_it_is_about(rest):
    assert written(note(attached(b"x")), message(rest)) == b""


def test_a_note_without_content_makes_no_message_and_one_elsewhere_tells_where():
    assert written(note({"title": "lost"})) == b""
    sent = written(note({"contentType": "application/pdf", "url": "https://centre.example/n?a=1&b=2"}))
    assert segments(sent)[-1][2:6:3] == ["RP", "https://centre.example/n?a=1\\T\\b=2^^application^pdf"]


def test_an_older_version_names_no_structure_and_what_is_not_final_says_so():
    sent = written(note(attached(b"x"), docStatus="preliminary"), message(version="2.3"))
    said = {one[0]: one for one in segments(sent)}
    assert (said["MSH"][8], said["TXA"][17], said["OBX"][11]) == ("MDM^T02", "DO", "P")
