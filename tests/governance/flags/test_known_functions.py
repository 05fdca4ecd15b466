"""The functions that are known: canonical signatures, published selectors, and arguments that come back as they went in."""

from typing import Any

import pytest
from eth_abi import abi, grammar
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import is_checksum_address, to_checksum_address

from governance.flags.calldata import Call, decode, entry_of, every, selector_of
from governance.flags.functions import Effect, Function
from governance.flags.known_functions import FUNCTIONS, TOKENS
from governance.flags.transfers import COIN
from tests.flag_cases import COMP, GRANTEE, OTHER_CHAIN, SAFE, TARGET, a_call, a_payment

PAYS = f"pay 1,000 COMP to {GRANTEE}"
DATA = a_payment().data
# As explorers and signature directories list them.
PUBLISHED = {
    "upgradeToAndCall(address,bytes)": "4f1ef286",
    "transferOwnership(address)": "f2fde38b",
    "delegate(address)": "5c19a95c",
    "setPendingAdmin(address)": "4dd18bf5",
    "acceptAdmin()": "0e18b681",
    "updateDelay(uint256)": "64d62353",
    "schedule(address,uint256,bytes,bytes32,bytes32,uint256)": "01d5062a",
    "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)": "8f2a0bb0",
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)": "6a761202",
    "enableModule(address)": "610b5925",
    "setGuard(address)": "e19a9dd9",
    "changeThreshold(uint256)": "694e80c3",
    "addOwnerWithThreshold(address,uint256)": "0d582f13",
    "deposit(uint256,address)": "6e553f65",
    "redeem(uint256,address,address)": "ba087652",
    "withdraw(uint256,address,address)": "b460af94",
    "supply(address,uint256,address,uint16)": "617ba037",
    "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,bytes)": "679b6ded",
    "depositTransaction(address,uint256,uint64,bool,bytes)": "e9e05c42",
    "sendMessage(address,bytes,uint32)": "3dbb202b",
    "sendMessageToChild(address,bytes)": "b4720477",
    "file(bytes32,uint256)": "29ae8114",
    "file(bytes32,address)": "d4e8be83",
    "rely(address)": "65fae35e",
    "deny(address)": "9c52a7f1",
    "setText(bytes32,string,string)": "10f13a8c",
    "setContenthash(bytes32,bytes)": "304e6ade",
    "multicall(bytes[])": "ac9650d8",
    "aggregate3((address,bool,bytes)[])": "82ad56cb",
}


def a_value(kind: Any, number: int) -> Any:
    """Some value of an ABI type: the smallest and others."""
    if kind.arrlist:
        return [a_value(kind.item_type, number)] * 2
    if isinstance(kind, grammar.TupleType):
        return tuple(a_value(each, number) for each in kind.components)
    if kind.base in {"uint", "int"}:
        return number
    plain = {"address": f"0x{number:040x}", "bool": bool(number), "string": "text" * number}
    return plain[kind.base] if kind.base in plain else bytes([number]) * (kind.sub or number)


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda each: each.signature)
def test_a_known_signature_is_canonical_and_its_arguments_come_back(entry: Function) -> None:
    """A signature that is not canonical has a selector that no contract answers to."""
    kinds = [grammar.parse(each) for each in entry.types]

    assert f"{entry.name}({','.join(each.to_type_str() for each in kinds)})" == entry.signature
    assert function_signature_to_4byte_selector(entry.signature) == selector_of(entry.signature)
    for kind in kinds:
        kind.validate()
    for number in (0, 1, 7):
        given = tuple(a_value(kind, number) for kind in kinds)
        encoded = abi.encode(entry.types, given)
        assert tuple(abi.decode(entry.types, encoded, strict=True)) == tuple(_as_tuples(each) for each in given)
        (found,) = decode([Call(TARGET, 0, selector_of(entry.signature) + encoded)])
        if entry.inside is None:
            assert (found.function, found.problem) == (entry.signature, None)
            assert [each.type for each in found.arguments] == list(entry.types)


