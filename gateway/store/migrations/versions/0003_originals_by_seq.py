"""Originals by the number of their submission; its id alone says which bytes of which clinic it is.

Each index over ids or hashes costs a page of its own for each submission that is stored.
"""

import sqlalchemy as sa
from alembic import op

from gateway.core.errors import StoreError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("submissions") as batch_op:
        batch_op.drop_constraint("uq_submissions_clinic_sha256", type_="unique")
    _renew_originals(sa.Column("submission", _SERIAL, nullable=False), "seq", joined="id")


def downgrade() -> None:
    """Go back to the revision before."""
    _renew_originals(sa.Column("submission", sa.String(length=64), nullable=False), "id", joined="seq")
    with op.batch_alter_table("submissions") as batch_op:
        batch_op.create_unique_constraint("uq_submissions_clinic_sha256", ["clinic", "sha256"])


def _renew_originals(key: sa.Column[object], column: str, *, joined: str) -> None:
    """Make the table anew under another column of its submission, and copy what it held."""
    op.rename_table("originals", "originals_before")
    if op.get_bind().dialect.name == "postgresql":  # there the name of a primary key is the name of an index
        op.execute("ALTER TABLE originals_before RENAME CONSTRAINT pk_originals TO pk_originals_before")
    op.create_table(
        "originals",
        key,
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["submission"], [f"submissions.{column}"], name=op.f("fk_originals_submission")),
        sa.PrimaryKeyConstraint("submission", name=op.f("pk_originals")),
    )
    op.execute(
        f"INSERT INTO originals (submission, body) SELECT s.{column}, b.body "  # noqa: S608 - names of our own
        f"FROM originals_before b JOIN submissions s ON s.{joined} = b.submission ORDER BY s.seq"
    )
    op.drop_table("originals_before")
    _check()


def _check() -> None:
    """SQLite looks at no foreign key while tables are made anew, so all are looked at when that is done."""
    bind = op.get_bind()
    if bind.dialect.name == "sqlite" and bind.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreError
