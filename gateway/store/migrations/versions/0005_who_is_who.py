"""Pairs of records that may be one person's, and who decided what of them."""

import sqlalchemy as sa
from alembic import op

from gateway.core.ids import stable_id

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORDS = (("id", 64), ("state", 16), ("actor", 64), ("patient", 64), ("candidate", 64), ("grade", 16), ("rule", 64))
_MORE = (("inputs_sha256", 64), ("submission", 64), ("clinic", 64), ("since", 32), ("updated", 32), ("put_off", 32))


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "matches",
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in (*_WORDS, *_MORE)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("vetoes", sa.Text(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
    )
    op.create_index(op.f("ix_matches_state_put_off_since"), "matches", ["state", "put_off", "since"])
    op.create_index(op.f("ix_matches_patient"), "matches", ["patient"])
    op.create_index(op.f("ix_matches_candidate"), "matches", ["candidate"])
    with op.batch_alter_table("match_decisions") as batch_op:
        batch_op.add_column(sa.Column("match", sa.String(length=64), nullable=True))
        for name, length, standard in (("decision", 16, ""), ("mapping", 64, ""), ("actor", 64, "gateway")):
            batch_op.add_column(sa.Column(name, sa.String(length=length), server_default=standard, nullable=False))
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
        batch_op.create_index(op.f("ix_match_decisions_match"), ["match"])
    _carry_over()


def _carry_over() -> None:
    """What was decided before: each pair as its newest decision left it, so that old links can be taken back too."""
    names = (*_WORDS, *_MORE, ("version", 0), ("vetoes", 0))
    matches = sa.table("matches", *(sa.column(name) for name, _ in names))
    said = ("seq", "match", "submission", "patient", "candidate", "grade", "rule", "inputs_sha256", "at")
    decided = sa.table("match_decisions", *map(sa.column, said))
    connection, pairs = op.get_bind(), {}
    for row in connection.execute(sa.select(decided).where(decided.c.candidate.is_not(None)).order_by(decided.c.seq)):
        id = stable_id("match", *sorted((row.patient, row.candidate)))
        connection.execute(sa.update(decided).where(decided.c.seq == row.seq).values(match=id))
        pairs[id] = {name: row._mapping[name] for name in ("patient", "candidate", "grade", "rule", "submission")} | {
            "id": id, "state": "same" if row.grade == "certain" else "open", "actor": "gateway", "version": 1,
            "inputs_sha256": row.inputs_sha256, "clinic": "", "since": row.at, "updated": row.at, "put_off": "",
            "vetoes": "",
        }  # fmt: skip
    if pairs:
        connection.execute(sa.insert(matches), list(pairs.values()))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("match_decisions") as batch_op:
        batch_op.drop_index(op.f("ix_match_decisions_match"))
        for name in ("match", "decision", "mapping", "actor", "reason"):
            batch_op.drop_column(name)
    op.drop_table("matches")