def _as_tuples(value: Any) -> Any:
    """As eth-abi gives lists back."""
    return tuple(_as_tuples(each) for each in value) if isinstance(value, list | tuple) else value


def test_selectors_are_the_published_ones() -> None:
    """Written down apart from the code, so that a slip in a signature shows."""
    known = {each.signature for each in FUNCTIONS}

    assert set(PUBLISHED) <= known
    assert {each: selector_of(each).hex() for each in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda each: each.signature)
def test_what_is_said_of_a_function_names_its_arguments(entry: Function) -> None:
    """A wrong name would fail on the first proposal that calls it."""
    named = {each.argument for each in entry.sets} | set(entry.whom) | set(entry.amounts) | set(entry.pays or ())

    assert named <= set(entry.names)
    assert entry.effect is not Effect.PARAMETER or entry.mentions
    assert entry.effect is not Effect.CONTROL or entry.mentions
    assert all(entry.types[entry.names.index(each.argument)].startswith(("uint", "int")) for each in entry.sets)
    assert all(entry.types[entry.names.index(each)].startswith("address") for each in entry.whom)


CHECKSUMMED = {
    "COMP": "0xc00e94Cb662C3520282E6f5717214004A7f26888",
    "UNI": "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
    "AAVE": "0x7Fc66500c84A76Ad7e9c93437bFc5Ac33E2DDaE9",
    "USDC": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "USDT": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    "DAI": "0x6B175474E89094C44Da98b954EedeAC495271d0F",
    "WETH": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "MANA": "0x0F5D2fB29fb7d3CFeE444a200298f468908cC942",
    "TORN": "0x77777FeDdddFfC19Ff86DB637967013e6C6A116C",
    "CRV": "0xD533a949740bb3306d119CC777fa900bA034cd52",
    "wstETH": "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0",
    "ENS": "0xC18360217D8F7Ab5e7c516566761Ea12Ce7F9D72",
    "LDO": "0x5A98FcBEA516Cf06857215779Fd812CA3beF1B32",
    "MKR": "0x9f8F72aA9304c8B593d555F12eF6589cC3A579A2",
    "GTC": "0xDe30da39c46104798bB5aA3fe8B9e0e1F348163F",
    "BAL": "0xba100000625a3754423978a60c9317c58a424e3D",
    "WBTC": "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599",
    "stETH": "0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84",
    "FRAX": "0x853d955aCEf822Db058eb8505911ED77F175b99e",
    "GHO": "0x40D16FC0246aD3160Ccc09B8D0D3A2cD28aE6C2f",
    "USDS": "0xdC035D45d973E3EC169d2276DDab16f1e407384F",
    "LINK": "0x514910771AF9Ca656af840dff83E8264EcF986CA",
    "ARB": "0x912CE59144191C1204E64559FE8253a0e49E6548",
    "OP": "0x4200000000000000000000000000000000000042",
    "rETH": "0xae78736Cd615f374D3085123A210448E74Fc6393",
    "cbETH": "0xBe9895146f7AF43049ca1c1AE358B0541Ea49704",
    "YFI": "0x0bc529c00C6401aEF6D220BE8C6Ea1667F6Ad93e",
    "SUSHI": "0x6B3595068778DD592e39A122f4f5a5cF09C90fE2",
    "SAFE": "0x5aFE3855358E112B5647B952709E6165e1c1eEEe",
    "GNO": "0x6810e776880C02933D47DB1b9fc05908e5386b96",
    "LUSD": "0x5f98805A4E8be255a32880FDeC7F6728C6568bA0",
}


def test_the_tokens_are_no_slips_of_the_pen() -> None:
    """The published form of an address carries a checksum (EIP-55): one wrong digit would show."""
    assert {token.symbol: to_checksum_address(address) for address, token in TOKENS.items()} == CHECKSUMMED
    assert all(is_checksum_address(each) for each in CHECKSUMMED.values())
    assert all(address == address.lower() for address in TOKENS)


