"""Functions that carry calls: timelocks, governors, Safes, multicalls, scripts, spells and bridges to other chains."""

from typing import Any, Final

from governance.flags import nested_calls as nested
from governance.flags.functions import Effect, Function, make


def _carries(signature: str, names: str, words: str, inside: Any, **rest: Any) -> Function:  # noqa: ANN401  # fields of a function
    return make(signature, names, words, Effect.BATCH, inside=inside, **rest)


_TIMELOCKS: Final = (
    _carries(
        "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
        "target value data predecessor salt delay",
        "the timelock {this} schedules a call after {delay} seconds",
        nested.one_call,
    ),
    _carries(
        "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)",
        "targets values data predecessor salt delay",
        "the timelock {this} schedules calls after {delay} seconds",
        nested.call_lists,
    ),
    _carries(
        "execute(address,uint256,bytes,bytes32,bytes32)",
        "target value data predecessor salt",
        "the timelock {this} executes a call",
        nested.one_call,
    ),
    _carries(
        "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)",
        "targets values data predecessor salt",
        "the timelock {this} executes calls",
        nested.call_lists,
    ),
    _carries(
        "queueTransaction(address,uint256,string,bytes,uint256)",
        "target value signature data eta",
        "the timelock {this} queues a call for {eta} (Unix seconds)",
        nested.signed_call,
    ),
    _carries(
        "executeTransaction(address,uint256,string,bytes,uint256)",
        "target value signature data eta",
        "the timelock {this} executes a call",
        nested.signed_call,
    ),
    _carries("plot(address,bytes32,bytes,uint256)", "spell tag data eta", "{this} plans the spell {spell} for {eta}", nested.spell),
    _carries("exec(address,bytes32,bytes,uint256)", "spell tag data eta", "{this} casts the spell {spell}", nested.spell),
    _carries("schedule(address,bytes,uint48)", "target data when", "the manager {this} schedules a call for {when}", nested.pair),
)
_GOVERNORS: Final = (
    _carries(
        "propose(address[],uint256[],bytes[],string)",
        "targets values data description",
        "propose calls to the governor {this}",
        nested.call_lists,
        mentions=("propos",),
    ),
    _carries(
        "propose(address[],uint256[],string[],bytes[],string)",
        "targets values signatures data description",
        "propose calls to the governor {this}",
        nested.signed_lists,
        mentions=("propos",),
    ),
    _carries(
        "queue(address[],uint256[],bytes[],bytes32)",
        "targets values data description",
        "the governor {this} queues calls",
        nested.call_lists,
    ),
    _carries(
        "execute(address[],uint256[],bytes[],bytes32)",
        "targets values data description",
        "the governor {this} executes calls",
        nested.call_lists,
    ),
    _carries(
        "queue(address[],uint256[],string[],bytes[],bool[])",
        "targets values signatures data delegated",
        "the executor {this} queues calls",
        nested.marked_lists,
    ),
    _carries("relay(address,uint256,bytes)", "target value data", "the governor {this} relays a call", nested.one_call),
    _carries("execute(address,uint256,bytes)", "target value data", "{this} executes a call", nested.one_call),
    _carries("execute(address,bytes)", "target data", "{this} executes a call", nested.delegated_pair),
    _carries("executeCall(address,bytes)", "target data", "{this} executes a call", nested.pair),
    _carries("performAction(address,bytes)", "target data", "{this} executes a call", nested.pair),
)
_BATCHES: Final = (
    _carries(
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
        "target value data operation safe_gas base_gas gas_price gas_token refund_to signatures",
        "the Safe {this} executes a call",
        nested.safe_call,
    ),
    _carries(
        "execTransactionFromModule(address,uint256,bytes,uint8)",
        "target value data operation",
        "a module lets the Safe {this} execute a call",
        nested.safe_call,
    ),
    _carries(
        "execTransactionFromModuleReturnData(address,uint256,bytes,uint8)",
        "target value data operation",
        "a module lets the Safe {this} execute a call",
        nested.safe_call,
    ),
    _carries("multiSend(bytes)", "transactions", "{this} sends several calls", nested.multi_send),
    _carries("multicall(bytes[])", "calls", "several calls of {this}", nested.multicall),
    _carries("aggregate((address,bytes)[])", "calls", "several calls through {this}", nested.pairs),
    _carries("tryAggregate(bool,(address,bytes)[])", "all calls", "several calls through {this}", nested.last_pairs),
    _carries("aggregate3((address,bool,bytes)[])", "calls", "several calls through {this}", nested.triples),
    _carries("forward(bytes)", "script", "{this} runs a script of calls", nested.evm_script),
    _carries(
        "newVote(bytes,string,bool,bool)", "script title cast execute", "ask the vote {this} about a script of calls", nested.evm_script
    ),
)
_BRIDGES: Final = (
    _carries("sendTxToL1(address,bytes)", "target data", "send a call to the main chain", nested.pair),
    _carries("sendMessage(address,bytes,uint32)", "target data gas", "send a call to the other chain", nested.message),
    _carries("sendMessage(address,uint256,bytes,uint256)", "target value data gas", "send a call to the other chain", nested.paid_message),
    _carries("sendMessageToChild(address,bytes)", "target data", "send a call to the child chain", nested.message),
    _carries("requireToPassMessage(address,bytes,uint256)", "target data gas", "send a call to the other chain", nested.message),
    _carries(
        "depositTransaction(address,uint256,uint64,bool,bytes)",
        "target value gas creates data",
        "send a call to the other chain",
        nested.deposited,
    ),
    *(
        _carries(
            f"{name}(address,uint256,uint256,address,address,uint256,uint256,bytes)",
            "target value submission refund_to value_refund_to gas gas_price data",
            "send a call to Arbitrum, refunding {refund_to} and {value_refund_to}",
            nested.retryable,
        )
        for name in ("createRetryableTicket", "unsafeCreateRetryableTicket")
    ),
    _carries(
        "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,uint256,bytes)",
        "target value submission refund_to value_refund_to gas gas_price fee data",
        "send a call to Arbitrum for a fee of {fee} base units, refunding {refund_to} and {value_refund_to}",
        nested.retryable,
    ),
)
BATCHES: Final = (*_TIMELOCKS, *_GOVERNORS, *_BATCHES, *_BRIDGES)
