"""`assent approve`: signs a consent with a keystore file, for delegates who work in a terminal."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from eth_account import Account
from eth_account.signers.local import LocalAccount

from api.commands.connection import ApiClient, open_api
from api.commands.output import CommandFailed, answer_of, report, say
from api.settings import Settings
from governance.approvals import FIELDS, Support, as_text, refuse_other, typed_data
from governance.canonical import canonical, digest
from governance.errors import InvalidInput, SignatureRefused

_WORDS = tuple(word.name.lower() for word in Support)


def register(app: typer.Typer) -> None:
    """Add `assent approve`."""
    app.command("approve")(_approve)


def _approve(
    recommendation: Annotated[str, typer.Argument(help="The recommendation's id (rec_…).")],
    *,
    keystore: Annotated[Path, typer.Option(help="Ethereum keystore file (Web3 Secret Storage, version 3).", exists=True, dir_okay=False)],
    support: Annotated[str, typer.Option(help="for, against or abstain.")] = "for",
    password_file: Annotated[Path | None, typer.Option(help="File with the keystore's password.", exists=True, dir_okay=False)] = None,
    password_env: Annotated[str | None, typer.Option(help="Environment variable that holds the keystore's password.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without asking; the change is shown all the same.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Sign for, against or abstain on one exact change, and record it. Nothing is executed.

    What is signed is rebuilt here from the recommendation's document, so a server that asks for a signature over
    something else is refused.

    Example: assent approve rec_abc… --keystore wallet.json --support for

    Exit codes: 0 recorded, 1 failed or refused, 64 wrong usage.
    """
    if support not in _WORDS:
        raise typer.BadParameter(f"one of {', '.join(_WORDS)}", param_hint="--support")
    with open_api(Settings()) as client:
        document = _document(client, recommendation)
        _show(document, support)
        if not yes:
            typer.confirm("Sign this?", abort=True, err=True)
        account = open_keystore(keystore, _password(password_file, password_env))
        answer = sign_and_send(client, recommendation, document, account, Support[support.upper()])
    if as_json:
        report(answer)
    else:
        tally = cast("dict[str, str]", answer["tally"])
        say(f"recorded: {support} by {answer['delegate']}; {recommendation} is {answer['state']}")
        say(f"tally: {tally['for']} for, {tally['against']} against, {tally['abstain']} abstain; {tally['approve']} for approve")


def open_keystore(keystore: Path, password: str) -> LocalAccount:
    """The account in a keystore file.

    Raises:
        CommandFailed: it is no keystore, or the password does not open it.
    """
    try:
        content = json.loads(keystore.read_text(encoding="utf-8"))
        return cast("LocalAccount", Account.from_key(Account.decrypt(content, password)))
    # Depending on what the file holds in place of a keystore, eth-keyfile fails in each of these ways.
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise CommandFailed(f"{keystore}: {error or 'no keystore file'}") from None


def sign_and_send(
    client: ApiClient, recommendation: str, document: dict[str, Any], account: LocalAccount, support: Support
) -> dict[str, object]:
    """Sign what follows from the document, if the server asks for the same, and post it."""
    ours: Any = typed_data(document, delegate=account.address, support=support)
    asked: Any = answer_of(
        client.get(
            f"/v1/recommendations/{recommendation}/typed-data", params={"delegate": account.address, "support": support.name.lower()}
        )
    )
    if set(asked["message"]) != {name for name, _ in FIELDS}:
        raise CommandFailed("the server asks for a signature over another struct than Consent; nothing was signed")
    try:
        refuse_other(as_text(ours["message"]), as_text(asked["message"]), part="message")
        refuse_other(ours["domain"], asked["domain"], part="domain")
    except SignatureRefused as refused:
        raise CommandFailed(f"the server asks for a signature over something else, nothing was signed: {refused.message}") from None
    signature = account.sign_typed_data(full_message=ours).signature.to_0x_hex()
    body = {"message": ours["message"], "domain": ours["domain"], "signature": signature}
    return answer_of(client.post(f"/v1/recommendations/{recommendation}/approvals", json=body))


def _document(client: ApiClient, recommendation: str) -> dict[str, Any]:
    row = answer_of(client.get(f"/v1/recommendations/{recommendation}"))
    document = cast("dict[str, Any]", row["document"])
    try:
        same = digest(document) == row["digest"]
    except InvalidInput:
        same = False
    if not same:
        raise CommandFailed("the document does not have the digest that the server states; nothing was signed")
    return document


def _show(document: dict[str, Any], support: str) -> None:
    say(f"{document['dao']}: {document['kind'].replace('_', ' ')}, signed word: {support}")
    say(f"change   {canonical(document['change']).decode()}")
    say(f"rollback {canonical(document['rollback']).decode()}")
    say(f"until    {document['expires_at']}")
    say(f"why      {ascii(document['reason'])[1:-1]}")


def _password(file: Path | None, variable: str | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    if variable is not None:
        found = os.environ.get(variable)
        if found is None:
            raise CommandFailed(f"the environment variable {variable} is not set")
        return found
    return str(typer.prompt("Keystore password", hide_input=True, err=True))