BRIDGES = {
    "Arbitrum": a_call(
        TARGET,
        "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,bytes)",
        COMP,
        0,
        9,
        SAFE,
        SAFE,
        1,
        1,
        DATA,
    ),
    "Arbitrum with another coin": a_call(
        TARGET,
        "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,uint256,bytes)",
        COMP,
        0,
        9,
        SAFE,
        SAFE,
        1,
        1,
        5,
        DATA,
    ),
    "Optimism's messenger": a_call(TARGET, "sendMessage(address,bytes,uint32)", COMP, DATA, 200_000),
    "Optimism's portal": a_call(TARGET, "depositTransaction(address,uint256,uint64,bool,bytes)", COMP, 0, 1, False, DATA),
    "Scroll": a_call(TARGET, "sendMessage(address,uint256,bytes,uint256)", COMP, 0, DATA, 1),
    "Polygon": a_call(
        TARGET,
        "sendMessageToChild(address,bytes)",
        OTHER_CHAIN,
        abi.encode(["address[]", "uint256[]", "string[]", "bytes[]"], [[COMP], [0], ["transfer(address,uint256)"], [DATA[4:]]]),
    ),
    "Polygon with marks": a_call(
        TARGET,
        "sendMessageToChild(address,bytes)",
        OTHER_CHAIN,
        abi.encode(["address[]", "uint256[]", "string[]", "bytes[]", "bool[]"], [[COMP], [0], [""], [DATA], [False]]),
    ),
    "an upgrade executor": a_call(TARGET, "executeCall(address,bytes)", COMP, DATA),
    "a pause": a_call(TARGET, "plot(address,bytes32,bytes,uint256)", COMP, bytes(32), DATA, 9),
    "a governor's queue": a_call(TARGET, "queue(address[],uint256[],bytes[],bytes32)", [COMP], [0], [DATA], bytes(32)),
    "an access manager": a_call(TARGET, "schedule(address,bytes,uint48)", COMP, DATA, 9),
    "an upgrade": a_call(COMP, "upgradeToAndCall(address,bytes)", SAFE, DATA),
}


@pytest.mark.parametrize("name", BRIDGES)
def test_a_call_to_another_chain_is_read(name: str) -> None:
    """What a bridge carries is executed there: it must not hide behind the bridge."""
    found = every(decode([BRIDGES[name]]))

    assert [each.words for each in found][1:] == [PAYS]


def test_a_message_that_is_no_call_is_not_read() -> None:
    """Bytes for a receiver of its own kind: nobody can say what they do."""
    (found,) = decode([a_call(TARGET, "sendMessageToChild(address,bytes)", OTHER_CHAIN, bytes(40))])
    (creating,) = decode([a_call(TARGET, "depositTransaction(address,uint256,uint64,bool,bytes)", COMP, 0, 1, True, DATA)])

    assert found.inside[0].problem is not None
    assert creating.problem is not None


def test_what_a_batch_keeps_of_the_coin_is_paid_to_it() -> None:
    """A batch that passes on less than it is sent keeps the rest."""
    call = a_call(SAFE, "execute(address,uint256,bytes)", GRANTEE, 2 * 10**18, b"", value=5 * 10**18)
    found = every(decode([call]))

    assert [(each.recipient, each.amount, each.token) for one in found for each in one.transfers] == [(SAFE, 3, COIN), (GRANTEE, 2, COIN)]


def test_lists_of_recipients_are_payments_each() -> None:
    """One call that pays many pays each of them."""
    (found,) = decode([a_call(TARGET, "disperseToken(address,address[],uint256[])", COMP, [GRANTEE, SAFE], [10**18, 2 * 10**18])])

    assert [(each.recipient, each.amount, each.token) for each in found.transfers] == [(GRANTEE, 1, "COMP"), (SAFE, 2, "COMP")]


def test_maker_s_names_are_written_out() -> None:
    """What is filed is a word in 32 bytes."""
    (found,) = decode([a_call(TARGET, "file(bytes32,uint256)", b"Line".ljust(32, b"\0"), 5)])

    assert found.words == f"set Line of {TARGET} to 5"
    assert entry_of(found) is not None
