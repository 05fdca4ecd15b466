"""Functions that move tokens: payments, allowances, streams, vaults, lending positions and gauges."""

from typing import Any, Final

from governance.flags.functions import Effect, make

# What a text says of a payment, at the start of a word.
PAYMENT: Final = (
    "transfer", "send", "sent", r"pay(?!load)", "paid", r"fund(?!ament)", "grant", "distribut", "budget", "compensat", "invoic",
    "salar", "reward", "allocat", "reimburs", "refund", "disburs", "donat", "stream", "vest(?:ing|ed)", "bount", "incentiv",
    "stipend", "retain", "purchas", "buy", "swap(?! fee)", "spend", "contribut", "sponsor", "remunerat", "withdraw", "airdrop",
    "deposit", "seed", "invest(?!igat)", "liquidity", "repay", "loan", "subsid", "bridg", "top[- ]?up", "acqui", "expens",
    "scholarship", "endow", "prize", "claim",
)  # fmt: skip
_PAYS: Final[dict[str, Any]] = {"amounts": ("amount",), "pays": ("to", "amount"), "mentions": PAYMENT}
_LEND: Final = ("suppl", "deposit", "lend", "stak", "yield", "invest(?!igat)", "provid", "allocat", "liquidity")
_TAKE: Final = ("withdraw", "redeem", "unstak", "unwind", "exit", "wrap", "unwrap", "claim", "remov")
_ALLOW: Final = ("approv", "allow", "spend", "permi")
_STREAM: Final = ("stream", "salar", "vesting", "payroll", "contract")
_COMPTROLLER: Final = "0x3d9819210a31b4961b30ef54be2aed79b9c9cd3b"
_COMP: Final = "0xc00e94cb662c3520282e6f5717214004a7f26888"

_T, _C, _A = Effect.TRANSFER, Effect.CONTROL, Effect.ALLOWANCE

