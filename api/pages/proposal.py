"""A proposal on one page: how it may end, what is odd about it, one line a rule, and its calls in words."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.dependencies import ClockDep, ModelsDep, ReadDep
from api.flag_parts import flags_part
from api.kept_readings import READINGS
from api.listing import AsOf, moment
from api.proposal_pages import tally_part
from governance.records.as_of import PROPOSALS, read_one
from governance.records.forecasts import dao_of, recorded
from governance.records.voters_before import known_progress
from governance.workflow.flag import judge

router = APIRouter(prefix="/proposals", include_in_schema=False)

_FOLDER = Path(__file__).parent
# Unicode's Bidi_Control: with one of them a text reads otherwise than it is written.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _named(value: object) -> object:
    """Direction controls by their numbers, [U+202E], so that a reader sees where they stand and that they do nothing."""
    return _DIRECTION.sub(lambda control: f"[U+{ord(control[0]):04X}]", value) if type(value) is str else value


# Whatever a proposal says is shown as text: every value is escaped, and a name that the template mistypes is an error.
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_named
)
_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
# The style is the only thing the browser may use, and only in these very bytes.
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/{proposal_id}")
def proposal(*, proposal_id: str, session: ReadDep, clock: ClockDep, models: ModelsDep, as_of: AsOf = None) -> HTMLResponse:
    """The proposal as known at a time. Nothing is recorded; the forecast is the last one on record."""
    dao_id = dao_of(session, proposal_id)
    at = moment(session, dao_id, as_of, clock())
    row = read_one(session, PROPOSALS, proposal_id, as_of=at)
    flags = flags_part(judge(session, dao_id, proposal_id, as_of=at, reader=lambda: READINGS.before(models.reader())))
    totals = known_progress(session, proposal_id, as_of=at)
    made = recorded(session, proposal_id, as_of=at, after=None, limit=1)
    page = _PAGES.get_template("proposal.html").render(
        style=_STYLE,
        proposal=row,
        as_of=at,
        tally=tally_part(session, row, as_of=at),
        totals=totals[-1] if totals else None,
        forecast=made[0].body if made else None,
        forecast_as_of=made[0].as_of if made else None,
        flags=flags,
    )
    return HTMLResponse(page, headers={"content-security-policy": _POLICY})
