"""The functions that governance calls: their arguments, what they do in words, and which calls they carry.

Signatures are public interfaces: ERC-20/721, OpenZeppelin Contracts 5 (access, proxy, governance), Compound's Governor and
Comptroller, Safe 1.4, EIP-2535, Aave v3, Curve, Aragon OS, Multicall3. A selector names a function, not a contract: whether the
target really is what it seems is R07's question.
"""

from functools import cache
from typing import Final

from governance.flags import nested_calls as nested
from governance.flags.control_functions import CONTROL, MINT
from governance.flags.functions import Effect, Token
from governance.flags.functions import make as _make

_PAYS: Final = {"amounts": ("amount",), "pays": ("to", "amount"), "mentions": ("transfer", "send", "pay", "fund", "grant", "distribut")}

_T, _C, _P, _B = Effect.TRANSFER, Effect.CONTROL, Effect.PARAMETER, Effect.BATCH

_TOKENS_MOVE: Final = (
    _make("transfer(address,uint256)", "to amount", "pay {amount} to {to}", _T, **_PAYS),
    _make("transferFrom(address,address,uint256)", "from to amount", "move {amount} from {from} to {to}", _T, **_PAYS),
    _make("safeTransferFrom(address,address,uint256)", "from to id", "move token no. {id} of {this} from {from} to {to}", _T),
    _make("transfer(address,address,uint256)", "token to amount", "{this} pays {amount} to {to}", _T, **_PAYS),
    _make("withdraw(address,address,uint256)", "token to amount", "{this} pays {amount} to {to}", _T, **_PAYS),
    _make(
        "_grantComp(address,uint256)",
        "to amount",
        "grant {to} {amount} base units of COMP from {this}",
        _T,
        pays=("to", "amount"),
        mentions=_PAYS["mentions"],
    ),
    _make(
        "sendETH(address,uint256)", "to amount", "{this} pays {amount} wei to {to}", _T, pays=("to", "amount"), mentions=_PAYS["mentions"]
    ),
    _make(
        "newImmediatePayment(address,address,uint256,string)",
        "token to amount reference",
        "{this} pays {amount} to {to} for {reference}",
        _T,
        **_PAYS,
    ),
    _make(
        "createStream(address,uint256,address,uint256,uint256)",
        "to amount token start stop",
        "{this} streams {amount} to {to} from {start} to {stop} (Unix seconds)",
        _T,
        **_PAYS,
    ),
    _make(
        "approve(address,uint256)",
        "spender amount",
        "allow {spender} to spend {amount}",
        amounts=("amount",),
        mentions=("approv", "allow", "spend"),
    ),
    _make(
        "increaseAllowance(address,uint256)",
        "spender amount",
        "allow {spender} to spend {amount} more",
        amounts=("amount",),
        mentions=("approv", "allow", "spend"),
    ),
    _make(
        "setApprovalForAll(address,bool)",
        "operator approved",
        "let {operator} move every token of {this}: {approved}",
        _C,
        mentions=("approv", "operator", "allow"),
    ),
    _make("deposit()", "", "deposit into {this}"),
    _make("withdraw(uint256)", "amount", "withdraw {amount} base units from {this}"),
)
_PARAMETERS: Final = (
    _make(
        "_setCollateralFactor(address,uint256)",
        "market factor",
        "set the collateral factor of {market} to {factor} (of 10^18)",
        _P,
        mentions=("collateral factor",),
    ),
    _make(
        "_setReserveFactor(uint256)", "factor", "set the reserve factor of {this} to {factor} (of 10^18)", _P, mentions=("reserve factor",)
    ),
    _make(
        "setReserveFactor(address,uint256)",
        "asset factor",
        "set the reserve factor of {asset} to {factor} (of 10,000)",
        _P,
        mentions=("reserve factor",),
    ),
    _make("_setInterestRateModel(address)", "model", "set the interest rate model of {this} to {model}", _P, mentions=("interest", "rate")),
    _make("_setPriceOracle(address)", "oracle", "take the prices of {this} from {oracle}", _C, mentions=("oracle", "price")),
    _make(
        "setAssetSources(address[],address[])",
        "assets sources",
        "take the prices of {assets} from {sources}",
        _C,
        mentions=("oracle", "price", "feed"),
    ),
    _make(
        "setFeed(string,address)",
        "symbol feed",
        "take the price of {symbol} from the feed {feed}",
        _C,
        mentions=("oracle", "price", "feed"),
    ),
    _make(
        "setCapParameters((uint104,uint48,uint16))",
        "parameters",
        "set (ratio, time, yearly growth) of the price cap {this} to {parameters}",
        _P,
        mentions=("cap", "ratio"),
    ),
    _make("_supportMarket(address)", "market", "open the market {market} on {this}", mentions=("market", "list", "support")),
    _make(
        "_setCompSpeeds(address[],uint256[],uint256[])",
        "markets supply borrow",
        "set the COMP per block of {markets} to {supply} (supply) and {borrow} (borrow)",
        _P,
        mentions=("comp", "speed", "reward"),
    ),
    _make("setSupplyCap(address,uint256)", "asset cap", "set the supply cap of {asset} to {cap}", _P, mentions=("supply cap", "cap")),
    _make("setBorrowCap(address,uint256)", "asset cap", "set the borrow cap of {asset} to {cap}", _P, mentions=("borrow cap", "cap")),
    _make("setReserveFreeze(address,bool)", "asset freeze", "freeze the reserve of {asset}: {freeze}", _P, mentions=("freez",)),
    _make(
        "configureReserveAsCollateral(address,uint256,uint256,uint256)",
        "asset ltv threshold bonus",
        "set loan-to-value, liquidation threshold and bonus of {asset} to {ltv}, {threshold} and {bonus} (of 10,000)",
        _P,
        mentions=("ltv", "loan", "liquidation", "collateral"),
    ),
    _make(
        "ramp_A(address,uint256,uint256)",
        "pool amplification time",
        "move the amplification of {pool} to {amplification} by {time}",
        _P,
        mentions=("amplification", "ramp", "parameter", "a "),
    ),
    _make("add_gauge(address,int128)", "gauge kind", "add the gauge {gauge} of type {kind}", mentions=("gauge",)),
    _make(
        "add_gauge(address,int128,uint256)",
        "gauge kind weight",
        "add the gauge {gauge} of type {kind} with weight {weight}",
        mentions=("gauge",),
    ),
    _make("setFee(uint256)", "fee", "set the fee of {this} to {fee}", _P, mentions=("fee",)),
    _make("setSwapFeePercentage(uint256)", "fee", "set the swap fee of {this} to {fee} (of 10^18)", _P, mentions=("fee",)),
    _make("setMintCap(uint256)", "cap", "let at most {cap} be created", _C, mentions=MINT),
    _make("pause()", "", "pause {this}", mentions=("paus", "halt", "stop")),
    _make("unpause()", "", "let {this} go on", mentions=("paus", "resum")),
    _make("execute()", "", "run the payload {this}", mentions=()),
)
_BATCHES: Final = (
    _make(
        "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
        "target value data predecessor salt delay",
        "the timelock {this} schedules a call after {delay} seconds",
        _B,
        inside=nested.one_call,
    ),
    _make(
        "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)",
        "targets values data predecessor salt delay",
        "the timelock {this} schedules calls after {delay} seconds",
        _B,
        inside=nested.call_lists,
    ),
    _make(
        "execute(address,uint256,bytes,bytes32,bytes32)",
        "target value data predecessor salt",
        "the timelock {this} executes a call",
        _B,
        inside=nested.one_call,
    ),
    _make(
        "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)",
        "targets values data predecessor salt",
        "the timelock {this} executes calls",
        _B,
        inside=nested.call_lists,
    ),
    _make(
        "queueTransaction(address,uint256,string,bytes,uint256)",
        "target value signature data eta",
        "the timelock {this} queues a call for {eta} (Unix seconds)",
        _B,
        inside=nested.signed_call,
    ),
    _make(
        "executeTransaction(address,uint256,string,bytes,uint256)",
        "target value signature data eta",
        "the timelock {this} executes a call",
        _B,
        inside=nested.signed_call,
    ),
    _make(
        "propose(address[],uint256[],bytes[],string)",
        "targets values data description",
        "propose calls to the governor {this}",
        _B,
        inside=nested.call_lists,
        mentions=("propos",),
    ),
    _make(
        "propose(address[],uint256[],string[],bytes[],string)",
        "targets values signatures data description",
        "propose calls to the governor {this}",
        _B,
        inside=nested.signed_lists,
        mentions=("propos",),
    ),
    _make("relay(address,uint256,bytes)", "target value data", "the governor {this} relays a call", _B, inside=nested.one_call),
    _make("execute(address,uint256,bytes)", "target value data", "{this} executes a call", _B, inside=nested.one_call),
    _make(
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
        "target value data operation safe_gas base_gas gas_price gas_token refund_to signatures",
        "the Safe {this} executes a call",
        _B,
        inside=nested.safe_call,
    ),
    _make(
        "execTransactionFromModule(address,uint256,bytes,uint8)",
        "target value data operation",
        "a module lets the Safe {this} execute a call",
        _B,
        inside=nested.safe_call,
    ),
    _make("multiSend(bytes)", "transactions", "{this} sends several calls", _B, inside=nested.multi_send),
    _make("multicall(bytes[])", "calls", "several calls of {this}", _B, inside=nested.multicall),
    _make("aggregate((address,bytes)[])", "calls", "several calls through {this}", _B, inside=nested.pairs),
    _make("tryAggregate(bool,(address,bytes)[])", "all calls", "several calls through {this}", _B, inside=nested.last_pairs),
    _make("aggregate3((address,bool,bytes)[])", "calls", "several calls through {this}", _B, inside=nested.triples),
    _make("forward(bytes)", "script", "{this} runs a script of calls", _B, inside=nested.evm_script),
    _make("sendTxToL1(address,bytes)", "target data", "send a call to the main chain", _B, inside=nested.pair),
    _make("sendMessage(address,bytes,uint32)", "target data gas", "send a call to the other chain", _B, inside=nested.pair),
)

