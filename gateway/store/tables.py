"""The tables of the store. Documents are exact bytes; search lives in small token tables; times are UTC texts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Serial = BigInteger().with_variant(Integer, "sqlite")
# Compared by its bytes on every engine, so that "starts with" is a range of an index.
Bytewise = Text().with_variant(Text(collation="C"), "postgresql")

# --- who may call ---------------------------------------------------------------------------------------------
clinics = Table(
    "clinics",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", String(32), nullable=False),
)
# A key of a clinic (role "clinic"), of an EHR system ("reader") or of an admin ("admin"); only its SHA-256 is kept.
keys = Table(
    "keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("clinic", String(64), ForeignKey("clinics.id")),
    Column("label", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", String(32)),
    Column("revoked", String(32)),
    Column("sees", Text, nullable=False, server_default=""),  # guarded labels that a reader is shown, or all
)
# Signed-in pages: the cookie's SHA-256, the key it was signed in with, its CSRF token.
sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("key", String(64), ForeignKey("keys.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created", String(32), nullable=False),
    Column("seen", String(32), nullable=False),
)
# How often an address showed no key that we know, since its first time in this minute.
refusals = Table(
    "refusals",
    metadata,
    Column("address", String(64), primary_key=True),
    Column("since", String(32), nullable=False),
    Column("times", Integer, nullable=False),
)

# --- submissions ----------------------------------------------------------------------------------------------
submissions = Table(
    "submissions",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),  # made of clinic and sha256, so these are unique with it
    Column("clinic", String(64), ForeignKey("clinics.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(64)),  # why it is quarantined or rejected: a code, never a text of the sender
    Column("kind", String(64)),
    Column("media_type", String(128)),
    Column("file_name", String(255)),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
    Column("patient", String(64)),  # the id of the Patient it speaks of, once known
    Column("parent", String(64)),  # the submission that this one corrects
    Index(None, "state", "seq"),
    Index(None, "clinic", "seq"),
    Index(None, "patient"),
)
# By number and not by id: each index over what is random costs a page of its own for each submission.
originals = Table(
    "originals",
    metadata,
    Column("submission", Serial, ForeignKey("submissions.seq"), primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("clinic", String(64), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("submission", String(64), ForeignKey("submissions.id"), nullable=False),
)
# Every step of a submission, append only.
events = Table(
    "events",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("submission", String(64), ForeignKey("submissions.id"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("mapping", String(64)),
    Index(None, "submission", "seq"),
)
# What the corridor said last time: JSON bytes written by core.fhirjson.
outcomes = Table(
    "outcomes",
    metadata,
    Column("submission", String(64), ForeignKey("submissions.id"), primary_key=True),
    Column("made", String(32), nullable=False),
    Column("mapping", String(64), nullable=False),
    Column("counts", Text, nullable=False),
    Column("issues", LargeBinary, nullable=False),
    Column("ledger", LargeBinary, nullable=False),
    Column("bundle", LargeBinary),
)
# That a patient agrees, as a person recorded it for a submission that waits for it.
consents = Table(
    "consents",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("submission", String(64), ForeignKey("submissions.id"), nullable=False),
    Column("hold", String(64), nullable=False),  # the reason for which it waited
    Column("at", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("given", String(10), nullable=False),  # the day on the document
    Column("given_by", String(16), nullable=False),  # patient, representative
    Column("document", Text, nullable=False),  # which document was seen, in a person's words
    Column("place", Text, nullable=False, server_default=""),  # of the record that waited, where one of several did
    Index(None, "submission"),
)
# What needs the consent of its patient: it waits, or it was released by a Consent, which may have been withdrawn since.
holds = Table(
    "holds",
    metadata,
    Column("submission", String(64), ForeignKey("submissions.id"), primary_key=True),
    Column("place", Text, primary_key=True),  # of a record of several; empty for the whole
    Column("hold", String(64), primary_key=True),  # the reason
    Column("patient", String(64), primary_key=True),
    Column("since", String(32), nullable=False),
    Column("consent", String(64), nullable=False),  # the id of the one that it rests on; empty while it waits
    Column("until", String(10), nullable=False),  # the last day of that Consent, where it names one
    Column("released", String(32), nullable=False),  # when it was first; empty: nothing of it was ever stored
    Column("withdrawn", String(32), nullable=False),  # since when no Consent covers it any more; empty: one does
    Index(None, "patient"),
    Index(None, "withdrawn"),
)
# One row a signature of trouble and submission; the failure inbox groups them.
failures = Table(
    "failures",
    metadata,
    Column("submission", String(64), ForeignKey("submissions.id"), primary_key=True),
    Column("signature", String(32), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("first_location", Text, nullable=False),
    Index(None, "signature", "submission"),
)
signatures = Table(
    "signatures",
    metadata,
    Column("signature", String(32), primary_key=True),
    Column("severity", String(16), nullable=False),
    Column("trouble", String(64), nullable=False),  # issue code, or the ledger state of an unmapped leaf
    Column("rule", Text, nullable=False),
    Column("location", Text, nullable=False),  # source locator without indices
    Column("path", Text, nullable=False),  # FHIR element without indices
    Column("system", Text, nullable=False),
    Column("code", Text, nullable=False),  # only for coded fields
    Column("format", String(16), nullable=False),
    Column("first_seen", String(32), nullable=False),
    Column("last_seen", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # open, fixing, fixed, ignored
    Column("owner", String(64)),
    Column("reason", Text),
    Index(None, "state", "last_seen"),
)

# --- FHIR resources -------------------------------------------------------------------------------------------
# Every version; `current` marks the newest. `seq` never changes order, paging goes by it.
resources = Table(
    "resources",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("type", String(48), nullable=False),
    Column("id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("patient", String(64)),  # the Patient whose compartment it is in
    Column("updated", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),  # of the body without meta.versionId and lastUpdated
    Column("submission", String(64)),
    Column("body", LargeBinary, nullable=False),
    Column("labels", Text, nullable=False, server_default=""),  # guarded ones that any version bears, between blanks
    UniqueConstraint("type", "id", "version"),
    Index(None, "type", "seq"),
    Index(None, "patient", "type", "current"),
    Index(None, "updated"),
)
# Which clinic may see which resource: it submitted it or was made a recipient of it.
grants = Table(
    "grants",
    metadata,
    Column("type", String(48), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("clinic", String(64), primary_key=True),
    Index(None, "clinic", "type"),
)
# Search rows of the current version of each resource.
tokens = Table(
    "tokens",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("type", String(48), nullable=False),
    Column("id", String(64), nullable=False),
    Column("parameter", String(64), nullable=False),
    Column("system", Text),
    Column("code", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Index(None, "type", "parameter", "folded"),
    Index(None, "type", "id", "parameter", "folded"),
)
strings = Table(
    "strings",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("type", String(48), nullable=False),
    Column("id", String(64), nullable=False),
    Column("parameter", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("folded", Bytewise, nullable=False),
    Index(None, "type", "parameter", "folded"),
    Index(None, "type", "id"),
)
dates = Table(
    "dates",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("type", String(48), nullable=False),
    Column("id", String(64), nullable=False),
    Column("parameter", String(64), nullable=False),
    Column("low", String(32), nullable=False),
    Column("high", String(32), nullable=False),
    Index(None, "type", "parameter", "low"),
    Index(None, "type", "id", "parameter"),
)
references = Table(
    "references",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("type", String(48), nullable=False),
    Column("id", String(64), nullable=False),
    Column("parameter", String(64), nullable=False),
    Column("target_type", String(48), nullable=False),
    Column("target_id", Text, nullable=False),
    Index(None, "type", "parameter", "target_type", "target_id"),
    Index(None, "target_type", "target_id"),
    Index(None, "type", "id"),
)

# --- matching and cases ---------------------------------------------------------------------------------------
# Blocking keys of each patient, for finding candidates.
patient_keys = Table(
    "patient_keys",
    metadata,
    Column("patient", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Index(None, "key"),
)
# Each pair of Patients of which it was asked whether they are one person, and how it stands; `patient` bears the link.
# State: open, doubted, same, apart; of a submission that is set aside: aside, released, refused.
matches = Table(
    "matches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("actor", String(64), nullable=False),  # who said so last: a rule (gateway) or a person
    Column("patient", String(64), nullable=False),
    Column("candidate", String(64), nullable=False),
    Column("grade", String(16), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("vetoes", Text, nullable=False),  # by their names, a space between
    Column("inputs_sha256", String(64), nullable=False),  # of all that was compared
    Column("submission", String(64), nullable=False),
    Column("clinic", String(64), nullable=False),
    Column("since", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
    Column("put_off", String(32), nullable=False),  # when a person last put it off
    Column("said", LargeBinary),  # Patients as a submission says them that was set aside: they are in no record
    Index(None, "state", "put_off", "since"),
    Index(None, "patient"),
    Index(None, "candidate"),
)
# Everything that a rule or a person decided of who is who, append only.
match_decisions = Table(
    "match_decisions",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("submission", String(64), nullable=False),
    Column("patient", String(64), nullable=False),
    Column("candidate", String(64)),
    Column("grade", String(16), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("inputs_sha256", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("match", String(64)),
    Column("decision", String(16), nullable=False, server_default=""),
    Column("mapping", String(64), nullable=False, server_default=""),  # the version of the rules
    Column("actor", String(64), nullable=False, server_default="gateway"),
    Column("reason", Text, nullable=False, server_default=""),
    Index(None, "patient"),
    Index(None, "match"),
)
cases = Table(
    "cases",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("patient", String(64), nullable=False),
    Column("question", String(64), nullable=False),  # key of the question: the referral's id
    Column("task", String(64), nullable=False),
    Column("state", String(32), nullable=False),
    Column("clinic", String(64), nullable=False),
    Column("opened", String(32), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),  # why it waits or ended
    Column("owner", Text, nullable=False, server_default=""),  # who runs it, as people call them
    Column("complete", String(32), nullable=False, server_default=""),  # when its records were complete
    Column("settled", Text, nullable=False, server_default="{}"),  # JSON: activities that a person ended
    UniqueConstraint("patient", "question"),
)
# Every step of a case, append only.
case_events = Table(
    "case_events",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("case", String(32), ForeignKey("cases.number"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("row", String(16), nullable=False),  # of mappings/cases/states.yaml; empty where no state changed
    Column("before", String(32), nullable=False),
    Column("after", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "case", "seq"),
)

# --- work, deliveries, audit ----------------------------------------------------------------------------------
# Queue and outbox in one: a row is written in the transaction that stores what it is about.
work = Table(
    "work",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("lane", String(160), nullable=False),  # one at a time: a clinic's intake, a patient at a destination
    Column("task", String(16), nullable=False),  # process, deliver
    Column("subject", String(64), nullable=False),  # the submission, the delivery
    Column("due", String(32), nullable=False),
    Column("lease", String(32), nullable=False),
    Column("worker", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Index(None, "task", "due", "seq"),
    Index(None, "lane", "seq"),
)
deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("submission", String(64), ForeignKey("submissions.id"), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("patient", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # waiting, delivered, dead
    Column("bundle", LargeBinary, nullable=False),  # the transaction as it is sent
    Column("sha256", String(64), nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
    Index(None, "destination", "state"),
    Index(None, "submission"),
)
attempts = Table(
    "attempts",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("delivery", String(64), ForeignKey("deliveries.id"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("status", Integer),  # HTTP status; none when there was no answer
    Column("verdict", String(16), nullable=False),  # delivered, retry, dead
    Column("answer", LargeBinary),
    Column("next_try", String(32)),
    Index(None, "delivery", "seq"),
)
audit = Table(
    "audit",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("event", LargeBinary, nullable=False),  # a FHIR AuditEvent of ids and codes, no patient's data
    Column("hash", String(64), nullable=False),  # HMAC-SHA-256 over the hash before and this event
    # Taken from the event for searching; the check of the chain compares them with it.
    Column("agent", String(64), nullable=False),
    Column("subtype", String(32), nullable=False),
    Column("outcome", String(2), nullable=False),
    Index(None, "agent", "seq"),
)
# What each audit event is about, so that "who saw this patient" is one look.
audit_entities = Table(
    "audit_entities",
    metadata,
    Column("audit", Serial, ForeignKey("audit.seq"), primary_key=True),
    Column("type", String(48), primary_key=True),
    Column("id", String(128), primary_key=True),
    Index(None, "type", "id", "audit"),
)

# --- the admin face -------------------------------------------------------------------------------------------
# Who may see a submission unmasked, and until when: the session (or the key), never its cookie.
reveals = Table(
    "reveals",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("submission", String(64), ForeignKey("submissions.id"), primary_key=True),
    Column("until", String(32), nullable=False),
)
# What pressing a button did, under the key that its form was shown with: pressing twice is one effect.
actions = Table(
    "actions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("said", Text, nullable=False),
)
