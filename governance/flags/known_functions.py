"""The functions that governance calls, and the tokens and roles it names.

Signatures are public interfaces: ERC-20/721/1155/4626, OpenZeppelin Contracts 4 and 5 (access, proxy, governance), Compound's
Governor, Comptroller and Comet, Safe 1.4, EIP-2535, Aave v3, Maker, Uniswap, Curve, Balancer, Lido, Aragon OS, ENS, Sablier,
LlamaPay, Multicall3, and the bridges of Arbitrum, Optimism and Polygon. A selector names a function, not a contract: whether the
target really is what it seems is R07's question.
"""

from functools import cache
from typing import Final

from governance.flags.batch_functions import BATCHES
from governance.flags.functions import Token
from governance.flags.governor_functions import GOVERNANCE
from governance.flags.market_functions import MARKETS
from governance.flags.protocol_functions import PROTOCOLS
from governance.flags.token_functions import TOKENS_MOVE

FUNCTIONS: Final = (*TOKENS_MOVE, *GOVERNANCE, *MARKETS, *PROTOCOLS, *BATCHES)

# Public tokens by their address on Ethereum (ARB and OP on their own chains). A DAO's reader of the chain can name more with the proposal.
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
    "0xc18360217d8f7ab5e7c516566761ea12ce7f9d72": Token("ENS", 18),
    "0x5a98fcbea516cf06857215779fd812ca3bef1b32": Token("LDO", 18),
    "0x9f8f72aa9304c8b593d555f12ef6589cc3a579a2": Token("MKR", 18),
    "0xde30da39c46104798bb5aa3fe8b9e0e1f348163f": Token("GTC", 18),
    "0xba100000625a3754423978a60c9317c58a424e3d": Token("BAL", 18),
    "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599": Token("WBTC", 8),
    "0xae7ab96520de3a18e5e111b5eaab095312d7fe84": Token("stETH", 18),
    "0x853d955acef822db058eb8505911ed77f175b99e": Token("FRAX", 18),
    "0x40d16fc0246ad3160ccc09b8d0d3a2cd28ae6c2f": Token("GHO", 18),
    "0xdc035d45d973e3ec169d2276ddab16f1e407384f": Token("USDS", 18),
    "0x514910771af9ca656af840dff83e8264ecf986ca": Token("LINK", 18),
    "0x912ce59144191c1204e64559fe8253a0e49e6548": Token("ARB", 18),
    "0x4200000000000000000000000000000000000042": Token("OP", 18),
    "0xae78736cd615f374d3085123a210448e74fc6393": Token("rETH", 18),
    "0xbe9895146f7af43049ca1c1ae358b0541ea49704": Token("cbETH", 18),
    "0x0bc529c00c6401aef6d220be8c6ea1667f6ad93e": Token("YFI", 18),
    "0x6b3595068778dd592e39a122f4f5a5cf09c90fe2": Token("SUSHI", 18),
    "0x5afe3855358e112b5647b952709e6165e1c1eeee": Token("SAFE", 18),
    "0x6810e776880c02933d47db1b9fc05908e5386b96": Token("GNO", 18),
    "0x5f98805a4e8be255a32880fdec7f6728c6568ba0": Token("LUSD", 18),
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
        "MANAGER_ROLE",
        "FLASH_BORROWER",
        "BRIDGE",
        "ASSET_LISTING_ADMIN",
    )
    return {bytes(32): "DEFAULT_ADMIN_ROLE", **{bytes(keccak(text=name)): name for name in names}}
