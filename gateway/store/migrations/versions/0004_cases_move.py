"""What a case knows of itself, and its steps."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("cases") as batch_op:
        for name, standard in (("reason", ""), ("owner", ""), ("settled", "{}")):
            batch_op.add_column(sa.Column(name, sa.Text(), server_default=standard, nullable=False))
        batch_op.add_column(sa.Column("complete", sa.String(length=32), server_default="", nullable=False))
    op.create_table(
        "case_events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("row", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("after", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.number"], name=op.f("fk_case_events_case_cases")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_case_events")),
    )
    op.create_index(op.f("ix_case_events_case_seq"), "case_events", ["case", "seq"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("case_events")
    with op.batch_alter_table("cases") as batch_op:
        for name in ("reason", "owner", "settled", "complete"):
            batch_op.drop_column(name)
