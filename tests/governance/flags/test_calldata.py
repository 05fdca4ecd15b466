"""Calldata in words: what is known is said exactly, what is not is said to be unknown, and nothing hides in a batch."""

from typing import Any

import pytest
from eth_abi import abi
from hypothesis import given
from hypothesis import strategies as st

from governance.flags.calldata import MOST_DEPTH, Call, by_selector, decode, every, flat, selector_of, undecoded
from governance.flags.functions import Effect, Token, split_types
from governance.flags.governor_functions import GOVERNANCE
from governance.flags.known_functions import FUNCTIONS
from tests.flag_cases import COMP, GRANTEE, PROPOSER, SAFE, TARGET, TIMELOCK, a_call, a_payment

PAYS = f"pay 1,000 COMP to {GRANTEE}"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
ZERO = "0x" + "00" * 20
SALT = bytes(32)


def test_the_selectors_are_the_published_ones() -> None:
    """Four known selectors of the Solidity world; a wrong hash would make every call unknown."""
    known = {
        "a9059cbb": "transfer(address,uint256)",
        "095ea7b3": "approve(address,uint256)",
        "2f2ff15d": "grantRole(bytes32,address)",
        "8d80ff0a": "multiSend(bytes)",
        "1f931c1c": "diamondCut((address,uint8,bytes4[])[],address,bytes)",
        "3659cfe6": "upgradeTo(address)",
    }

    assert {selector: selector_of(signature).hex() for selector, signature in known.items()} == {each: each for each in known}


def test_every_known_function_is_whole() -> None:
    """Names fit types, words fit names, and no two share a selector, so that none hides another."""
    assert len(by_selector()) == len(FUNCTIONS)
    for each in FUNCTIONS:
        assert len(each.names) == len(each.types), each.signature
        assert each.words.format_map({**dict.fromkeys(each.names, "x"), "this": "y"})
        assert set(each.amounts) | set(each.pays or ()) <= set(each.names)
    assert {each.name for each in GOVERNANCE if each.effect is not Effect.CONTROL} == {"labelRole", "cancel", "setAllowance"}


def _one(call: Call, **rest: Any) -> str:
    (found,) = decode([call], **rest)
    return found.words


def test_amount_and_recipient_stand_in_the_words() -> None:
    """A delegate reads whom it pays, and how much in whole tokens where the decimals are known."""
    assert _one(a_payment()) == PAYS
    assert _one(a_call(USDC, "transfer(address,uint256)", GRANTEE, 1_234_567)) == f"pay 1.234567 USDC to {GRANTEE}"
    assert _one(a_call(TARGET, "transfer(address,uint256)", GRANTEE, 5)) == f"pay 5 base units of {TARGET} to {GRANTEE}"
    assert _one(a_call(TARGET, "transfer(address,uint256)", GRANTEE, 5), tokens={TARGET: Token("TIDE", 0)}) == f"pay 5 TIDE to {GRANTEE}"
    assert _one(Call(GRANTEE, 15 * 10**17)) == f"pay 1.5 ETH to {GRANTEE}"


def test_roles_are_called_by_their_names() -> None:
    """A role is a hash on chain; its name tells what was given away."""
    minter = bytes.fromhex("9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a6")

    assert _one(a_call(TARGET, "grantRole(bytes32,address)", minter, SAFE)) == f"give {SAFE} the role MINTER_ROLE on {TARGET}"
    assert "DEFAULT_ADMIN_ROLE" in _one(a_call(TARGET, "grantRole(bytes32,address)", SALT, SAFE))


def test_an_allowance_without_limit_is_a_matter_of_control() -> None:
    """Who may spend without limit owns the tokens."""
    endless, some = decode([a_call(COMP, "approve(address,uint256)", SAFE, amount) for amount in (2**256 - 1, 10**18)])

    assert (endless.effect, endless.words) == (Effect.CONTROL, f"allow {SAFE} to spend an unlimited amount of COMP")
    assert (some.effect, some.words) == (Effect.ALLOWANCE, f"allow {SAFE} to spend 1 COMP")


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    """An unread call must look unread: no selector, no such function, or data that does not fit."""
    found = decode(
        [
            a_call(TARGET, "secretMove(address)", SAFE),
            Call(TARGET, 0, b"\x01\x02"),
            Call(COMP, 0, a_payment().data + b"\0"),
            Call(COMP, 0, a_payment().data[:-1]),
            Call(TARGET, 0, b"", "not a signature"),
            Call(TARGET, 0, a_payment().data[4:], "secretMove(address,uint256)"),
        ]
    )

    assert len(undecoded(found)) == len(found)
    assert all(each.effect is Effect.UNKNOWN and each.words.startswith("not read: ") for each in found)
    assert "unknown function 0x" in found[0].words
    assert "(secretMove(address,uint256))" in found[5].words


def test_a_signature_kept_apart_names_the_function() -> None:
    """Governor Alpha and Bravo hold signature and arguments apart; the selector follows from the signature."""
    assert _one(Call(COMP, 0, a_payment().data[4:], "transfer(address,uint256)")) == PAYS


def _multi(*parts: tuple[int, str, int, bytes]) -> bytes:
    packed = b""
    for operation, target, value, data in parts:
        packed += bytes([operation]) + bytes.fromhex(target[2:]) + value.to_bytes(32, "big") + len(data).to_bytes(32, "big") + data
    return packed


