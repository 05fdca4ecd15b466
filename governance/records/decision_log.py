"""The decision log's entries, Merkle nodes and checkpoints: append-only, in the database itself."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from governance.records.columns import UtcDateTime


class LogEntry(SQLModel, table=True):
    """One leaf: its canonical bytes as text, and what queries filter by. No foreign key leaves or enters this table."""

    __tablename__ = "log_entry"
    __table_args__ = (Index("ix_log_entry_dao", "dao_id", "seq"), Index("ix_log_entry_kind", "kind", "seq"))

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    id: str = Field(unique=True)
    dao_id: str | None = None
    kind: str
    actor: str
    subject: str | None = Field(default=None, index=True)
    leaf: str
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class LogNode(SQLModel, table=True):
    """The hash of one complete subtree (RFC 6962): `level` 0 is a leaf, `position` counts from the left."""

    __tablename__ = "log_node"

    level: int = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class LogCheckpoint(SQLModel, table=True):
    """A signed tree head that was published."""

    __tablename__ = "log_checkpoint"

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    note: str
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
