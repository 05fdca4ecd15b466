"""Links in a text: which hosts governance texts commonly name, and which only look like one of them."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_LINK: Final = re.compile(
    r"(?:https?://|www\.)([^\s/<>()\[\]\"'`]{4,255})(?:/[^\s<>()\[\]\"'`]*)?"
    r"|\b((?:t\.me|bit\.ly|tinyurl\.com|linktr\.ee|cutt\.ly)/[^\s<>()\[\]\"'`]+)",
    re.IGNORECASE,
)
_HOST_ENDS: Final = re.compile(r"[?#\\]")
# Hosts where governance is discussed, filed, archived and checked, and their subdomains. Hosts on which anybody can publish
# anything under their own name (documents, pages, short links, chats) are not among them.
TRUSTED: Final = frozenset(
    [
        "snapshot.org", "snapshot.page", "snapshot.box", "tally.xyz", "commonwealth.im", "boardroom.info", "aragon.org", "daohaus.club",
        "daostack.io", "alchemy.do", "decentraland.org", "decentraland.vote", "github.com", "githubusercontent.com", "gitlab.com",
        "etherscan.io", "bscscan.com", "polygonscan.com", "arbiscan.io", "ftmscan.com", "snowtrace.io", "gnosisscan.io", "basescan.org",
        "blockscout.com", "dune.com", "dune.xyz", "defillama.com", "coingecko.com", "coinmarketcap.com", "opensea.io", "uniswap.org",
        "aave.com", "compound.finance", "curve.fi", "balancer.fi", "balancer.finance", "makerdao.com", "makerdao.network",
        "yearn.finance", "sushi.com", "pancakeswap.finance", "synthetix.io", "ens.domains", "gitcoin.co", "gnosis.io", "safe.global",
        "gnosis-safe.io", "arbitrum.foundation", "arbitrum.io", "optimism.io", "polygon.technology", "chain.link", "lido.fi",
        "rocketpool.net", "bancor.network", "indexcoop.com", "badger.finance", "aura.finance", "convexfinance.com", "frax.finance",
        "nouns.wtf", "aavegotchi.com", "metamask.io", "ethereum.org", "eips.ethereum.org", "wikipedia.org", "youtube.com", "youtu.be",
        "imgur.com", "w3.org", "loom.com", "poap.xyz", "coindesk.com",
        "cointelegraph.com", "reuters.com", "bloomberg.com",
    ]
)  # fmt: skip
_FORUM: Final = re.compile(r"^(?:forum|gov|governance|discuss|research|community|dao|vote|docs?|wiki|blog|commonwealth|talk|discourse)\.")
# Names whose look-alikes are worth a thief's while. The name itself under another ending is not judged: too many are genuine.
_KNOWN: Final = {
    "aave": "aave.com", "arbitrum": "arbitrum.io", "balancer": "balancer.fi", "binance": "binance.com", "coinbase": "coinbase.com",
    "compound": "compound.finance", "decentraland": "decentraland.org", "etherscan": "etherscan.io", "github": "github.com",
    "makerdao": "makerdao.com", "metamask": "metamask.io", "opensea": "opensea.io", "pancakeswap": "pancakeswap.finance",
    "snapshot": "snapshot.org", "sushiswap": "sushi.com", "synthetix": "synthetix.io", "tornado": "tornado.cash", "uniswap": "uniswap.org",
    "walletconnect": "walletconnect.com", "yearn": "yearn.finance",
}  # fmt: skip
_CONFUSED: Final = str.maketrans("013457\u0131\u0430\u0435\u043e\u0440\u0441\u0445\u0456", "oleastiaeopcxi")
_LURES: Final = re.compile(r"(?:airdrop|claim|reward|bonus|gift|giveaway|drop|mint|free|token|app|support|verify|wallet|dao)")


@dataclass(frozen=True, slots=True)
class Link:
    """A link's host in lower case, and where it stands."""

    host: str
    start: int
    end: int


def links(text: str) -> list[Link]:
    """The links of the text; a host is what stands between the scheme and the path, without user and port."""
    found = []
    for match in _LINK.finditer(text):
        # As browsers read it: a query, a fragment or a backslash ends the host, whatever stands behind it.
        authority = _HOST_ENDS.split(match[1] or match[2].partition("/")[0])[0]
        host = authority.lower().rpartition("@")[2].partition(":")[0].rstrip(".,;:!?)*_")
        if "." in host:
            found.append(Link(host.removeprefix("www."), match.start(), match.end()))
    return found


def is_trusted(host: str) -> bool:
    """Whether governance texts commonly link to it: a listed host or one below it, or a forum by its name."""
    return _is_listed(host) or (_FORUM.match(host) is not None and looks_like(host) is None)


def _is_listed(host: str) -> bool:
    parts = host.split(".")
    return any(".".join(parts[place:]) in TRUSTED for place in range(len(parts)))


def looks_like(host: str) -> str | None:
    """The known name that the host imitates: with other letters, a letter off, a lure and another ending, or a listed host in front."""
    parts = host.split(".")
    if len(parts) < 2 or _is_listed(host):
        return None
    for front in (".".join(parts[:end]) for end in range(2, len(parts) - 1)):
        if front in TRUSTED:
            return front
    name = parts[-2]
    plain = _plain(name)
    for known, genuine in _KNOWN.items():
        if name == known:
            continue
        lured = plain.startswith((f"{known}-", known)) and _LURES.fullmatch(plain.removeprefix(known).strip("-")) is not None
        if (plain == known and name != known) or lured or (len(known) > 6 and _one_off(plain, known)):
            return genuine
    return None


def _plain(name: str) -> str:
    """The name as the eye reads it: punycode written out, accents dropped, letters that look alike made one."""
    if name.startswith("xn--"):
        try:
            name = name[4:].encode().decode("punycode")
        except UnicodeError:
            return name
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return bare.translate(_CONFUSED).replace("rn", "m")


def _one_off(one: str, other: str) -> bool:
    """Whether one letter is missing, added, changed, or exchanged with its neighbour."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    place = next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[place:], other[place:]
    return rest[1:] == others[1:] or rest == others[1:] or rest[1:] == others or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
