"""A forum account and a voter's wallet as one person, proved by both: the wallet signs, and the account posts the signature.

Neither side can do it alone, nobody else can use the post (the signature names DAO, forum and account), and it is known
from when it was posted. An edit that takes it out takes the link away.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from governance.approvals import DOMAIN_NAME, DOMAIN_VERSION
from governance.errors import SignatureRefused
from governance.signatures import recover

MARK: Final = "assent-link:"
_LINE: Final = re.compile(rf"{MARK}\s+(0x[0-9a-fA-F]{{40}})\s+(0x[0-9a-fA-F]{{130}})", re.ASCII)


def typed_data(*, dao_id: str, forum: str, account: str, voter: str) -> dict[str, object]:
    """The JSON that the voter's wallet signs with `eth_signTypedData_v4` (EIP-712)."""
    return {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
            "AccountLink": [{"name": name, "type": kind} for name, kind in _FIELDS],
        },
        "primaryType": "AccountLink",
        "domain": {"name": DOMAIN_NAME, "version": DOMAIN_VERSION},
        "message": {"dao": dao_id, "forum": forum, "account": account, "voter": voter},
    }


def proof(voter: str, signature: str) -> str:
    """The line that the account posts."""
    return f"{MARK} {voter} {signature}"


def linked_voter(text: str, *, dao_id: str, forum: str, account: str) -> str | None:
    """The voter, in lower case, that a post of `account` proves to be the same person; None where it proves nothing."""
    found = _LINE.search(text)
    return None if found is None else _checked(found[1].lower(), found[2], dao_id, forum, account)


# A check takes half a millisecond, and a flood may repeat it.
@lru_cache(maxsize=20_000)
def _checked(voter: str, signature: str, dao_id: str, forum: str, account: str) -> str | None:
    said: Mapping[str, object] = typed_data(dao_id=dao_id, forum=forum, account=account, voter=voter)
    try:
        return voter if recover(said, signature).lower() == voter else None
    except SignatureRefused:
        return None


_FIELDS: Final = (("dao", "string"), ("forum", "string"), ("account", "string"), ("voter", "address"))
