"""R08: a text that says one thing over calls that do another fires; honest texts, however they are phrased, do not."""

from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.flags import claims
from governance.flags.calldata import Call
from governance.flags.verdicts import Answer, Status
from tests.flag_cases import COMP, GRANTEE, PROPOSER, SAFE, TARGET, TIMELOCK, a_call, a_case, a_payment, calls, judged, with_chain

USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
OTHER = "0x" + "f6" * 20
CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
UNNAMED_TOKEN = "0x" + "77" * 20
ROLE = "grantRole(bytes32,address)"
MINTER = bytes.fromhex("9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a6")
LTV = "configureReserveAsCollateral(address,uint256,uint256,uint256)"


def held(body: str, *made: Call, title: str = "Proposal", **rest: Any) -> Answer:
    """What R08 says of a text over calls."""
    return judged("R08", a_case(title=title, body=body, calls=calls(*made), **rest))


def usdc(to: str, amount: str) -> Call:
    return a_call(USDC, "transfer(address,uint256)", to, int(amount) * 10**4 // 10**4 * 10**6)


def approve(amount: int, spender: str = SAFE, token: str = COMP) -> Call:
    return a_call(token, "approve(address,uint256)", spender, amount)


def parameter(signature: str, *arguments: Any) -> Call:
    return a_call(TARGET, signature, *arguments)


def control(signature: str, *arguments: Any) -> Call:
    return a_call(TARGET, signature, *arguments)


FIRED: dict[str, tuple[str, list[Call]]] = {
    "a hidden payment beside the one named": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), a_payment(OTHER, 5_000)]),
    "a hidden payment to the one named": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), a_payment(GRANTEE, 5_000)]),
    "a hidden payment within a claimed budget": (
        f"Of a budget of 6,000 COMP we pay 1,000 COMP to {GRANTEE}.",
        [a_payment(), a_payment(OTHER, 5_000)],
    ),
    "one amount paid twice": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), a_payment()]),
    "the same amount to somebody else too": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), a_payment(OTHER)]),
    "more than the total": (
        f"Pay 400 COMP to {GRANTEE} and 600 COMP to {SAFE}, a total of 1,000 COMP, each when due.",
        [a_payment(GRANTEE, 400), a_payment(SAFE, 600), a_payment(SAFE, 600)],
    ),
    "recipients exchanged": (
        f"- {GRANTEE}: 1,000 COMP\n- {SAFE}: 50 COMP\nThese are the payments.",
        [a_payment(GRANTEE, 50), a_payment(SAFE, 1_000)],
    ),
    "a hidden payment in a batch": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_payment(), a_call(COMP, "multicall(bytes[])", [a_payment(OTHER, 9).data])],
    ),
    "a hidden payment named in a comment that nobody sees": (
        f"Pay 1,000 COMP to {GRANTEE}.<!-- and 5,000 COMP to {OTHER} -->",
        [a_payment(), a_payment(OTHER, 5_000)],
    ),
    "a link whose address is another than its label": (
        f"Pay 1,000 COMP to [{GRANTEE}](https://etherscan.io/address/{OTHER}).",
        [a_payment(OTHER)],
    ),
    "another amount": (f"We send 1.2m USDC to {GRANTEE}.", [usdc(GRANTEE, "12000000")]),
    "another token": (f"Pay 1,000 USDC to {GRANTEE} for the audit.", [a_payment()]),
    "another token that the text happens to name": (f"Pay 1,000 USDC to {GRANTEE}. COMP holders were asked.", [a_payment()]),
    "a second token": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), usdc(GRANTEE, "9000")]),
    "a second token that nobody knows": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_payment(), a_call(UNNAMED_TOKEN, "transfer(address,uint256)", GRANTEE, 77 * 10**18)],
    ),
    "coin sent to somebody": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), Call(GRANTEE, 3 * 10**18)]),
    "more coin than named": (f"Send 1.5 ETH to {GRANTEE} for gas.", [Call(GRANTEE, 15 * 10**18)]),
    "coin kept by a batch": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_call(OTHER, "execute(address,uint256,bytes)", COMP, 0, a_payment().data, value=40 * 10**18)],
    ),
    "a payment under another matter": (
        "We would like the logo to be blue. The old one is red, and most of us agree that it is time.",
        [a_payment(OTHER, 499_000)],
    ),
    "a payment that the text denies": ("This is about our name. It does not transfer any funds.", [a_payment()]),
    "a payment under a signal": ("This is a temperature check only on whether to fund the audit.", [a_payment()]),
    "an allowance without limit": (f"Approve {SAFE} to spend 1,000 COMP.", [approve(2**256 - 1)]),
    "an allowance of all that 96 bits hold": (f"Approve {SAFE} to spend 1,000 COMP.", [approve(2**96 - 1)]),
    "an allowance above what is named": (f"Approve {SAFE} to spend 1,000 COMP.", [approve(1_001 * 10**18)]),
    "an allowance for somebody else": (f"Approve {SAFE} to spend 1,000 COMP.", [approve(1_000 * 10**18, OTHER)]),
    "an increase for somebody else": (
        f"Allow {SAFE} to spend 1,000 COMP.",
        [a_call(COMP, "increaseAllowance(address,uint256)", OTHER, 10**18)],
    ),
    "an allowance that borrows a payment's amount": (
        f"Pay 1,000 COMP to {GRANTEE}. Approve {SAFE} for 5 COMP.",
        [a_payment(), approve(1_000 * 10**18)],
    ),
    "a payment in a picture's description": (
        f"Pay 1,000 COMP to {GRANTEE}. ![5,000 COMP to {OTHER}](https://tide.org/x.png)",
        [a_payment(), a_payment(OTHER, 5_000)],
    ),
    "a payment in words that are not shown": (
        f"Pay 1,000 COMP to {GRANTEE}. <span style='display:none'>5,000 COMP to {OTHER}</span>",
        [a_payment(), a_payment(OTHER, 5_000)],
    ),
    "a payment in a link's query": (
        f"Pay 1,000 COMP to {GRANTEE}, see https://tide.org/?sum=5000.",
        [a_payment(), a_payment(GRANTEE, 5_000)],
    ),
    "an agreement that is no number of times": (
        f"Pay 1,000 COMP as per agreement to {GRANTEE}.",
        [a_payment(), a_payment()],
    ),
    "what the treasury holds in place of what is asked": (
        f"Fund {GRANTEE} with 1,000 COMP. The treasury holds 5,000,000 COMP.",
        [a_payment(GRANTEE, 5_000_000)],
    ),
    "a second payment to one of two": (
        f"Pay 500 COMP to {GRANTEE} and 500 COMP to {SAFE}.",
        [a_payment(GRANTEE, 500), a_payment(SAFE, 500), a_payment(SAFE, 500)],
    ),
    "a collectible for somebody else": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_payment(), a_call(TARGET, "safeTransferFrom(address,address,uint256)", TIMELOCK, OTHER, 7)],
    ),
    "a stranger in a text that also names a friend": (
        f"Pay 1,000 COMP to {GRANTEE}. Questions go to helper.tide.eth.",
        [a_payment(OTHER)],
    ),
    "a stranger in a text that says where the money comes from": (
        f"From our Safe {SAFE} we pay 1,000 COMP to {GRANTEE}.",
        [a_payment(OTHER)],
    ),
    "a payment to nobody": ("We pay nobody, and thank the council.", [a_payment()]),
    "a signer who alone decides": (
        f"We add the signer {GRANTEE} and keep the threshold at 4.",
        [a_call(TARGET, "addOwnerWithThreshold(address,uint256)", GRANTEE, 1)],
    ),
    "a price feed of somebody else": (
        f"Change the price feed of WETH to {SAFE}.",
        [control("setFeed(string,address)", "WETH", OTHER)],
    ),
    "more coin through a bridge": (
        f"Send 10 ETH to {GRANTEE} on Arbitrum.",
        [
            a_call(
                TARGET,
                "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,bytes)",
                *(GRANTEE, 10**20, 1, SAFE, SAFE, 1, 1, b""),
                value=10**20 + 10**16,
            )
        ],
    ),
    "a kink that differs": (
        "Set the borrow kink to 85 % and the supply kink to 80 %.",
        [parameter("setBorrowKink(address,uint64)", SAFE, 10**17)],
    ),
    "a threshold that differs": (
        "Reduce the proposal threshold from 25,000 to 10,000 COMP.",
        [control("_setProposalThreshold(uint256)", 10**18)],
    ),
    "a cap for another asset": (
        "Raise the supply cap of WETH from 10,000 to 12,000.",
        [parameter("setSupplyCap(address,uint256)", SAFE, 12_000), parameter("setSupplyCap(address,uint256)", OTHER, 9_000_000)],
    ),
    "a delay beside a guardian": (
        f"We update the guardian to {SAFE}.",
        [control("setGuardian(address)", SAFE), control("setDelay(uint256)", 0)],
    ),
    "what is filed under another word": (
        "We thank the keepers for their patience with the auctions.",
        [parameter("file(bytes32,uint256)", b"Line".ljust(32, b"\0"), 10**60)],
    ),
    "an allowance that is not mentioned": (
        "The forum gets a new theme, with larger letters for those of us who are no longer young.",
        [approve(10**18, OTHER)],
    ),
    "an allowance of another token": (f"Allow {SAFE} to spend 1,000 USDC.", [approve(10**18)]),
    "a share that differs": ("Change the reserve factor from 15 % to 25 %.", [parameter("setReserveFactor(address,uint256)", SAFE, 9_000)]),
    "a share in basis points that differs": (
        "The liquidation threshold of this asset goes from 8,000 bps to 8,300 bps.",
        [parameter(LTV, SAFE, 0, 9_300, 10_500)],
    ),
    "a cap that differs": (
        "We raise the supply cap from 1,000 to 2,000 tokens.",
        [parameter("setSupplyCap(address,uint256)", SAFE, 2_000_000)],
    ),
    "an arrow whose end differs": ("Borrow cap: 1.2m → 2.5m", [parameter("setBorrowCap(address,uint256)", SAFE, 25_000_000)]),
    "a table whose new value differs": (
        "| Parameter | Current | Proposed |\n|---|---|---|\n| Reserve factor | 10 % | 20 % |\n",
        [parameter("setReserveFactor(address,uint256)", SAFE, 9_900)],
    ),
    "a factor of 10^18 that differs": (
        "The collateral factor of UNI becomes 0.65.",
        [parameter("_setCollateralFactor(address,uint256)", SAFE, 95 * 10**16)],
    ),
    "a fee of 10^18 that differs": ("Set the swap fee to 0.3 %.", [parameter("setSwapFeePercentage(uint256)", 3 * 10**17)]),
    "a parameter that is not mentioned": (
        "We thank the moderators for their patience and wish them a good holiday.",
        [parameter("setReserveFactor(address,uint256)", SAFE, 9_000)],
    ),
    "a voting delay that differs": ("The voting delay should be 2 days.", [control("setVotingDelay(uint48)", 60)]),
    "a timelock delay that differs": ("We lengthen the timelock delay to 3 days.", [control("setDelay(uint256)", 3_600)]),
    "a quorum that differs": ("The quorum goes from 4% to 5%.", [control("updateQuorumNumerator(uint256)", 1)]),
    "another owner": (f"Transfer the ownership of the registry to {SAFE}.", [control("transferOwnership(address)", OTHER)]),
    "another code": (f"Upgrade the proxy to the implementation {SAFE}.", [control("upgradeTo(address)", OTHER)]),
    "another guardian": (f"The new guardian is {SAFE}, as elected.", [control("setGuardian(address)", OTHER)]),
    "another role": (f"We grant the pauser role to {SAFE}.", [control(ROLE, bytes(32), SAFE)]),
    "a role for somebody else": (f"We grant the minter role to {SAFE}.", [control(ROLE, MINTER, OTHER)]),
    "an owner that the text says stays": (
        f"Pay 1,000 COMP to {GRANTEE}. This does not change the owner of the token.",
        [a_payment(), control("transferOwnership(address)", GRANTEE)],
    ),
    "an owner that stays unchanged by the text": (
        f"Pay 1,000 COMP to {GRANTEE}. Ownership remains unchanged.",
        [a_payment(), control("transferOwnership(address)", GRANTEE)],
    ),
    "a transfer that is none of money": (
        f"Transfer 1,000 COMP to {GRANTEE}.",
        [a_payment(), control("transferOwnership(address)", GRANTEE)],
    ),
    "tokens created beside a grant": (f"A grant of 1,000 COMP to {GRANTEE}.", [a_payment(), control("mint(uint256)", 10**27)]),
    "more tokens created than named": (f"Mint 500 COMP to {GRANTEE}.", [a_call(COMP, "mint(address,uint256)", GRANTEE, 5 * 10**23)]),
    "a module beside a payment": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), a_call(SAFE, "enableModule(address)", OTHER)]),
    "new code where the text says there is none": (
        f"No contract changes. The implementation {SAFE} is only documented.",
        [control("upgradeTo(address)", SAFE)],
    ),
}
CLEAR: dict[str, tuple[str, list[Call]]] = {
    "one payment": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment()]),
    "a payment with a large factor": (f"We send 1.2m USDC to {GRANTEE}.", [usdc(GRANTEE, "1200000")]),
    "dollars in a stable coin": (f"We ask for $50k in USDC, paid to {GRANTEE}.", [usdc(GRANTEE, "50000")]),
    "dollars alone": (f"Budget: $50,000, sent to {GRANTEE}.", [usdc(GRANTEE, "50000")]),
    "cents": (f"Reimburse 25,000.00 USDC to {GRANTEE}.", [usdc(GRANTEE, "25000")]),
    "the token before the number": (f"Payment of USDC 25,000 to {GRANTEE}.", [usdc(GRANTEE, "25000")]),
    "small letters": (f"send 25000 usdc to {GRANTEE}", [usdc(GRANTEE, "25000")]),
    "marks of emphasis": (f"Send **25,000** `USDC` to **{GRANTEE}**.", [usdc(GRANTEE, "25000")]),
    "fields apart": (f"Amount: 25,000\nToken: USDC\nRecipient: {GRANTEE}\n", [usdc(GRANTEE, "25000")]),
    "a checksummed address": (f"Send 25,000 USDC to {CHECKSUMMED}.", [usdc(CHECKSUMMED.lower(), "25000")]),
    "a link to an explorer": (
        f"Send 25,000 USDC to [our Safe](https://etherscan.io/address/{CHECKSUMMED}).",
        [usdc(CHECKSUMMED.lower(), "25000")],
    ),
    "a table with its token in the head": (
        f"| Recipient | Amount (USDC) |\n|---|---:|\n| {GRANTEE} | 25,000 |\n| {SAFE} | 7,500 |\n",
        [usdc(GRANTEE, "25000"), usdc(SAFE, "7500")],
    ),
    "a table with its token beside": (
        f"| Who | How much | Token |\n| --- | --- | --- |\n| {GRANTEE} | 25,000 | USDC |\n| {SAFE} | 1,000 | COMP |\n",
        [usdc(GRANTEE, "25000"), a_payment(SAFE)],
    ),
    "the same for each": (f"Pay 500 COMP each to {GRANTEE} and {SAFE}.", [a_payment(GRANTEE, 500), a_payment(SAFE, 500)]),
    "one sum for several": (
        f"Pay a total of 1,000 COMP to {GRANTEE} and {SAFE}.",
        [a_payment(GRANTEE, 300), a_payment(SAFE, 700)],
    ),
    "two tokens": (f"Pay 25k USDC and 1,000 COMP to {GRANTEE}.", [usdc(GRANTEE, "25000"), a_payment()]),
    "coin": (f"Send 1.5 ETH to {GRANTEE} for gas.", [Call(GRANTEE, 15 * 10**17)]),
    "coin in its smallest unit": (f"Send 1,500,000,000 gwei to {GRANTEE}.", [Call(GRANTEE, 15 * 10**17)]),
    "a payment through a timelock": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_call(TIMELOCK, "schedule(address,uint256,bytes,bytes32,bytes32,uint256)", COMP, 0, a_payment().data, bytes(32), bytes(32), 9)],
    ),
    "an allowance": (f"Approve {SAFE} to spend up to 1,000 COMP.", [approve(1_000 * 10**18)]),
    "an allowance below what is named": (f"Approve {SAFE} to spend up to 1,000 COMP.", [approve(999 * 10**18)]),
    "an allowance that is said to be without limit": (f"Give {SAFE} an unlimited allowance of COMP.", [approve(2**256 - 1)]),
    "an allowance taken back": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), approve(0, OTHER)]),
    "a share": ("Change the reserve factor from 15 % to 25 %.", [parameter("setReserveFactor(address,uint256)", SAFE, 2_500)]),
    "a share in basis points": ("Set the reserve factor to 2500 bps.", [parameter("setReserveFactor(address,uint256)", SAFE, 2_500)]),
    "a share before its name": ("We propose a 25% reserve factor.", [parameter("setReserveFactor(address,uint256)", SAFE, 2_500)]),
    "an arrow": ("Borrow cap: 1.2m → 2.5m", [parameter("setBorrowCap(address,uint256)", SAFE, 2_500_000)]),
    "a table of values": (
        (
            "| Parameter | Current | Proposed |\n|---|---|---|\n| LTV | 70 % | 72 % |\n| Liquidation threshold | 75 % | 77.5 % |\n"
            "| Liquidation bonus | 5 % | 6 % |\n"
        ),
        [parameter(LTV, SAFE, 7_200, 7_750, 10_600)],
    ),
    "a table of assets": (
        "| Asset | Current supply cap | New supply cap |\n|---|---|---|\n| WETH | 1,000 | 2,000 |\n",
        [parameter("setSupplyCap(address,uint256)", SAFE, 2_000)],
    ),
    "a factor of 10^18": (
        "The collateral factor of UNI becomes 0.65.",
        [parameter("_setCollateralFactor(address,uint256)", SAFE, 65 * 10**16)],
    ),
    "a fee of 10^18": ("Set the swap fee to 0.3 %.", [parameter("setSwapFeePercentage(uint256)", 3 * 10**15)]),
    "a fee of a million": ("Open a fee tier of 1 bps with a tick spacing of 1.", [parameter("enableFeeAmount(uint24,int24)", 100, 1)]),
    "a voting delay in days": ("The voting delay should be 2 days.", [control("setVotingDelay(uint48)", 14_400)]),
    "a timelock delay": ("We lengthen the timelock delay to 3 days.", [control("setDelay(uint256)", 259_200)]),
    "a quorum": ("The quorum goes from 4% to 5%.", [control("updateQuorumNumerator(uint256)", 5)]),
    "an owner": (f"Transfer the ownership of the registry to {SAFE}.", [control("transferOwnership(address)", SAFE)]),
    "an owner that the DAO lists": (
        "Transfer the ownership of the registry to the treasury.",
        [control("transferOwnership(address)", GRANTEE)],
    ),
    "new code": (f"Upgrade the proxy {TARGET} to the implementation {SAFE}.", [control("upgradeTo(address)", SAFE)]),
    "a role": (f"We grant the minter role to {SAFE}.", [control(ROLE, MINTER, SAFE)]),
    "created tokens": (f"Mint 500 COMP to {GRANTEE}.", [a_call(COMP, "mint(address,uint256)", GRANTEE, 500 * 10**18)]),
    "a value and what stays": (
        "Set the reserve factor to 25 %. This does not change the owner, and the liquidation threshold remains 80 %.",
        [parameter("setReserveFactor(address,uint256)", SAFE, 2_500)],
    ),
    "words on what was before": (
        f"No funds have been spent so far, and no contract was changed. Pay 1,000 COMP to {GRANTEE}.",
        [a_payment()],
    ),
    "a long text with other numbers": (
        (
            f"# Summary\nThis transfers **38,250 USDC** to the auditor ({CHECKSUMMED}) for quarter 3.\n\n# Motivation\n"
            "On 2024-05-01 we agreed on 3 audits; 12 delegates voted. Each costs 12,750 USDC."
        ),
        [usdc(CHECKSUMMED.lower(), "38250")],
    ),
    "dollars in a table with a total": (
        f"| Item | Cost |\n|---|---|\n| Work | $30,000 |\n| Travel | $20,000 |\n| **Total** | **$50,000** |\n\nIn USDC, to {GRANTEE}.",
        [usdc(GRANTEE, "50000")],
    ),
    "thousands apart by spaces": (f"A reward of 15 000 USDC to the translators ({GRANTEE}).", [usdc(GRANTEE, "15000")]),
    "thousands apart by points": (
        f"Requested: 12.345,50 USDC to {GRANTEE}",
        [a_call(USDC, "transfer(address,uint256)", GRANTEE, 12_345_500_000)],
    ),
    "so much in advance": (f"Send 1500 USDC/month to {GRANTEE} for six months (9,000 USDC upfront).", [usdc(GRANTEE, "9000")]),
    "a sum in Spanish": (f"Pagar 5,000 USDC a {GRANTEE} por la auditoría de este trimestre.", [usdc(GRANTEE, "5000")]),
    "an old code beside the new one": (
        f"This upgrades the governor. New implementation: {SAFE}. Old implementation: {OTHER}.",
        [control("upgradeTo(address)", SAFE)],
    ),
    "an old owner beside the new one": (
        f"Transfer the ownership from the multisig {OTHER} to the timelock {SAFE}.",
        [control("transferOwnership(address)", SAFE)],
    ),
    "a table of one asset": (
        "| Asset | LTV | LT | LB |\n|---|---|---|---|\n| LINK | 66% → 68% | 71% → 73% | 7% |",
        [parameter(LTV, SAFE, 6_800, 7_300, 10_700)],
    ),
    "coin that is wrapped": (
        "Wrap 50 ETH into WETH.",
        [a_call("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", "deposit()", value=50 * 10**18)],
    ),
    "a table under its title": (
        "Supply caps:\n\n| Asset | Current | New |\n|---|---|---|\n| WETH | 1,800,000 | 2,000,000 |\n| WBTC | 43,000 | 45,000 |",
        [parameter("setSupplyCap(address,uint256)", SAFE, 2_000_000), parameter("setSupplyCap(address,uint256)", OTHER, 45_000)],
    ),
    "a role that moves": (
        f"We revoke the minter role from {OTHER} and grant it to {SAFE}.",
        [control("revokeRole(bytes32,address)", MINTER, OTHER), control(ROLE, MINTER, SAFE)],
    ),
    "blocks": ("Lower the voting delay from 13,140 blocks to 6,570 blocks.", [control("_setVotingDelay(uint256)", 6_570)]),
    "a list of factors": (
        "- UNI collateral factor: 75% to 68%\n- COMP collateral factor: 65% to 60%",
        [
            parameter("_setCollateralFactor(address,uint256)", SAFE, 68 * 10**16),
            parameter("_setCollateralFactor(address,uint256)", OTHER, 60 * 10**16),
        ],
    ),
    "a ceiling that is filed": (
        "Raise the Line to 500 million DAI.",
        [parameter("file(bytes32,uint256)", b"Line".ljust(32, b"\0"), 5 * 10**53)],
    ),
    "no contract changes": (f"No contract changes are needed: we pay 1,000 COMP to {GRANTEE}.", [a_payment()]),
}
UNKNOWN: dict[str, tuple[str, list[Call]]] = {
    "a recipient by an ENS name": ("Pay 1,000 COMP to audits.tide.eth.", [a_payment()]),
    "an ENS name beside another address": (f"Pay 1,000 COMP to audits.tide.eth. Contact: {SAFE}.", [a_payment()]),
    "a recipient by its office": ("Amount: 1,000 COMP. Recipient: treasury multisig.", [a_payment()]),
    "a recipient cut short": ("Pay 1,000 COMP to 0xb2b2...b2b2 as agreed.", [a_payment()]),
    "no amount": (f"Pay the auditor at {GRANTEE}.", [a_payment()]),
    "a price": (f"Pay $50k worth of COMP to {GRANTEE}.", [a_payment()]),
    "so much a month": (f"Pay {GRANTEE} a salary of 100 COMP per month for 10 months.", [a_payment()]),
    "parts of one payment": (f"Pay {GRANTEE} 400 COMP for design and 600 COMP for tests.", [a_payment()]),
    "a token that nobody knows": (f"Pay 77 TIDE to {GRANTEE}.", [a_call(UNNAMED_TOKEN, "transfer(address,uint256)", GRANTEE, 77 * 10**18)]),
    "the coin of another chain": (f"Pay 1,000 MATIC to {GRANTEE}.", [Call(GRANTEE, 1_000 * 10**18)]),
    "a bridge's ticket": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_call(TARGET, "sendMessage(address,bytes,uint32)", COMP, a_payment().data, 1, value=10**16)],
    ),
    "an allowance for a contract by name": ("Allow the staking contract to spend 1,000 COMP.", [approve(1_000 * 10**18)]),
    "an allowance without an amount": (f"Approve {SAFE} so that it can deposit our COMP.", [approve(10**18)]),
    "a parameter without its value": ("We adjust the reserve factor.", [parameter("setReserveFactor(address,uint256)", SAFE, 2_500)]),
    "two values in one sentence": (
        "LTV and liquidation threshold go to 72 % and 77 %. The liquidation bonus goes to 5 %.",
        [parameter(LTV, SAFE, 7_200, 7_700, 10_500)],
    ),
    "a change by so much": ("Raise the supply cap by 20 %.", [parameter("setSupplyCap(address,uint256)", SAFE, 1_200)]),
    "a number that may be anything": (f"Pay 1,000 COMP to {GRANTEE}. Read at block 5000.", [a_payment(), a_payment(GRANTEE, 5_000)]),
    "a month times three": (
        f"Extend the contract of our auditors for $30,000 a month, three months, in USDC. Wallet {GRANTEE}",
        [usdc(GRANTEE, "90000")],
    ),
    "a part of it now": (f"Send 1,000 COMP to {GRANTEE}, 20% of it now.", [a_payment(GRANTEE, 200)]),
    "an address from which it is paid": (f"From our Safe {SAFE} we pay 1,000 COMP to the auditor.", [a_payment()]),
    "three names and three payments": (
        "Pay alice.eth 5,000 USDC, bob.eth 4,000 USDC and carol.eth 3,000 USDC.",
        [usdc(GRANTEE, "5000"), usdc(SAFE, "4000"), usdc(OTHER, "3000")],
    ),
    "a deposit through a contract that is not named": (
        "Deploy 500,000 USDC into the lending pool: approve it and supply.",
        [
            a_call(USDC, "approve(address,uint256)", OTHER, 5 * 10**11),
            a_call(OTHER, "supply(address,uint256,address,uint16)", USDC, 5 * 10**11, TIMELOCK, 0),
        ],
    ),
    "speeds in lists": (
        "Reduce COMP rewards for both markets by 10%.",
        [parameter("_setCompSpeeds(address[],uint256[],uint256[])", [SAFE], [1], [1])],
    ),
    "a name that is renewed for a fee": (
        "Renew tide.eth for one year.",
        [a_call(TARGET, "renew(string,uint256)", "tide", 9, value=10**16)],
    ),
    "an owner by name": ("Transfer the ownership to the security council.", [control("transferOwnership(address)", SAFE)]),
    "new code without its address": ("Upgrade the proxy to version 2.", [control("upgradeTo(address)", SAFE)]),
    "a payload": (f"Pay 1,000 COMP to {GRANTEE}.", [a_payment(), a_call(TARGET, "execute()")]),
    "a call that cannot be read beside honest ones": (
        f"Pay 1,000 COMP to {GRANTEE}.",
        [a_payment(), a_call(TARGET, "secretMove(address)", SAFE)],
    ),
    "another language": (
        "Wir bitten um eure Stimme, damit unsere Prüferin endlich zu ihrem Geld kommt und die Arbeit weitergehen kann.",
        [a_payment()],
    ),
    "another script": ("我们请求支付审计费用，感谢大家的支持。", [a_payment()]),
}


