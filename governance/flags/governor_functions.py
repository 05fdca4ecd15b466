"""Functions that move control over code, votes and signers: proxies, governors, timelocks, diamonds and Safes."""

from typing import Final

from governance.flags import nested_calls as nested
from governance.flags.control_functions import CONTROL as OWNERS
from governance.flags.control_functions import UPGRADE
from governance.flags.functions import Effect, Function, Scale, appoint, make, sets, setting

_C: Final = Effect.CONTROL
_SIGNER: Final = ("signer", "owner", r"multi-?sig", "member", "threshold")
_MODULE: Final = ("module", "plugin", "zodiac")
_WAIT: Final = ("execution delay", "timelock", "delay")


def _voting(signature: str, names: str, label: str, argument: str, scale: Scale, *also: str) -> Function:
    return setting(signature, names, label, argument, scale, *also, effect=_C)


_CODE: Final = (
    appoint("upgradeTo(address)", "implementation", "replace the code of {this} by {implementation}", *UPGRADE),
    make(
        "upgradeToAndCall(address,bytes)",
        "implementation call",
        "replace the code of {this} by {implementation} and call it",
        _C,
        inside=nested.self_call,
        mentions=UPGRADE,
    ),
    appoint("upgrade(address,address)", "proxy implementation", "replace the code of {proxy} by {implementation}", *UPGRADE),
    make(
        "upgradeAndCall(address,address,bytes)",
        "proxy implementation call",
        "replace the code of {proxy} by {implementation} and call it",
        _C,
        inside=nested.first_called,
        mentions=UPGRADE,
    ),
    appoint("_setImplementation(address)", "implementation", "replace the code of {this} by {implementation}", *UPGRADE),
    appoint("setImplementation(address)", "implementation", "replace the code of {this} by {implementation}", *UPGRADE),
    appoint(
        "_setImplementation(address,bool,bytes)", "implementation resign data", "replace the code of {this} by {implementation}", *UPGRADE
    ),
    appoint("_setPendingImplementation(address)", "implementation", "offer {this} the new code {implementation}", *UPGRADE),
    appoint("_become(address)", "proxy", "{this} becomes the code of {proxy}", *UPGRADE),
    appoint("setPoolImpl(address)", "implementation", "replace the code of the pool by {implementation}", *UPGRADE),
    appoint(
        "setPoolConfiguratorImpl(address)", "implementation", "replace the code of the pool's configurator by {implementation}", *UPGRADE
    ),
    appoint("setPoolDataProvider(address)", "implementation", "tell the pool's data by {implementation}", "data provider", *UPGRADE),
    appoint("setAddress(bytes32,address)", "id implementation", "let {id} of {this} be {implementation}", "address", *UPGRADE),
    appoint("setAddressAsProxy(bytes32,address)", "id implementation", "let {id} of {this} be a proxy of {implementation}", *UPGRADE),
    appoint("_setComptroller(address)", "implementation", "let {implementation} rule the market {this}", "comptroller", *UPGRADE),
    make(
        "updateAToken((address,address,address,string,string,address,bytes))",
        "token",
        "replace the code of a pool token (asset, treasury, incentives, name, symbol, code, data): {token}",
        _C,
        opaque=True,
        mentions=("atoken", *UPGRADE),
    ),
    make(
        "updateVariableDebtToken((address,address,string,string,address,bytes))",
        "token",
        "replace the code of a debt token (asset, incentives, name, symbol, code, data): {token}",
        _C,
        opaque=True,
        mentions=("debt token", *UPGRADE),
    ),
    make(
        "diamondCut((address,uint8,bytes4[])[],address,bytes)",
        "cuts init call",
        "exchange functions of the diamond {this} ({cuts}) and run the code of {init} as its own",
        _C,
        inside=nested.diamond_init,
        mentions=UPGRADE,
        delegates=True,
    ),
    appoint("emergencyCommit(uint32)", "bip", "{this} commits proposal {bip} by the emergency path, at once", "emergency"),
)
_VOTES: Final = (
    *(
        _voting(f"{under}setVotingDelay({kind})", "delay", "voting delay", "delay", scale, "vote delay", "delay")
        for under, kind, scale in (("", "uint256", Scale.CLOCK), ("", "uint48", Scale.CLOCK), ("_", "uint256", Scale.BLOCKS))
    ),
    *(
        _voting(
            f"{under}setVotingPeriod({kind})", "period", "voting period", "period", scale, "voting window", "voting duration", "vote period"
        )
        for under, kind, scale in (("", "uint256", Scale.CLOCK), ("", "uint32", Scale.CLOCK), ("_", "uint256", Scale.BLOCKS))
    ),
    *(
        _voting(f"{under}setProposalThreshold(uint256)", "threshold", "proposal threshold", "threshold", Scale.TOKENS, "threshold")
        for under in ("", "_")
    ),
    *(
        _voting(f"setLateQuorumVoteExtension({kind})", "extension", "late quorum extension", "extension", Scale.CLOCK, "vote extension")
        for kind in ("uint48", "uint64")
    ),
    make(
        "updateQuorumNumerator(uint256)",
        "quorum",
        "set the quorum of {this} to {quorum} of its denominator",
        _C,
        sets=(sets("quorum", Scale.PERCENT, "quorum"),),
    ),
    _voting("setQuorum(uint256)", "quorum", "quorum", "quorum", Scale.TOKENS),
    *(
        _voting(f"{name}(uint256)", "delay", "delay of the timelock", "delay", Scale.SECONDS, "timelock delay", *_WAIT)
        for name in ("setDelay", "updateDelay")
    ),
    _voting("changeDefaultAdminDelay(uint48)", "delay", "delay of the highest role", "delay", Scale.SECONDS, "admin delay", "delay"),
    _voting("setGrantDelay(uint64,uint32)", "role_id delay", "grant delay", "delay", Scale.SECONDS, "delay"),
    _voting("setTargetAdminDelay(address,uint32)", "target delay", "admin delay", "delay", Scale.SECONDS, "delay"),
    appoint("updateTimelock(address)", "timelock", "let {this} execute through {timelock}", "timelock", "time lock", "time-lock"),
    make("cancel(bytes32)", "id", "the timelock {this} drops {id}", mentions=("cancel", "drop", "veto")),
    make(
        "cancel(address,address,bytes)",
        "caller target data",
        "{this} drops the call of {caller} to {target}",
        mentions=("cancel", "drop", "veto"),
    ),
    make(
        "cancel(address[],uint256[],bytes[],bytes32)",
        "targets values data description",
        "the governor {this} drops a proposal",
        mentions=("cancel", "drop", "veto"),
    ),
)
_SAFES: Final = (
    make(
        "addOwnerWithThreshold(address,uint256)",
        "owner threshold",
        "add {owner} to the signers of {this}, {threshold} of whom decide",
        _C,
        sets=(_THRESHOLD := sets("threshold", Scale.PLAIN, "threshold"),),
        mentions=_SIGNER,
    ),
    make(
        "removeOwner(address,address,uint256)",
        "before owner threshold",
        "remove {owner} from the signers of {this}, {threshold} of whom decide",
        _C,
        sets=(_THRESHOLD,),
        mentions=_SIGNER,
    ),
    appoint("swapOwner(address,address,address)", "before old new", "replace the signer {old} of {this} by {new}", *_SIGNER),
    make("changeThreshold(uint256)", "threshold", "let {threshold} signers of {this} decide", _C, sets=(_THRESHOLD,)),
    appoint("enableModule(address)", "module", "let the module {module} act for {this}", *_MODULE),
    appoint("disableModule(address,address)", "before module", "let the module {module} act no more for {this}", *_MODULE),
    appoint("setGuard(address)", "guard", "make {guard} the guard of {this}", "guard(?!ian)"),
    appoint("setModuleGuard(address)", "guard", "make {guard} the guard of the modules of {this}", "guard(?!ian)", *_MODULE),
    appoint("setFallbackHandler(address)", "handler", "let {handler} answer for {this}", "fallback", "handler"),
    appoint("approveHash(bytes32)", "hash", "sign {hash} for {this}", "sign", "approv"),
    appoint("setAvatar(address)", "avatar", "let {this} act for {avatar}", "avatar", *_MODULE),
    appoint("setTarget(address)", "target", "let {this} act on {target}", "target", *_MODULE),
    appoint("addDelegate(address)", "delegate", "let {delegate} spend allowances of {this}", "delegat", "allowance"),
    make(
        "setAllowance(address,address,uint96,uint16,uint32)",
        "spender token amount minutes start",
        "let {spender} spend {amount} of {token} every {minutes} minutes",
        Effect.ALLOWANCE,
        amounts=("amount",),
        mentions=("allowance", "spend", "allow"),
    ),
)
GOVERNANCE: Final = (*OWNERS, *_CODE, *_VOTES, *_SAFES)
