"""Reads what imports refused."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, and_, col, select

from governance.records.access import ImportRefusal


def refusals(session: Session, *, file: str | None, after: tuple[str, int, str] | None, limit: int) -> Sequence[ImportRefusal]:
    """What was refused, by file, row and id, from behind `after`; only of `file`, when given."""
    order = col(ImportRefusal.file), col(ImportRefusal.row_number), col(ImportRefusal.id)
    query = select(ImportRefusal).order_by(*order).limit(limit)
    if file is not None:
        query = query.where(order[0] == file)
    if after is not None:
        last_file, row, id_ = after
        behind = and_(order[0] == last_file, or_(order[1] > row, and_(order[1] == row, order[2] > id_)))
        query = query.where(or_(order[0] > last_file, behind))
    return session.exec(query).all()
