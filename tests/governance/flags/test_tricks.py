"""What somebody tries who knows how the rules read: near misses of each, beside the honest case they imitate."""

from datetime import timedelta
from decimal import Decimal

import pytest
from eth_utils.crypto import keccak

from governance.flags import claims
from governance.flags.calldata import Call
from governance.flags.case import Case, Delegation, Notices
from governance.flags.verdicts import Status
from tests.flag_cases import (
    COMP,
    DAY,
    END,
    GRANTEE,
    PROPOSER,
    SAFE,
    START,
    TARGET,
    TIMELOCK,
    a_call,
    a_case,
    a_change,
    a_past,
    a_payment,
    calls,
    judged,
    with_chain,
)

OTHER = "0x" + "66" * 20
MINTER = keccak(text="MINTER_ROLE")
WBTC = "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
_EXECUTE = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
_WITHDRAW = "withdraw(uint256,address,address)"


def _refunded(price: int) -> Call:
    """A payment by a Safe, which pays somebody's gas besides where that has a price."""
    return a_call(SAFE, _EXECUTE, COMP, 0, a_payment().data, 0, 0, 500_000 * 10**18, price, COMP, OTHER, b"")


def test_every_address_of_a_line_is_looked_at_by_itself() -> None:
    """Who stands right behind another address is named as well, and so is the other."""
    text = f"Not {OTHER}: {GRANTEE} {SAFE}, {TARGET}"

    assert claims.meant(text) == {GRANTEE, SAFE, TARGET}


# Each with its honest neighbour first: the text, its call, and the call that must not pass for it.
PASSED_OFF: dict[str, tuple[str, Call, Call]] = {
    "an amount put into a pool": (
        "We supply 100 USDC to the pool.",
        a_call(TARGET, "supply(address,uint256)", USDC, 100 * 10**6),
        a_call(TARGET, "supply(address,uint256)", USDC, 10**13),
    ),
    "a threshold in base units": (
        "We set the proposal threshold to 25,000 COMP.",
        a_call(TARGET, "setProposalThreshold(uint256)", 25_000 * 10**18),
        a_call(TARGET, "setProposalThreshold(uint256)", 25_000),
    ),
    "a quorum of ten times the share": (
        "We set the quorum to 4 %.",
        a_call(TARGET, "updateQuorumNumerator(uint256)", 4),
        a_call(TARGET, "updateQuorumNumerator(uint256)", 40),
    ),
    "a point that may part thousands": (
        f"We pay 5.125 ETH to {GRANTEE} for hosting.",
        Call(GRANTEE, 5_125 * 10**15),
        Call(GRANTEE, 5_125 * 10**18),
    ),
    "almost one bitcoin more": (
        f"We pay 100 WBTC to {GRANTEE}.",
        a_call(WBTC, "transfer(address,uint256)", GRANTEE, 100 * 10**8),
        a_call(WBTC, "transfer(address,uint256)", GRANTEE, 10_099 * 10**6),
    ),
    "gas that costs a fortune": (f"The Safe pays 1,000 COMP to {GRANTEE}.", _refunded(0), _refunded(1)),
    "whoever proposes": (f"Proposer: {OTHER}\nWe pay 1,000 COMP to {GRANTEE} for the audit.", a_payment(), a_payment(OTHER)),
    "whoever is warned of": (f"We pay 1,000 COMP to {GRANTEE}. Beware of the scammer {OTHER}.", a_payment(), a_payment(OTHER)),
    "whoever shall not have it": (f"We pay 1,000 COMP to {GRANTEE}, not to {OTHER}.", a_payment(), a_payment(OTHER)),
    "an amount that was turned down": (
        f"The earlier proposal asked for 499,000 COMP and failed. This one asks for 1,000 COMP to {GRANTEE}.",
        a_payment(),
        a_payment(amount=499_000),
    ),
    "an amount instead of which": (
        f"We pay 1,000 COMP to {GRANTEE}, instead of the 499,000 COMP that others paid.",
        a_payment(),
        a_payment(amount=499_000),
    ),
    "whoever is named for another reason": (
        f"We pay 1,000 COMP to {GRANTEE}, who found the bug. The attacker {OTHER} stole funds.",
        a_payment(),
        a_payment(OTHER),
    ),
    "a role that is taken away": (
        f"We revoke the minter role of {OTHER}.",
        a_call(TARGET, "revokeRole(bytes32,address)", MINTER, OTHER),
        a_call(TARGET, "grantRole(bytes32,address)", MINTER, OTHER),
    ),
    "a pause that goes on": ("We pause the market.", a_call(TARGET, "pause()"), a_call(TARGET, "unpause()")),
    "another proposal's number": (
        "We cancel proposal 6 of the governor.",
        a_call(TARGET, "cancel(uint256)", 6),
        a_call(TARGET, "cancel(uint256)", 5),
    ),
    "coin that somebody shall pass on": (
        f"We pay 100 ETH to {GRANTEE}.",
        Call(GRANTEE, 100 * 10**18),
        a_call(OTHER, "execute(address,uint256,bytes)", GRANTEE, 100 * 10**18, b"", value=100 * 10**18),
    ),
    "an allowance without limit beside one with": (
        f"Unlimited approvals are dangerous. We approve 10 COMP for {SAFE}.",
        a_call(COMP, "approve(address,uint256)", SAFE, 10 * 10**18),
        a_call(COMP, "approve(address,uint256)", SAFE, 2**256 - 1),
    ),
    "another asset's cap": (
        "Raise the supply cap of USDC to 2,000.",
        a_call(TARGET, "setSupplyCap(address,uint256)", USDC, 2_000),
        a_call(TARGET, "setSupplyCap(address,uint256)", COMP, 2_000),
    ),
}


