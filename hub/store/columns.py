"""Kinds of columns that mean the same in each database."""

import sqlalchemy as sa

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Compared and ordered byte by byte, as SQLite does it, whatever the server's language is."""
