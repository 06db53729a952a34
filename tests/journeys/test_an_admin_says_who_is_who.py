"""Two clinics send records of one person: an admin links them, the case has what both sent, and comes apart again."""

from gateway.access.keys import add_key
from tests.contract.test_admin_identity import send  # noqa: F401

REFERRAL = (
    "RF1|P|R|||SO|RX-70^HIS",
    "PRD|RP|Okafor^Daniel",
    "PRD|RT|Centre^Second",
    "PID|1||M-77^^^RIVER&2.999.1&ISO^MR||Lindqvist^Margarethe||19610409|F|||12 Mill Lane^^Springfield^IL^62701",
)
PATHOLOGY = (
    "PID|1||H-9^^^HARBOR&2.999.2&ISO^MR||Lindquist^Margarethe||19610409|F|||12 Mill Road^^Springfield^IL^62701",
    "OBR|1||F1|11526-1^Pathology study^LN|||20260301",
    "OBX|1|TX|11526-1^Pathology study^LN||Invasive carcinoma||||||F",
)


def test_a_question_is_decided_the_case_is_put_together_and_taken_apart(client, here, riverbend, harbor, send):  # noqa: F811
    admin = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'admin', 'Ada Admin')}"}

    def get(address, headers=admin):
        return client.get(address, headers=headers).json

    def decide(verdict):
        seen = get(question)["match"]
        headers = {**admin, "Idempotency-Key": verdict, "If-Match": str(seen["version"])}
        assert client.post(f"{question}/decisions", json={"decision": verdict}, headers=headers).status_code == 200

    def stands():
        missing = get(f"/submissions/{referral}", riverbend)["missing"]
        plan = client.get("/fhir/CarePlan", headers=admin).json["entry"][0]["resource"]
        reports = [one for one in plan.get("supportingInfo", ()) if one["reference"].startswith("DiagnosticReport/")]
        return "Pathology report" in missing, len(reports)

    referral = send(riverbend, *REFERRAL, kind="REF^I12")
    send(harbor, *PATHOLOGY, kind="ORU^R01")
    [asked] = get("/admin/identity")["questions"]
    question = f"/admin/identity/{asked['match']['id']}"
    apart = stands()
    assert apart == (True, 0)
    decide("same")
    assert stands() == (False, 1)
    decide("unlink")
    assert stands() == apart
    assert get("/admin/identity")["questions"] == []
