"""`assent analyse`: has a DAO's texts read."""

import sys
from typing import Annotated

import typer
from tqdm import tqdm

from api.commands.connection import open_api
from api.commands.output import DONE, answer_of, report
from api.settings import Settings
from governance import identity

# Texts per request: each request finds its texts anew, which for a large DAO costs about as much as reading some of them.
_TEXTS = 256


def register(app: typer.Typer) -> None:
    """Add `analyse`."""
    app.command("analyse")(analyse)


def analyse(
    dao: Annotated[str, typer.Argument(help="The DAO's name or id.")],
    proposal: Annotated[str | None, typer.Option(help="Only texts about this proposal (our id).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many texts.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Read posts, vote reasons and proposals with the text models; each text is read once per model.

    Each request is recorded before the next: a killed run goes on where it was.

    Example: assent analyse index-coop.eth --limit 200
    """
    total = {"read": 0, "known": 0, "readings": 0}
    more = True
    bar = tqdm(unit=" texts", desc="reading", disable=not sys.stderr.isatty(), file=sys.stderr)
    with open_api(Settings()) as api, bar:
        while more and total["read"] < limit:
            body: dict[str, object] = {"limit": min(_TEXTS, limit - total["read"])}
            if proposal is not None:
                body["proposal_id"] = proposal
            answer = answer_of(api.post(f"/v1/daos/{identity.dao_id(dao)}/analysis", json=body))
            for name in ("read", "readings"):
                total[name] += int(str(answer[name]))
            total["known"] = max(total["known"], int(str(answer["known"])) - total["read"] + int(str(answer["read"])))
            bar.update(int(str(answer["read"])))
            more = bool(answer["more"])
    if as_json:
        report({**total, "more": more})
    else:
        typer.echo(f"{total['read']} texts read, {total['readings']} readings recorded" + (", more are waiting" if more else ""))
    return DONE
