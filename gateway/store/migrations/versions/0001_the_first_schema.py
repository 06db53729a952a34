"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "actions",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_actions")),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("subtype", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=2), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_agent_seq"), ["agent", "seq"], unique=False)

    op.create_table(
        "cases",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("opened", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
        sa.UniqueConstraint("patient", "question", name=op.f("uq_cases_patient_question")),
    )
    op.create_table(
        "clinics",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinics")),
    )
    op.create_table(
        "dates",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parameter", sa.String(length=64), nullable=False),
        sa.Column("low", sa.String(length=32), nullable=False),
        sa.Column("high", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_dates")),
    )
    with op.batch_alter_table("dates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dates_type_id_parameter"), ["type", "id", "parameter"], unique=False)
        batch_op.create_index(batch_op.f("ix_dates_type_parameter_low"), ["type", "parameter", "low"], unique=False)

    op.create_table(
        "grants",
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("type", "id", "clinic", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_clinic_type"), ["clinic", "type"], unique=False)

    op.create_table(
        "match_decisions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("candidate", sa.String(length=64), nullable=True),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("inputs_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_match_decisions")),
    )
    with op.batch_alter_table("match_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_match_decisions_patient"), ["patient"], unique=False)

    op.create_table(
        "patient_keys",
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("patient", "key", name=op.f("pk_patient_keys")),
    )
    with op.batch_alter_table("patient_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_keys_key"), ["key"], unique=False)

    op.create_table(
        "references",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parameter", sa.String(length=64), nullable=False),
        sa.Column("target_type", sa.String(length=48), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_references")),
    )
    with op.batch_alter_table("references", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_references_target_type_target_id"), ["target_type", "target_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_references_type_id"), ["type", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_references_type_parameter_target_type_target_id"),
            ["type", "parameter", "target_type", "target_id"],
            unique=False,
        )

    op.create_table(
        "resources",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=True),
        sa.Column("updated", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_resources")),
        sa.UniqueConstraint("type", "id", "version", name=op.f("uq_resources_type_id_version")),
    )
    with op.batch_alter_table("resources", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_resources_patient_type_current"), ["patient", "type", "current"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_resources_type_seq"), ["type", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_resources_updated"), ["updated"], unique=False)

    op.create_table(
        "signatures",
        sa.Column("signature", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("trouble", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.String(length=32), nullable=False),
        sa.Column("last_seen", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_signatures")),
    )
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signatures_state_last_seen"), ["state", "last_seen"], unique=False)

    op.create_table(
        "strings",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parameter", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_strings")),
    )
    with op.batch_alter_table("strings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_strings_type_id"), ["type", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_strings_type_parameter_folded"), ["type", "parameter", "folded"], unique=False
        )

    op.create_table(
        "tokens",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parameter", sa.String(length=64), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_tokens")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tokens_type_id_parameter_folded"), ["type", "id", "parameter", "folded"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_tokens_type_parameter_folded"), ["type", "parameter", "folded"], unique=False
        )

    op.create_table(
        "work",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lane", sa.String(length=160), nullable=False),
        sa.Column("task", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("due", sa.String(length=32), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_work")),
    )
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_lane_seq"), ["lane", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_task_due_seq"), ["task", "due", "seq"], unique=False)

    op.create_table(
        "audit_entities",
        sa.Column("audit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["audit"], ["audit.seq"], name=op.f("fk_audit_entities_audit")),
        sa.PrimaryKeyConstraint("audit", "type", "id", name=op.f("pk_audit_entities")),
    )
    with op.batch_alter_table("audit_entities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entities_type_id_audit"), ["type", "id", "audit"], unique=False)

    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.Column("expires", sa.String(length=32), nullable=True),
        sa.Column("revoked", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["clinic"], ["clinics.id"], name=op.f("fk_keys_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("sha256", name=op.f("uq_keys_sha256")),
    )
    op.create_table(
        "submissions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("media_type", sa.String(length=128), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.String(length=32), nullable=False),
        sa.Column("updated", sa.String(length=32), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=True),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["clinic"], ["clinics.id"], name=op.f("fk_submissions_clinic")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_submissions")),
        sa.UniqueConstraint("clinic", "sha256", name=op.f("uq_submissions_clinic_sha256")),
        sa.UniqueConstraint("id", name=op.f("uq_submissions_id")),
    )
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submissions_clinic_seq"), ["clinic", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_submissions_patient"), ["patient"], unique=False)
        batch_op.create_index(batch_op.f("ix_submissions_state_seq"), ["state", "seq"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.Column("updated", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_deliveries_submission")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("id", name=op.f("uq_deliveries_id")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_destination_state"), ["destination", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_deliveries_submission"), ["submission"], unique=False)

    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_events_submission")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_submission_seq"), ["submission", "seq"], unique=False)

    op.create_table(
        "failures",
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=32), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_location", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_failures_submission")),
        sa.PrimaryKeyConstraint("submission", "signature", name=op.f("pk_failures")),
    )
    with op.batch_alter_table("failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failures_signature_submission"), ["signature", "submission"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_idempotency_keys_submission")),
        sa.PrimaryKeyConstraint("clinic", "key_sha256", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "originals",
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_originals_submission")),
        sa.PrimaryKeyConstraint("submission", name=op.f("pk_originals")),
    )
    op.create_table(
        "outcomes",
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("made", sa.String(length=32), nullable=False),
        sa.Column("mapping", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("issues", sa.LargeBinary(), nullable=False),
        sa.Column("ledger", sa.LargeBinary(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_outcomes_submission")),
        sa.PrimaryKeyConstraint("submission", name=op.f("pk_outcomes")),
    )
    op.create_table(
        "reveals",
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("until", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_reveals_submission")),
        sa.PrimaryKeyConstraint("session", "submission", name=op.f("pk_reveals")),
    )
    op.create_table(
        "sessions",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["keys.id"], name=op.f("fk_sessions_key")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sessions")),
    )
    op.create_table(
        "attempts",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("next_try", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_attempts_delivery")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_delivery_seq"), ["delivery", "seq"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_delivery_seq"))

    op.drop_table("attempts")
    op.drop_table("sessions")
    op.drop_table("reveals")
    op.drop_table("outcomes")
    op.drop_table("originals")
    op.drop_table("idempotency_keys")
    with op.batch_alter_table("failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failures_signature_submission"))

    op.drop_table("failures")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_submission_seq"))

    op.drop_table("events")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_submission"))
        batch_op.drop_index(batch_op.f("ix_deliveries_destination_state"))

    op.drop_table("deliveries")
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submissions_state_seq"))
        batch_op.drop_index(batch_op.f("ix_submissions_patient"))
        batch_op.drop_index(batch_op.f("ix_submissions_clinic_seq"))

    op.drop_table("submissions")
    op.drop_table("keys")
    with op.batch_alter_table("audit_entities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entities_type_id_audit"))

    op.drop_table("audit_entities")
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_task_due_seq"))
        batch_op.drop_index(batch_op.f("ix_work_lane_seq"))

    op.drop_table("work")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_type_parameter_folded"))
        batch_op.drop_index(batch_op.f("ix_tokens_type_id_parameter_folded"))

    op.drop_table("tokens")
    with op.batch_alter_table("strings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_strings_type_parameter_folded"))
        batch_op.drop_index(batch_op.f("ix_strings_type_id"))

    op.drop_table("strings")
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signatures_state_last_seen"))

    op.drop_table("signatures")
    with op.batch_alter_table("resources", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resources_updated"))
        batch_op.drop_index(batch_op.f("ix_resources_type_seq"))
        batch_op.drop_index(batch_op.f("ix_resources_patient_type_current"))

    op.drop_table("resources")
    with op.batch_alter_table("references", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_references_type_parameter_target_type_target_id"))
        batch_op.drop_index(batch_op.f("ix_references_type_id"))
        batch_op.drop_index(batch_op.f("ix_references_target_type_target_id"))

    op.drop_table("references")
    with op.batch_alter_table("patient_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_keys_key"))

    op.drop_table("patient_keys")
    with op.batch_alter_table("match_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_match_decisions_patient"))

    op.drop_table("match_decisions")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grants_clinic_type"))

    op.drop_table("grants")
    with op.batch_alter_table("dates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dates_type_parameter_low"))
        batch_op.drop_index(batch_op.f("ix_dates_type_id_parameter"))

    op.drop_table("dates")
    op.drop_table("clinics")
    op.drop_table("cases")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_agent_seq"))

    op.drop_table("audit")
    op.drop_table("actions")
