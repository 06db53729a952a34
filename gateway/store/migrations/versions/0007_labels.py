"""Which labels a resource bears, and which of those a key is shown; keys of before are shown what they were."""

import sqlalchemy as sa
from alembic import op

from gateway.core.fhirjson import read_own
from gateway.core.labels import guarded

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_resources = sa.table("resources", *map(sa.column, ("seq", "type", "id", "labels")), sa.column("body", sa.LargeBinary))
_keys = sa.table("keys", sa.column("role"), sa.column("sees"))


def upgrade() -> None:
    """Go to this revision."""
    for name, column in (("resources", "labels"), ("keys", "sees")):
        with op.batch_alter_table(name) as batch_op:
            batch_op.add_column(sa.Column(column, sa.Text(), server_default="", nullable=False))
    op.execute(_keys.update().where(_keys.c.role == "reader").values(sees="all"))
    rows = op.get_bind().execute(sa.select(_resources.c.type, _resources.c.id, _resources.c.body))
    found: dict[tuple[str, str], set[str]] = {}
    for type, id, body in rows:
        if b'"security"' in body:
            found.setdefault((type, id), set()).update(guarded(read_own(body)))
    for (type, id), codes in found.items():
        of_it = sa.and_(_resources.c.type == type, _resources.c.id == id)
        op.execute(_resources.update().where(of_it).values(labels=f" {' '.join(sorted(codes))} " if codes else ""))


def downgrade() -> None:
    """Go back."""
    for name, column in (("resources", "labels"), ("keys", "sees")):
        with op.batch_alter_table(name) as batch_op:
            batch_op.drop_column(column)