@pytest.mark.parametrize("name", FIRED)
def test_a_text_over_other_calls_fires(name: str) -> None:
    """Each is a proposal that a voter would have passed for what it says."""
    body, made = FIRED[name]
    answer = held(body, *made)

    assert answer.status is Status.FIRED, answer.line


@pytest.mark.parametrize("name", CLEAR)
def test_an_honest_text_is_clear(name: str) -> None:
    """A rule that rings for how people write is switched off."""
    body, made = CLEAR[name]
    listed = with_chain(a_case(title="Proposal", body=body, calls=calls(*made)), listed=frozenset({GRANTEE}))
    answer = judged("R08", listed)

    assert answer.status is Status.CLEAR, answer.line


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_held_against_the_text_is_unknown(name: str) -> None:
    """Neither an alarm nor an all-clear: somebody has to look, and the answer says at what."""
    body, made = UNKNOWN[name]
    answer = held(body, *made)

    assert answer.status is Status.UNKNOWN, answer.line
    assert answer.missing


@pytest.mark.parametrize("name", FIRED)
def test_the_calls_of_a_fired_case_need_their_text(name: str) -> None:
    """Without any text nothing can be contradicted; the case would be unknown, not clear."""
    _, made = FIRED[name]

    assert judged("R08", a_case(title=None, body=None, calls=calls(*made))).status is Status.UNKNOWN