PAYMENTS: Final = (
    make("transfer(address,uint256)", "to amount", "pay {amount} to {to}", _T, **_PAYS),
    make("transferFrom(address,address,uint256)", "from to amount", "move {amount} from {from} to {to}", _T, **_PAYS),
    make(
        "safeTransferFrom(address,address,uint256)",
        "from to id",
        "move token no. {id} of {this} from {from} to {to}",
        _T,
        whom=("to",),
        mentions=PAYMENT,
    ),
    make(
        "safeTransferFrom(address,address,uint256,bytes)",
        "from to id data",
        "move token no. {id} of {this} from {from} to {to}",
        _T,
        whom=("to",),
        mentions=PAYMENT,
    ),
    make(
        "safeTransferFrom(address,address,uint256,uint256,bytes)",
        "from to id count data",
        "move {count} of token no. {id} of {this} from {from} to {to}",
        _T,
        whom=("to",),
        mentions=PAYMENT,
    ),
    make("transfer(address,address,uint256)", "token to amount", "{this} pays {amount} to {to}", _T, **_PAYS),
    make("transfer(address,address,address,uint256)", "from token to amount", "{from} pays {amount} to {to}", _T, **_PAYS),
    make("withdraw(address,address,uint256)", "token to amount", "{this} pays {amount} to {to}", _T, **_PAYS),
    make("withdrawToken(address,address,uint256)", "token to amount", "{this} pays {amount} to {to}", _T, **_PAYS),
    make("_grantComp(address,uint256)", "to amount", "grant {to} {amount} of {this}", _T, paid_in={_COMPTROLLER: _COMP}, **_PAYS),
    make("sendETH(address,uint256)", "to amount", "{this} pays {amount} to {to}", _T, paid_in={"": "ETH"}, **_PAYS),
    make(
        "newImmediatePayment(address,address,uint256,string)",
        "token to amount reference",
        "{this} pays {amount} to {to} for {reference}",
        _T,
        **_PAYS,
    ),
    make(
        "disperseEther(address[],uint256[])",
        "to amount",
        "pay {amount} wei to {to}",
        _T,
        pays=("to", "amount"),
        paid_in={"": "ETH"},
        mentions=PAYMENT,
    ),
    make(
        "disperseToken(address,address[],uint256[])",
        "token to amount",
        "pay {amount} base units of {token} to {to}",
        _T,
        pays=("to", "amount"),
        mentions=PAYMENT,
    ),
    make(
        "withdrawReserves(address,uint256)",
        "to amount",
        "{this} pays {amount} base units of its reserves to {to}",
        _T,
        pays=("to", "amount"),
        mentions=PAYMENT,
    ),
    make(
        "depositERC20To(address,address,address,uint256,uint32,bytes)",
        "token other to amount gas data",
        "bridge {amount} to {to}",
        _T,
        **_PAYS,
    ),
    make(
        "outboundTransfer(address,address,uint256,uint256,uint256,bytes)",
        "token to amount gas price data",
        "bridge {amount} to {to}",
        _T,
        **_PAYS,
    ),
    make("deposit()", "", "deposit into {this}", mentions=(*_LEND, "wrap", "swap")),
    make("withdraw(uint256)", "amount", "withdraw {amount} base units from {this}", mentions=_TAKE),
    make("burn(uint256)", "amount", "destroy {amount}", amounts=("amount",), mentions=("burn", "destroy")),
    make("claim()", "", "claim what {this} owes", mentions=_TAKE),
)
STREAMS: Final = (
    make(
        "createStream(address,uint256,address,uint256,uint256)",
        "to amount token start stop",
        "{this} streams {amount} to {to} from {start} to {stop} (Unix seconds)",
        _T,
        **_PAYS,
    ),
    make(
        "createStream(address,address,uint256,address,uint256,uint256)",
        "from to amount token start stop",
        "{from} streams {amount} to {to} from {start} to {stop} (Unix seconds)",
        _T,
        **_PAYS,
    ),
    make("cancelStream(uint256)", "stream", "end the stream no. {stream} of {this}", mentions=_STREAM),
    make("cancelStream(address,uint256)", "from stream", "end the stream no. {stream} of {from}", mentions=_STREAM),
    make("withdrawFromStream(uint256,uint256)", "stream amount", "take {amount} base units from the stream no. {stream}", mentions=_STREAM),
    make("createStream(address,uint216)", "recipient rate", "{this} streams {rate} (of 10^20) a second to {recipient}", mentions=_STREAM),
    make(
        "createStreamWithReason(address,uint216,string)",
        "recipient rate reason",
        "{this} streams {rate} (of 10^20) a second to {recipient} for {reason}",
        mentions=_STREAM,
    ),
    make(
        "depositAndCreate(uint256,address,uint216)",
        "amount recipient rate",
        "put {amount} base units into {this}, which streams {rate} (of 10^20) a second to {recipient}",
        mentions=_STREAM,
    ),
    make(
        "cancelStream(address,uint216)", "recipient rate", "end the stream of {rate} (of 10^20) a second to {recipient}", mentions=_STREAM
    ),
    make(
        "pauseStream(address,uint216)", "recipient rate", "pause the stream of {rate} (of 10^20) a second to {recipient}", mentions=_STREAM
    ),
    make(
        "modifyStream(address,uint216,address,uint216)",
        "old old_rate recipient rate",
        "turn the stream of {old_rate} to {old} into {rate} (of 10^20) a second to {recipient}",
        mentions=_STREAM,
    ),
    make("deposit(uint256)", "amount", "put {amount} base units into {this}", mentions=_LEND),
    make("withdrawPayer(uint256)", "amount", "take {amount} (of 10^20) back from {this}", mentions=_TAKE),
    make("withdrawPayerAll()", "", "take everything back from {this}", mentions=_TAKE),
    make("cancel(uint256)", "id", "end no. {id} of {this}", mentions=("cancel", "end", "stop", "clawback")),
    make("withdrawMax(uint256,address)", "id recipient", "withdraw no. {id} of {this} to {recipient}", mentions=_TAKE),
    make(
        "createWithDurations((address,address,uint128,address,bool,bool,(uint40,uint40),(address,uint256)))",
        "stream",
        "{this} streams (sender, recipient, amount, token, cancelable, transferable, (cliff, duration), broker) {stream}",
        opaque=True,
        mentions=_STREAM,
    ),
)
ALLOWANCES: Final = (
    make("approve(address,uint256)", "spender amount", "allow {spender} to spend {amount}", _A, amounts=("amount",), mentions=_ALLOW),
    make(
        "increaseAllowance(address,uint256)",
        "spender amount",
        "allow {spender} to spend {amount} more",
        _A,
        amounts=("amount",),
        mentions=_ALLOW,
    ),
    make(
        "approve(address,address,uint256)",
        "token spender amount",
        "{this} allows {spender} to spend {amount}",
        _A,
        amounts=("amount",),
        mentions=_ALLOW,
    ),
    make(
        "approve(address,address,address,uint256)",
        "from token spender amount",
        "{from} allows {spender} to spend {amount}",
        _A,
        amounts=("amount",),
        mentions=_ALLOW,
    ),
    make(
        "approveThis(address,address,uint256)",
        "spender token amount",
        "{this} allows {spender} to spend {amount}",
        _A,
        amounts=("amount",),
        mentions=_ALLOW,
    ),
    make(
        "decreaseAllowance(address,uint256)",
        "account amount",
        "allow {account} to spend {amount} less",
        amounts=("amount",),
        mentions=_ALLOW,
    ),
    make(
        "setApprovalForAll(address,bool)",
        "operator approved",
        "let {operator} move every token of {this}: {approved}",
        _C,
        mentions=(*_ALLOW, "operator"),
    ),
    make(
        "setRelayerApproval(address,address,bool)",
        "sender operator approved",
        "let the relayer {operator} act for {sender}: {approved}",
        _C,
        mentions=("relayer", *_ALLOW),
    ),
)
POSITIONS: Final = (
    make("deposit(uint256,address)", "amount recipient", "deposit {amount} base units into {this} for {recipient}", mentions=_LEND),
    make("mint(uint256,address)", "shares recipient", "deposit into {this} for {shares} shares of {recipient}", mentions=(*_LEND, "mint")),
    make(
        "withdraw(uint256,address,address)",
        "amount recipient from",
        "withdraw {amount} base units of {from} from {this} to {recipient}",
        mentions=_TAKE,
    ),
    make(
        "redeem(uint256,address,address)",
        "shares recipient from",
        "redeem {shares} shares of {from} in {this} for {recipient}",
        mentions=_TAKE,
    ),
    make("supply(address,uint256)", "token amount", "supply {amount} to {this}", amounts=("amount",), mentions=_LEND),
    make("withdraw(address,uint256)", "token amount", "withdraw {amount} from {this}", amounts=("amount",), mentions=_TAKE),
    make(
        "supply(address,uint256,address,uint16)",
        "token amount recipient code",
        "supply {amount} to {this} for {recipient}",
        amounts=("amount",),
        mentions=_LEND,
    ),
    make(
        "deposit(address,uint256,address,uint16)",
        "token amount recipient code",
        "supply {amount} to {this} for {recipient}",
        amounts=("amount",),
        mentions=_LEND,
    ),
    make("withdraw(address,uint256,address)", "token amount to", "{this} pays {amount} to {to}", _T, **_PAYS),
    make(
        "borrow(address,uint256,uint256,uint16,address)",
        "token amount mode code account",
        "borrow {amount} for {account}",
        amounts=("amount",),
        mentions=("borrow", "loan"),
    ),
    make(
        "repay(address,uint256,uint256,address)",
        "token amount mode account",
        "repay {amount} of {account}",
        amounts=("amount",),
        mentions=("repay", "debt"),
    ),
    make("add_gauge(address,int128)", "gauge kind", "add the gauge {gauge} of type {kind}", mentions=("gauge",)),
    make(
        "add_gauge(address,int128,uint256)",
        "gauge kind weight",
        "add the gauge {gauge} of type {kind} with weight {weight}",
        mentions=("gauge",),
    ),
    make("addGauge(address,string)", "gauge kind", "add the gauge {gauge} of type {kind}", mentions=("gauge",)),
    make("killGauge()", "", "stop the gauge {this}", mentions=("gauge",)),
    make("unkillGauge()", "", "let the gauge {this} go on", mentions=("gauge",)),
    make("set_killed(bool)", "killed", "stop the gauge {this}: {killed}", mentions=("gauge", "kill")),
    make("add_reward(address,address)", "token distributor", "let {distributor} give rewards in {token} to {this}", mentions=("reward",)),
    make(
        "deposit_reward_token(address,uint256)",
        "token amount",
        "give {amount} of rewards to {this}",
        amounts=("amount",),
        mentions=("reward", "incentiv"),
    ),
    make(
        "withdrawCollectedFees(address[],uint256[],address)",
        "token amount to",
        "pay {amount} base units of fees in {token} to {to}",
        mentions=("fee",),
    ),
)
TOKENS_MOVE: Final = (*PAYMENTS, *STREAMS, *ALLOWANCES, *POSITIONS)
