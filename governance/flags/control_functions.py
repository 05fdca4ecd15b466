"""Functions that move control over contracts and tokens: who owns, administers, guards and mints."""

from typing import Final

from governance.flags.functions import Effect, Scale, appoint, make, setting

# Patterns at the start of a word. Words that nearly every proposal holds (governance, voting, grant, supply) say nothing alone.
_OWNER: Final = (
    "owner", "admin", "controll", "control of", "authorit", "governor", "renounc",
    r"(?:transfer|hand|mov|giv|chang|new|set|replac|migrat|accept)\w*[^.\n]{0,40}\bgovernance",
)  # fmt: skip
_ROLE: Final = (
    "role",
    "admin",
    "minter",
    "pauser",
    "permission",
    r"authori[sz]",
    "access control",
    "guardian",
    "whitelist",
    "allowlist",
    "ward",
)
_REVOKE: Final = (*_ROLE, "revok", "remov")
MINT: Final = ("mint", "issuance", r"issu\w* (?:of )?(?:new|further|more|additional)", "inflation", "emission", "new tokens")
UPGRADE: Final = (
    "upgrad",
    "implementation",
    "proxy",
    "migrat",
    "new version",
    "facet",
    "diamond",
    r"replac\w*[^.\n]{0,30}\b(?:code|contract|logic)",
)
_ANYWAY: Final = Effect.CONTROL