_PIECES = st.sampled_from(
    [
        *(body for table in (FIRED, CLEAR, UNKNOWN) for body, _ in table.values()),
        "1,000 COMP", "$5k", "reserve factor to", "| a | 25 % |\n|---|---|\n", "9" * 70, "1e99 %", "→", "not", "\u0663 COMP", "²", "<!--",
        "0x",
    ]
)  # fmt: skip
_CALLS = st.sampled_from([call for table in (FIRED, CLEAR, UNKNOWN) for _, made in table.values() for call in made])


@given(st.lists(_PIECES | st.text(max_size=30), max_size=5), st.lists(_CALLS, max_size=4))
def test_any_text_over_any_calls_is_judged(pieces: list[str], made: list[Call]) -> None:
    """Texts come from whoever proposes: none breaks the rule, and what moves without any text about it is never clear."""
    answer = held(" ".join(pieces), *made)

    assert answer.status in Status
    if made and not pieces:
        assert answer.status is not Status.CLEAR


@given(st.sampled_from(sorted(CLEAR)), _CALLS)
def test_a_further_payment_is_never_clear(name: str, further: Call) -> None:
    """Whatever an honest proposal says, a payment to a stranger added to its calls does not pass for part of it."""
    body, made = CLEAR[name]
    stranger = "0x" + "5c" * 20

    for hidden in (a_payment(stranger, 31_337), Call(stranger, 31_337 * 10**18), usdc(stranger, "31337")):
        assert held(body, *made, further, hidden).status is not Status.CLEAR
        if "COMP" in body and "not change" not in body:
            assert held(body, *made, hidden).status is Status.FIRED


