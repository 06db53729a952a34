"""The first schema."""

from alembic import op

from gateway.store.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Go back."""
    metadata.drop_all(op.get_bind())
