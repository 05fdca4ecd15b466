"""Functions that move control: who owns, upgrades, mints, signs, guards, votes, and by which thresholds and delays."""

from typing import Final

from governance.flags import nested_calls as nested
from governance.flags.functions import Effect
from governance.flags.functions import make as _make

_OWNER: Final = ("owner", "admin", "control", "authorit", "governor", "governance", "transfer")
_ROLE: Final = ("role", "grant", "admin", "minter", "permission", "authori", "access", "member", "guardian")
MINT: Final = ("mint", "issu", "inflation", "emission", "supply")
_UPGRADE: Final = ("upgrad", "implementation", "proxy", "migrat", "new version", "facet", "diamond", "replace")
_VOTING: Final = ("quorum", "threshold", "voting", "period", "delay", "governor", "govern")
_SIGNER: Final = ("signer", "owner", "multisig", "multi-sig", "safe", "threshold", "member", "module", "guard")

_C: Final = Effect.CONTROL

CONTROL: Final = (
    _make("mint(address,uint256)", "to amount", "create {amount} for {to}", _C, amounts=("amount",), pays=("to", "amount"), mentions=MINT),
    _make("mint(uint256)", "amount", "create {amount} for the caller", _C, amounts=("amount",), mentions=MINT),
    _make("setMinter(address)", "minter", "let {minter} create tokens of {this}", _C, mentions=MINT),
    _make("addMinter(address)", "minter", "let {minter} create tokens of {this}", _C, mentions=MINT),
    _make("setOwner(address)", "owner", "give {this} to the owner {owner}", _C, mentions=_OWNER),
    _make("setGovernance(address)", "governance", "let {governance} govern {this}", _C, mentions=_OWNER),
    _make("setAuthority(address)", "authority", "make {authority} the authority of {this}", _C, mentions=_OWNER),
    _make("transferOwnership(address)", "owner", "give {this} to the owner {owner}", _C, mentions=_OWNER),
    _make("acceptOwnership()", "", "take over the ownership of {this}", _C, mentions=_OWNER),
    _make("renounceOwnership()", "", "leave {this} without an owner", _C, mentions=_OWNER),
    _make("setPendingAdmin(address)", "admin", "offer the control of {this} to {admin}", _C, mentions=_OWNER),
    _make("_setPendingAdmin(address)", "admin", "offer the control of {this} to {admin}", _C, mentions=_OWNER),
    _make("acceptAdmin()", "", "take over the control of {this}", _C, mentions=_OWNER),
    _make("_acceptAdmin()", "", "take over the control of {this}", _C, mentions=_OWNER),
    _make("changeAdmin(address)", "admin", "make {admin} the admin of the proxy {this}", _C, mentions=_OWNER),
    _make("setPoolAdmin(address)", "admin", "make {admin} the pool admin", _C, mentions=_OWNER),
    _make("addPoolAdmin(address)", "admin", "make {admin} a pool admin", _C, mentions=_OWNER),
    _make("rely(address)", "ward", "let {ward} administer {this}", _C, mentions=_ROLE),
    _make("deny(address)", "ward", "stop {ward} from administering {this}", _C, mentions=_ROLE),
    _make("grantRole(bytes32,address)", "role account", "give {account} the role {role} on {this}", _C, mentions=_ROLE),
    _make(
        "revokeRole(bytes32,address)",
        "role account",
        "take the role {role} on {this} from {account}",
        _C,
        mentions=(*_ROLE, "revok", "remov"),
    ),
    _make(
        "grantPermission(address,address,bytes32)", "account app role", "give {account} the permission {role} on {app}", _C, mentions=_ROLE
    ),
    _make(
        "createPermission(address,address,bytes32,address)",
        "account app role manager",
        "give {account} the permission {role} on {app}, managed by {manager}",
        _C,
        mentions=_ROLE,
    ),
    _make("setGuardian(address)", "guardian", "make {guardian} the guardian of {this}", _C, mentions=("guardian",)),
    _make("_setPauseGuardian(address)", "guardian", "make {guardian} the pause guardian", _C, mentions=("guardian",)),
    _make("_setWhitelistGuardian(address)", "guardian", "make {guardian} the whitelist guardian", _C, mentions=("guardian", "whitelist")),
    _make("setDelegate(bytes32,address)", "space delegate", "give the votes in space {space} to {delegate}", _C, mentions=("delegat",)),
    _make("delegate(address)", "delegate", "give the votes of {this} to {delegate}", _C, mentions=("delegat",)),
    _make("upgradeTo(address)", "implementation", "replace the code of {this} by {implementation}", _C, mentions=_UPGRADE),
    _make(
        "upgradeToAndCall(address,bytes)",
        "implementation call",
        "replace the code of {this} by {implementation} and call it",
        _C,
        inside=nested.self_call,
        mentions=_UPGRADE,
    ),
    _make("upgrade(address,address)", "proxy implementation", "replace the code of {proxy} by {implementation}", _C, mentions=_UPGRADE),
    _make(
        "upgradeAndCall(address,address,bytes)",
        "proxy implementation call",
        "replace the code of {proxy} by {implementation} and call it",
        _C,
        inside=nested.first_called,
        mentions=_UPGRADE,
    ),
    _make("_setImplementation(address)", "implementation", "replace the code of {this} by {implementation}", _C, mentions=_UPGRADE),
    _make(
        "_setImplementation(address,bool,bytes)",
        "implementation resign data",
        "replace the code of {this} by {implementation}",
        _C,
        mentions=_UPGRADE,
    ),
    _make("_setPendingImplementation(address)", "implementation", "offer {this} the new code {implementation}", _C, mentions=_UPGRADE),
    _make("_become(address)", "proxy", "{this} becomes the code of {proxy}", _C, mentions=_UPGRADE),
    _make(
        "diamondCut((address,uint8,bytes4[])[],address,bytes)",
        "cuts init call",
        "exchange functions of the diamond {this} ({cuts}) and run the code of {init} as its own",
        _C,
        inside=nested.diamond_init,
        mentions=_UPGRADE,
        delegates=True,
    ),
    _make("emergencyCommit(uint32)", "bip", "{this} commits proposal {bip} by the emergency path, at once", _C, mentions=("emergency",)),
    _make("setVotingDelay(uint256)", "delay", "set the voting delay of {this} to {delay}", _C, mentions=_VOTING),
    _make("setVotingDelay(uint48)", "delay", "set the voting delay of {this} to {delay}", _C, mentions=_VOTING),
    _make("_setVotingDelay(uint256)", "delay", "set the voting delay of {this} to {delay} blocks", _C, mentions=_VOTING),
    _make("setVotingPeriod(uint256)", "period", "set the voting period of {this} to {period}", _C, mentions=_VOTING),
    _make("setVotingPeriod(uint32)", "period", "set the voting period of {this} to {period}", _C, mentions=_VOTING),
    _make("_setVotingPeriod(uint256)", "period", "set the voting period of {this} to {period} blocks", _C, mentions=_VOTING),
    _make("setProposalThreshold(uint256)", "threshold", "set the proposal threshold of {this} to {threshold}", _C, mentions=_VOTING),
    _make("_setProposalThreshold(uint256)", "threshold", "set the proposal threshold of {this} to {threshold}", _C, mentions=_VOTING),
    _make("updateQuorumNumerator(uint256)", "quorum", "set the quorum of {this} to {quorum} of its denominator", _C, mentions=_VOTING),
    _make("setQuorum(uint256)", "quorum", "set the quorum of {this} to {quorum}", _C, mentions=_VOTING),
    _make("setDelay(uint256)", "delay", "set the delay of the timelock {this} to {delay} seconds", _C, mentions=_VOTING),
    _make("updateDelay(uint256)", "delay", "set the delay of the timelock {this} to {delay} seconds", _C, mentions=_VOTING),
    _make("updateTimelock(address)", "timelock", "let {this} execute through {timelock}", _C, mentions=(*_VOTING, "timelock")),
    _make(
        "addOwnerWithThreshold(address,uint256)",
        "owner threshold",
        "add {owner} to the signers of {this}, {threshold} of whom decide",
        _C,
        mentions=_SIGNER,
    ),
    _make(
        "removeOwner(address,address,uint256)",
        "before owner threshold",
        "remove {owner} from the signers of {this}, {threshold} of whom decide",
        _C,
        mentions=_SIGNER,
    ),
    _make("swapOwner(address,address,address)", "before old new", "replace the signer {old} of {this} by {new}", _C, mentions=_SIGNER),
    _make("changeThreshold(uint256)", "threshold", "let {threshold} signers of {this} decide", _C, mentions=_SIGNER),
    _make("enableModule(address)", "module", "let the module {module} act for {this}", _C, mentions=_SIGNER),
    _make("setGuard(address)", "guard", "make {guard} the guard of {this}", _C, mentions=_SIGNER),
)