def _script(*parts: tuple[str, bytes]) -> bytes:
    return b"\0\0\0\1" + b"".join(bytes.fromhex(target[2:]) + len(data).to_bytes(4, "big") + data for target, data in parts)


DATA = a_payment().data
BATCHES = {
    "schedule": a_call(TIMELOCK, "schedule(address,uint256,bytes,bytes32,bytes32,uint256)", COMP, 0, DATA, SALT, SALT, 172_800),
    "scheduleBatch": a_call(
        TIMELOCK, "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)", [COMP], [0], [DATA], SALT, SALT, 1
    ),
    "executeBatch": a_call(TIMELOCK, "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)", [COMP], [0], [DATA], SALT, SALT),
    "queueTransaction": a_call(
        TIMELOCK, "queueTransaction(address,uint256,string,bytes,uint256)", COMP, 0, "transfer(address,uint256)", DATA[4:], 9
    ),
    "propose": a_call(TARGET, "propose(address[],uint256[],bytes[],string)", [COMP], [0], [DATA], "pay"),
    "execTransaction": a_call(
        SAFE,
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
        COMP,
        0,
        DATA,
        0,
        0,
        0,
        0,
        ZERO,
        ZERO,
        b"",
    ),
    "multiSend": a_call(TARGET, "multiSend(bytes)", _multi((0, COMP, 0, DATA))),
    "multicall": a_call(COMP, "multicall(bytes[])", [DATA]),
    "aggregate3": a_call(TARGET, "aggregate3((address,bool,bytes)[])", [(COMP, False, DATA)]),
    "forward": a_call(TARGET, "forward(bytes)", _script((COMP, DATA))),
    "relay": a_call(TARGET, "relay(address,uint256,bytes)", COMP, 0, DATA),
    "sendTxToL1": a_call(TARGET, "sendTxToL1(address,bytes)", COMP, DATA),
}


@pytest.mark.parametrize("name", BATCHES)
def test_calls_inside_a_batch_are_read(name: str) -> None:
    """A payment in a timelock, a Safe or a multisend is a payment."""
    found = list(flat(decode([BATCHES[name]])))

    assert [depth for depth, _ in found] == [0, 1]
    assert found[1][1].words == PAYS
    assert found[1][1].transfers[0].recipient == GRANTEE


def test_a_batch_in_a_safe_in_a_timelock_is_read_to_the_ground() -> None:
    """Attackers nest; so does honest governance."""
    many = a_call(TARGET, "multiSend(bytes)", _multi((0, COMP, 0, DATA), (0, GRANTEE, 7, b"")))
    safe = a_call(SAFE, "execTransactionFromModule(address,uint256,bytes,uint8)", TARGET, 0, many.data, 1)
    found = every(decode([a_call(TIMELOCK, "schedule(address,uint256,bytes,bytes32,bytes32,uint256)", SAFE, 0, safe.data, SALT, SALT, 1)]))

    assert [each.words for each in found][-2:] == [PAYS, f"pay 0.000000000000000007 ETH to {GRANTEE}"]
    assert found[2].delegated


def test_a_batch_that_lies_about_its_lengths_is_not_read() -> None:
    """Half a batch would be half the truth."""
    cut = a_call(TARGET, "multiSend(bytes)", _multi((0, COMP, 0, DATA))[:-1])
    uneven = a_call(TIMELOCK, "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)", [COMP, COMP], [0], [DATA], SALT, SALT)

    assert len(undecoded(decode([cut, uneven]))) == 2


def test_endless_nesting_ends_and_says_so() -> None:
    """A proposal must not be able to keep the reader busy, nor to hide below where it stops."""
    call = a_payment()
    for _ in range(MOST_DEPTH + 2):
        call = a_call(TARGET, "execute(address,uint256,bytes)", call.target, 0, call.data)

    found = every(decode([call]))
    assert found[-1].problem is not None
    assert len(found) == MOST_DEPTH + 2


@given(st.binary(max_size=300), st.sampled_from(sorted(each.signature for each in FUNCTIONS)))
def test_no_bytes_break_the_reader(rest: bytes, signature: str) -> None:
    """Calldata comes from whoever proposes: any bytes give words, never an error."""
    (found,) = decode([Call(PROPOSER, 0, selector_of(signature) + rest)])

    assert found.words
    assert (found.problem is None) == (found.function == signature)


@given(st.integers(0, 2**256 - 1), st.binary(min_size=20, max_size=20))
def test_a_payment_is_read_as_it_was_written(amount: int, recipient: bytes) -> None:
    """Encoding and decoding agree for every amount and address."""
    to = f"0x{recipient.hex()}"
    (found,) = decode([Call(TARGET, 0, selector_of("transfer(address,uint256)") + abi.encode(["address", "uint256"], [to, amount]))])

    assert found.transfers[0].recipient == to
    assert found.transfers[0].amount == amount


def test_types_split_at_the_outer_commas_only() -> None:
    """A tuple is one argument."""
    assert split_types("(address,bool,bytes)[],uint256,bytes") == ("(address,bool,bytes)[]", "uint256", "bytes")
    assert split_types("") == ()