@pytest.mark.parametrize(
    "piece",
    [
        "1,",
        "9 ",
        "1 000 ",
        "aaaa",
        "[[",
        "![",
        "<a ",
        "0x",
        "| 1 ",
        "not ",
        "no fund ",
        "from 1 to ",
        "COMP 1k ",
        "cap 2 ",
        "7 COMP 3 % ",
        "a-",
        "a.",
        "<b hidden>",
        "|-",
        "--",
        "- x|",
    ],
)
def test_a_long_text_is_read_in_time(piece: str) -> None:
    """A text of the longest kind must not keep the reader busy."""
    began = monotonic()
    many = [a_payment(f"0x{number:040x}", number) for number in range(1, 200)]
    held(piece * (60_000 // len(piece)), *many, *(call for _, made in CLEAR.values() for call in made))

    # Seconds on one core; what grows with the square of the length would take minutes.
    assert monotonic() - began < 20


def test_each_line_is_looked_through_once_for_all_payments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand amounts in long lines, two hundred payments of that amount: together they would take minutes."""
    looked: list[str] = []
    monkeypatch.setattr(claims, "names_somebody_in", lambda line: bool(looked.append(line)))
    many = [a_payment(f"0x{number:040x}", 7) for number in range(1, 200)]

    answer = held("Pay 7 COMP to the auditors and " * 1_000, *many)

    assert answer.status in Status
    assert 0 < len(looked) <= 1_000


def test_the_line_names_what_differs() -> None:
    """A delegate reads who gets what beside the text."""
    answer = held(f"Pay 1,000 COMP to {GRANTEE}.", a_payment(), a_payment(OTHER, 5_000))

    assert f"the calls also pay 5,000 COMP to {OTHER}" in answer.line
    assert f"the calls pay {OTHER}, which the text does not name" in answer.line


def test_the_proposer_s_own_address_is_no_recipient() -> None:
    """Many texts are signed with an address; it does not make every other recipient a stranger."""
    answer = held(f"Pay 1,000 COMP to the auditor. Author: {PROPOSER}", a_payment())

    assert answer.status is Status.UNKNOWN