FUNCTIONS: Final = (*_TOKENS_MOVE, *CONTROL, *_PARAMETERS, *_BATCHES)

# Public tokens by their address on Ethereum. A DAO's reader of the chain can name more with the proposal.
TOKENS: Final = {
    "0xc00e94cb662c3520282e6f5717214004a7f26888": Token("COMP", 18),
    "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984": Token("UNI", 18),
    "0x7fc66500c84a76ad7e9c93437bfc5ac33e2ddae9": Token("AAVE", 18),
    "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48": Token("USDC", 6),
    "0xdac17f958d2ee523a2206206994597c13d831ec7": Token("USDT", 6),
    "0x6b175474e89094c44da98b954eedeac495271d0f": Token("DAI", 18),
    "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2": Token("WETH", 18),
    "0x0f5d2fb29fb7d3cfee444a200298f468908cc942": Token("MANA", 18),
    "0x77777feddddffc19ff86db637967013e6c6a116c": Token("TORN", 18),
    "0xd533a949740bb3306d119cc777fa900ba034cd52": Token("CRV", 18),
    "0x7f39c581f595b53c5cb19bd0b3f8da6c935e2ca0": Token("wstETH", 18),
}


@cache
def roles() -> dict[bytes, str]:
    """Names of roles by their keccak256, as OpenZeppelin's AccessControl and Aave's ACLManager write them."""
    from eth_utils.crypto import keccak  # noqa: PLC0415  # loaded with the first calldata, not with the server

    names = (
        "MINTER_ROLE",
        "BURNER_ROLE",
        "PAUSER_ROLE",
        "UPGRADER_ROLE",
        "PROPOSER_ROLE",
        "EXECUTOR_ROLE",
        "CANCELLER_ROLE",
        "TIMELOCK_ADMIN_ROLE",
        "POOL_ADMIN",
        "EMERGENCY_ADMIN",
        "RISK_ADMIN",
        "GUARDIAN_ROLE",
        "GOVERNOR_ROLE",
        "OPERATOR_ROLE",
    )
    return {bytes(32): "DEFAULT_ADMIN_ROLE", **{bytes(keccak(text=name)): name for name in names}}