_OWNERS: Final = (
    appoint("setOwner(address)", "owner", "give {this} to the owner {owner}", *_OWNER),
    appoint("setGovernance(address)", "governance", "let {governance} govern {this}", *_OWNER),
    appoint("setGov(address)", "governance", "let {governance} govern {this}", *_OWNER),
    appoint("setGovernor(address)", "governor", "let {governor} govern {this}", *_OWNER),
    appoint("transferGovernor(address)", "governor", "let {governor} govern {this}", *_OWNER),
    appoint("setAuthority(address)", "authority", "make {authority} the authority of {this}", *_OWNER),
    appoint("updateAuthority(address,address)", "target authority", "make {authority} the authority of {target}", *_OWNER),
    appoint("transferOwnership(address)", "owner", "give {this} to the owner {owner}", *_OWNER),
    appoint("acceptOwnership()", "", "take over the ownership of {this}", *_OWNER),
    appoint("renounceOwnership()", "", "leave {this} without an owner", *_OWNER),
    appoint("setPendingAdmin(address)", "admin", "offer the control of {this} to {admin}", *_OWNER),
    appoint("_setPendingAdmin(address)", "admin", "offer the control of {this} to {admin}", *_OWNER),
    appoint("acceptAdmin()", "", "take over the control of {this}", *_OWNER),
    appoint("_acceptAdmin()", "", "take over the control of {this}", *_OWNER),
    appoint("changeAdmin(address)", "admin", "make {admin} the admin of the proxy {this}", *_OWNER),
    appoint("changeProxyAdmin(address,address)", "proxy admin", "make {admin} the admin of the proxy {proxy}", *_OWNER),
    appoint("_initiate(address)", "governor", "let {this} go on where the governor {governor} stopped", *_OWNER, *UPGRADE),
    appoint("setACLAdmin(address)", "admin", "make {admin} the admin of every role of {this}", *_ROLE),
    appoint("setACLManager(address)", "manager", "let {manager} keep the roles of {this}", "acl", *_ROLE),
    appoint("setFundsAdmin(address)", "admin", "let {admin} spend what {this} holds", "funds admin", *_OWNER),
    appoint("setPriceOracle(address)", "oracle", "take the prices of {this} from {oracle}", "oracle", "price", "feed"),
    appoint("setPriceOracleSentinel(address)", "oracle", "let {oracle} watch the prices of {this}", "sentinel", "oracle"),
    appoint("lift(address)", "spell", "give {this} to the hat {spell}", "hat", "lift", "spell"),
)
_ROLES: Final = (
    appoint("setMinter(address)", "minter", "let {minter} create tokens of {this}", *MINT),
    appoint("addMinter(address)", "minter", "let {minter} create tokens of {this}", *MINT),
    *(
        appoint(f"{verb}{name}(address)", "admin", f"{words} {label}", *_ROLE, *extra)
        for verb, words, extra in (("add", "make {admin}", ()), ("remove", "let {admin} be no more", ("remov", "revok")))
        for name, label in (
            ("PoolAdmin", "a pool admin"),
            ("EmergencyAdmin", "an emergency admin"),
            ("RiskAdmin", "a risk admin"),
            ("AssetListingAdmin", "an asset listing admin"),
            ("FlashBorrower", "a free flash borrower"),
            ("Bridge", "a bridge of unbacked tokens"),
        )
    ),
    appoint("setPoolAdmin(address)", "admin", "make {admin} the pool admin", *_OWNER),
    appoint("rely(address)", "ward", "let {ward} administer {this}", "rely", *_ROLE),
    appoint("deny(address)", "ward", "stop {ward} from administering {this}", "deny", *_REVOKE),
    appoint("grantRole(bytes32,address)", "role account", "give {account} the role {role} on {this}", *_ROLE),
    appoint("revokeRole(bytes32,address)", "role account", "take the role {role} on {this} from {account}", *_REVOKE),
    appoint("renounceRole(bytes32,address)", "role account", "give up the role {role} of {account} on {this}", "renounc", *_REVOKE),
    appoint("setRoleAdmin(bytes32,bytes32)", "role admin_role", "let {admin_role} administer the role {role} on {this}", *_ROLE),
    appoint("beginDefaultAdminTransfer(address)", "admin", "offer the highest role on {this} to {admin}", *_OWNER),
    appoint("acceptDefaultAdminTransfer()", "", "take over the highest role on {this}", *_OWNER),
    appoint("cancelDefaultAdminTransfer()", "", "withdraw the offer of the highest role on {this}", *_OWNER),
    appoint(
        "grantRole(uint64,address,uint32)", "role_id account delay", "give {account} role {role_id} on {this} after {delay} seconds", *_ROLE
    ),
    appoint("revokeRole(uint64,address)", "role_id account", "take role {role_id} on {this} from {account}", *_REVOKE),
    appoint("renounceRole(uint64,address)", "role_id account", "give up role {role_id} of {account} on {this}", "renounc", *_REVOKE),
    appoint("setRoleAdmin(uint64,uint64)", "role_id admin_id", "let role {admin_id} administer role {role_id} on {this}", *_ROLE),
    appoint("setRoleGuardian(uint64,uint64)", "role_id guardian_id", "let role {guardian_id} guard role {role_id} on {this}", *_ROLE),
    appoint(
        "setTargetFunctionRole(address,bytes4[],uint64)",
        "target functions role_id",
        "let role {role_id} call {functions} of {target}",
        *_ROLE,
    ),
    appoint("setTargetClosed(address,bool)", "target closed", "close {target} to everybody: {closed}", "clos", "paus", "open"),
    make("labelRole(uint64,string)", "role_id label", "call role {role_id} {label}", mentions=_ROLE),
    appoint("grantPermission(address,address,bytes32)", "account app role", "give {account} the permission {role} on {app}", *_ROLE),
    appoint(
        "revokePermission(address,address,bytes32)", "account app role", "take the permission {role} on {app} from {account}", *_REVOKE
    ),
    appoint(
        "setPermissionManager(address,address,bytes32)", "manager app role", "let {manager} manage the permission {role} on {app}", *_ROLE
    ),
    appoint(
        "createPermission(address,address,bytes32,address)",
        "account app role manager",
        "give {account} the permission {role} on {app}, managed by {manager}",
        *_ROLE,
    ),
    *(
        appoint(signature, "guardian", words, "guardian", *also)
        for signature, words, *also in (
            ("setGuardian(address)", "make {guardian} the guardian of {this}"),
            ("_setPauseGuardian(address)", "make {guardian} the pause guardian"),
            ("_setBorrowCapGuardian(address)", "make {guardian} the guardian of borrow caps"),
            ("_setWhitelistGuardian(address)", "make {guardian} the whitelist guardian", "whitelist"),
            ("updateGuardian(address)", "make {guardian} the guardian of {this}"),
        )
    ),
    appoint(
        "_setWhitelistAccountExpiration(address,uint256)", "account until", "let {account} propose without power until {until}", "whitelist"
    ),
    appoint("setDelegate(bytes32,address)", "space delegate", "give the votes in space {space} to {delegate}", "delegat"),
    appoint("delegate(address)", "delegate", "give the votes of {this} to {delegate}", "delegat"),
)
_MINTS: Final = (
    make(
        "mint(address,uint256)", "to amount", "create {amount} for {to}", _ANYWAY, amounts=("amount",), pays=("to", "amount"), mentions=MINT
    ),
    make("mint(uint256)", "amount", "create {amount} for the caller", _ANYWAY, amounts=("amount",), mentions=MINT),
    setting("setMintCap(uint256)", "cap", "mint cap", "cap", Scale.TOKENS, "minting cap", effect=_ANYWAY),
)
CONTROL: Final = (*_OWNERS, *_ROLES, *_MINTS)
