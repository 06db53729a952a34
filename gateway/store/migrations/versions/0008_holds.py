"""What needs a consent, record by record: until when it waits, and on which Consent it rests."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_HELD = ("consent-missing", "sensitive-hold")
_submissions = sa.table("submissions", *map(sa.column, ("id", "state", "reason", "patient", "updated")))
_NAMES = ("submission", "place", "hold", "patient", "since", "consent", "until", "released", "withdrawn")
_holds = sa.table("holds", *map(sa.column, _NAMES))


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("consents") as batch_op:
        batch_op.add_column(sa.Column("place", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "holds",
        sa.Column("submission", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("hold", sa.String(length=64), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.Column("consent", sa.String(length=64), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("released", sa.String(length=32), nullable=False),
        sa.Column("withdrawn", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["submission"], ["submissions.id"], name=op.f("fk_holds_submission_submissions")),
        sa.PrimaryKeyConstraint("submission", "place", "hold", "patient", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_patient"), "holds", ["patient"])
    op.create_index(op.f("ix_holds_withdrawn"), "holds", ["withdrawn"])
    s = _submissions.c
    empty = sa.literal("")
    waiting = sa.select(
        s.id, empty, s.reason, sa.func.coalesce(s.patient, ""), s.updated, empty, empty, empty, empty
    ).where(s.state == "quarantined", s.reason.in_(_HELD))
    op.execute(_holds.insert().from_select(_NAMES, waiting))


def downgrade() -> None:
    """Go back."""
    op.drop_table("holds")
    with op.batch_alter_table("consents") as batch_op:
        batch_op.drop_column("place")