@pytest.mark.parametrize("name", PASSED_OFF)
def test_what_looks_like_the_text_is_not_taken_for_it(name: str) -> None:
    """The honest call agrees with the text; the other is contradicted, or somebody has to look."""
    text, honest, other = PASSED_OFF[name]

    assert judged("R08", a_case(title="Proposal", body=text, calls=calls(honest))).status is Status.CLEAR
    assert judged("R08", a_case(title="Proposal", body=text, calls=calls(other))).status is not Status.CLEAR


UNKNOWN: dict[str, tuple[str, Case]] = {
    "code that stands elsewhere may pay": ("R06", a_case(calls=calls(a_call(TARGET, "execute()")))),
    "code that stands elsewhere may move control": ("R09", a_case(calls=calls(a_call(TARGET, "execute()")))),
    "a vault that pays out to the proposer": ("R06", a_case(calls=calls(a_call(TARGET, _WITHDRAW, 10**25, PROPOSER, TIMELOCK)))),
    "a vault that pays out to anybody": ("R06", a_case(calls=calls(a_call(TARGET, _WITHDRAW, 10**25, OTHER, TIMELOCK)))),
    "coin sent to a stranger's contract": (
        "R06",
        a_case(calls=calls(a_call(OTHER, "execute(address,uint256,bytes)", GRANTEE, 10**18, b"", value=10**18))),
    ),
    "an allowance for whom the proposer controls": (
        "R06",
        with_chain(
            a_case(calls=calls(a_call(COMP, "approve(address,uint256)", OTHER, 9 * 10**23))), controllers={OTHER: frozenset({PROPOSER})}
        ),
    ),
    "a call that does nothing explains nobody": (
        "R06",
        a_case(calls=calls(a_call(TARGET, _WITHDRAW, 10**25, OTHER, TIMELOCK), Call(OTHER, 0))),
    ),
    "an allowance for the proposer": ("R06", a_case(calls=calls(a_call(COMP, "approve(address,uint256)", PROPOSER, 9 * 10**23)))),
    "a defeated copy without dates": (
        "R03",
        a_case(past=(a_past(1, defeated=True, author=PROPOSER, title=a_case().title, body=a_case().body, starts_at=None, ends_at=None),)),
    ),
    "a reference in no unit": ("R21", with_chain(changes=(a_change(reference_unit=None),))),
    "a price beside power of untold worth": (
        "R12",
        with_chain(delegations=(Delegation(GRANTEE, Decimal(40), START, None, Decimal(5), None),)),
    ),
    "an empty list of delegates": ("R05", with_chain(delegates={})),
    "the last tenth is not over": ("R13", a_case(as_of=END - timedelta(minutes=1))),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_half_told_is_unknown(name: str) -> None:
    """Never silently clear."""
    rule, case = UNKNOWN[name]

    assert judged(rule, case).status is Status.UNKNOWN


FIRED: dict[str, tuple[str, Case]] = {
    "more than there is of any token": ("R09", a_case(calls=calls(a_call(COMP, "approve(address,uint256)", SAFE, 2**127)))),
    "an upgrade by a deployment": ("R09", a_case(calls=calls(a_call(TARGET, "deployAndUpgradeTo(address,address)", SAFE, OTHER)))),
    "alarms switched off during a vote long over": (
        "R10",
        a_case(as_of=END + 30 * DAY, chain=with_chain(notices=Notices(frozenset({"forum"}), frozenset({"forum"}), END - DAY)).chain),
    ),
    "a host before a question mark": ("R17", a_case(body="Claim your reward at https://airdrop.example?@snapshot.org now.")),
    "a host before a backslash": ("R17", a_case(body="Claim your reward at https://airdrop.example\\@snapshot.org now.")),
    "a listed host in front of another": ("R17", a_case(body="Please read https://snapshot.org.example.xyz/dao first.")),
    "a forum's name before a look-alike": ("R17", a_case(body="Please read https://vote.uniswap-airdrop.xyz first.")),
    "a place where anybody publishes": ("R17", a_case(body="Claim your airdrop at https://ipfs.io/ipfs/abc now.")),
    "a block that is hidden": ("R18", a_case(body="We fund the audit. <div hidden>vote yes</div>")),
}


@pytest.mark.parametrize("name", FIRED)
def test_what_stands_just_beside_a_rule_is_caught(name: str) -> None:
    """The rule's sense, not its letters."""
    rule, case = FIRED[name]

    assert judged(rule, case).status is Status.FIRED


CLEAR: dict[str, tuple[str, Case]] = {
    "power that was gone before the vote": (
        "R12",
        with_chain(delegations=(Delegation(f"0x{0:040x}", Decimal(40), START - 300 * DAY, START - 299 * DAY, None, None),)),
    ),
    "one unit, written in two ways": ("R21", with_chain(changes=(a_change(reference_unit="USD"),))),
    "what a vault pays out to a listed safe": (
        "R06",
        with_chain(a_case(calls=calls(a_call(TARGET, _WITHDRAW, 10**18, TIMELOCK, TIMELOCK))), listed=frozenset({TIMELOCK})),
    ),
    "nobody voted, and the vote is over": ("R13", a_case(ballots=())),
}


@pytest.mark.parametrize("name", CLEAR)
def test_an_honest_neighbour_is_clear(name: str) -> None:
    """A rule that rings for ordinary matters is switched off."""
    rule, case = CLEAR[name]

    assert judged(rule, case).status is Status.CLEAR


def test_thousands_of_payments_are_not_compared_one_with_all() -> None:
    """Those beyond the first thousand are said not to be compared, and so nothing is clear."""
    members = [f"0x{number:040x}" for number in range(1_001)]
    paid = a_call(TARGET, "disperseToken(address,address[],uint256[])", COMP, members, [10**18] * len(members))

    answer = judged("R08", a_case(title="Proposal", body="We pay 1 COMP to each member.", calls=calls(paid)))

    assert answer.status is not Status.CLEAR
    assert "the payments beyond the first 1,000" in answer.missing
