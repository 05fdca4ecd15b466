"""Functions that set the numbers of lending markets: Aave v3, Compound v2 and v3, Maker."""

from typing import Final

from governance.flags.functions import Effect, Scale, make, sets, setting

_P, _C = Effect.PARAMETER, Effect.CONTROL
_BPS, _WAD, _TOKENS, _PLAIN, _WHOLE = Scale.BPS, Scale.WAD, Scale.TOKENS, Scale.PLAIN, Scale.WHOLE_TOKENS
_ORACLE: Final = ("oracle", "price", "feed")
_RATES: Final = ("interest rate", "rate model", "rate strateg", "slope", "kink", "borrow rate", "supply rate", "irm")
_LTV: Final = sets("ltv", _BPS, "ltv", "loan to value", "max ltv", "maximum ltv")
_THRESHOLD: Final = sets("threshold", _BPS, "liquidation threshold", "lt", "liq threshold")
# Aave keeps 105 % for a bonus of 5 %; a text may name either.
_BONUS: Final = sets("bonus", Scale.UNTOLD, "liquidation bonus", "lb", "liq bonus", "liquidation penalty")

_AAVE: Final = (
    setting("setSupplyCap(address,uint256)", "asset cap", "supply cap", "cap", _WHOLE, of="asset"),
    setting("setBorrowCap(address,uint256)", "asset cap", "borrow cap", "cap", _WHOLE, of="asset"),
    setting("setReserveFactor(address,uint256)", "asset factor", "reserve factor", "factor", _BPS, "rf", of="asset"),
    setting("setDebtCeiling(address,uint256)", "asset ceiling", "debt ceiling", "ceiling", _TOKENS, of="asset"),
    setting("setUnbackedMintCap(address,uint256)", "asset cap", "unbacked mint cap", "cap", _WHOLE, of="asset"),
    setting("setLiquidationProtocolFee(address,uint256)", "asset fee", "liquidation protocol fee", "fee", _BPS, "protocol fee", of="asset"),
    setting(
        "updateFlashloanPremiumTotal(uint128)", "premium", "flashloan premium", "premium", _BPS, "flash loan premium", "flash loan fee"
    ),
    setting("updateFlashloanPremiumToProtocol(uint128)", "premium", "flashloan premium to protocol", "premium", _BPS, "flash loan premium"),
    make(
        "configureReserveAsCollateral(address,uint256,uint256,uint256)",
        "asset ltv threshold bonus",
        "set loan-to-value, liquidation threshold and bonus of {asset} to {ltv}, {threshold} and {bonus} (of 10,000)",
        _P,
        sets=(_LTV, _THRESHOLD, _BONUS),
    ),
    make(
        "setEModeCategory(uint8,uint16,uint16,uint16,address,string)",
        "category ltv threshold bonus oracle label",
        "set e-mode {category} ({label}) to loan-to-value {ltv}, threshold {threshold}, bonus {bonus} (of 10,000), prices from {oracle}",
        _P,
        sets=(_LTV, _THRESHOLD, _BONUS),
        mentions=("e-?mode", "efficiency mode"),
        whom=(),
    ),
    make(
        "setEModeCategory(uint8,uint16,uint16,uint16,string)",
        "category ltv threshold bonus label",
        "set e-mode {category} ({label}) to loan-to-value {ltv}, threshold {threshold} and bonus {bonus} (of 10,000)",
        _P,
        sets=(_LTV, _THRESHOLD, _BONUS),
        mentions=("e-?mode", "efficiency mode"),
    ),
    *(
        make(signature, names, words, _P, mentions=mentions)
        for signature, names, words, mentions in (
            ("setReserveFreeze(address,bool)", "asset freeze", "freeze the reserve of {asset}: {freeze}", ("freez", "unfreez", "frozen")),
            ("setReservePause(address,bool)", "asset pause", "pause the reserve of {asset}: {pause}", ("paus", "unpaus")),
            (
                "setReserveActive(address,bool)",
                "asset active",
                "make the reserve of {asset} active: {active}",
                ("activ", "deactiv", "offboard"),
            ),
            ("setReserveBorrowing(address,bool)", "asset enabled", "let {asset} be borrowed: {enabled}", ("borrow",)),
            (
                "setReserveStableRateBorrowing(address,bool)",
                "asset enabled",
                "lend {asset} at stable rates: {enabled}",
                ("stable rate", "stable borrow"),
            ),
            ("setReserveFlashLoaning(address,bool)", "asset enabled", "let {asset} be flash-loaned: {enabled}", ("flash",)),
            ("setBorrowableInIsolation(address,bool)", "asset enabled", "let {asset} be borrowed in isolation: {enabled}", ("isolat",)),
            ("setSiloedBorrowing(address,bool)", "asset enabled", "borrow {asset} alone: {enabled}", ("silo",)),
            ("setPoolPause(bool)", "pause", "pause the whole pool: {pause}", ("paus", "unpaus")),
            (
                "setAssetEModeCategory(address,uint8)",
                "asset category",
                "put {asset} into e-mode {category}",
                ("e-?mode", "efficiency mode"),
            ),
            (
                "setAssetCollateralInEMode(address,uint8,bool)",
                "asset category allowed",
                "take {asset} as collateral in e-mode {category}: {allowed}",
                ("e-?mode", "efficiency mode"),
            ),
            (
                "setAssetBorrowableInEMode(address,uint8,bool)",
                "asset category allowed",
                "let {asset} be borrowed in e-mode {category}: {allowed}",
                ("e-?mode", "efficiency mode"),
            ),
            ("dropReserve(address)", "asset", "remove the reserve of {asset}", ("remov", "delist", "drop", "offboard", "deprecat")),
            (
                "setReserveInterestRateStrategyAddress(address,address)",
                "asset strategy",
                "take the interest rates of {asset} from {strategy}",
                _RATES,
            ),
        )
    ),
    make("setAssetSources(address[],address[])", "assets sources", "take the prices of {assets} from {sources}", _C, mentions=_ORACLE),
    make(
        "setCapParameters((uint104,uint48,uint16))",
        "parameters",
        "set (ratio, time, yearly growth) of the price cap {this} to {parameters}",
        _P,
        mentions=("price cap", "capo", "snapshot ratio", "growth", "cap param"),
    ),
)
_COMPOUND: Final = (
    setting("_setCollateralFactor(address,uint256)", "market factor", "collateral factor", "factor", _WAD, of="market"),
    setting("_setReserveFactor(uint256)", "factor", "reserve factor", "factor", _WAD),
    setting("_setCloseFactor(uint256)", "factor", "close factor", "factor", _WAD),
    # Compound keeps 1.08 for an incentive of 8 %.
    setting("_setLiquidationIncentive(uint256)", "incentive", "liquidation incentive", "incentive", Scale.UNTOLD),
    setting("_setCompSpeed(address,uint256)", "market speed", "COMP speed", "speed", _TOKENS, "speed", "COMP per block", of="market"),
    setting("_setContributorCompSpeed(address,uint256)", "account speed", "COMP speed", "speed", _TOKENS, "contributor", of="account"),
    make("_setInterestRateModel(address)", "model", "set the interest rate model of {this} to {model}", _P, mentions=_RATES),
    make("_setPriceOracle(address)", "oracle", "take the prices of {this} from {oracle}", _C, mentions=_ORACLE),
    make("setFeed(string,address)", "symbol feed", "take the price of {symbol} from the feed {feed}", _C, mentions=_ORACLE),
    make("_supportMarket(address)", "market", "open the market {market} on {this}", mentions=("market", "list", "support")),
    make(
        "_setCompSpeeds(address[],uint256[],uint256[])",
        "markets supply borrow",
        "set the COMP per block of {markets} to {supply} (supply) and {borrow} (borrow)",
        _P,
        mentions=("comp speed", "comp reward", "comp distribution", "speed", "reward", "emission"),
    ),
    make(
        "_setMarketBorrowCaps(address[],uint256[])",
        "markets caps",
        "set the borrow caps of {markets} to {caps}",
        _P,
        mentions=("borrow cap", "borrowing cap"),
    ),
    make("_setMintPaused(address,bool)", "market paused", "pause deposits into {market}: {paused}", _P, mentions=("paus",)),
    make("_setBorrowPaused(address,bool)", "market paused", "pause borrowing from {market}: {paused}", _P, mentions=("paus",)),
    make("_setTransferPaused(bool)", "paused", "pause transfers of {this}: {paused}", _P, mentions=("paus",)),
    make("_setSeizePaused(bool)", "paused", "pause liquidations of {this}: {paused}", _P, mentions=("paus",)),
    make("_reduceReserves(uint256)", "amount", "take {amount} base units of the reserves of {this}", mentions=("reserve",)),
    make("_addReserves(uint256)", "amount", "add {amount} base units to the reserves of {this}", mentions=("reserve",)),
)
_COMET: Final = (
    *(
        setting(f"set{name}(address,uint64)", "market value", label, "value", _WAD, *also, of="market")
        for name, label, *also in (
            ("SupplyKink", "supply kink", "kink"),
            ("BorrowKink", "borrow kink", "kink"),
            ("SupplyPerYearInterestRateSlopeLow", "supply slope low", "supply interest rate slope low", "supply rate slope low"),
            ("SupplyPerYearInterestRateSlopeHigh", "supply slope high", "supply interest rate slope high", "supply rate slope high"),
            ("SupplyPerYearInterestRateBase", "supply base rate", "supply interest rate base", "supply rate base"),
            ("BorrowPerYearInterestRateSlopeLow", "borrow slope low", "borrow interest rate slope low", "borrow rate slope low"),
            ("BorrowPerYearInterestRateSlopeHigh", "borrow slope high", "borrow interest rate slope high", "borrow rate slope high"),
            ("BorrowPerYearInterestRateBase", "borrow base rate", "borrow interest rate base", "borrow rate base"),
            ("StoreFrontPriceFactor", "store front price factor", "storefront price factor"),
        )
    ),
    setting(
        "setBaseTrackingSupplySpeed(address,uint64)",
        "market speed",
        "supply speed",
        "speed",
        Scale.UNTOLD,
        "supply reward",
        "reward speed",
        of="market",
    ),
    setting(
        "setBaseTrackingBorrowSpeed(address,uint64)",
        "market speed",
        "borrow speed",
        "speed",
        Scale.UNTOLD,
        "borrow reward",
        "reward speed",
        of="market",
    ),
    setting(
        "setBaseMinForRewards(address,uint104)",
        "market least",
        "minimum for rewards",
        "least",
        _TOKENS,
        "base min for rewards",
        of="market",
    ),
    setting(
        "setBaseBorrowMin(address,uint104)",
        "market least",
        "minimum borrow",
        "least",
        _TOKENS,
        "base borrow min",
        "borrow minimum",
        of="market",
    ),
    setting("setTargetReserves(address,uint104)", "market reserves", "target reserves", "reserves", _TOKENS, "reserve target", of="market"),
    *(
        setting(f"updateAsset{name}(address,address,{kind})", "market asset value", label, "value", scale, *also, of="asset")
        for name, kind, scale, label, *also in (
            ("BorrowCollateralFactor", "uint64", _WAD, "collateral factor", "borrow collateral factor", "cf"),
            (
                "LiquidateCollateralFactor",
                "uint64",
                _WAD,
                "liquidation collateral factor",
                "liquidate collateral factor",
                "liquidation threshold",
                "lcf",
            ),
            # 0.93 is a penalty of 7 %; a text may name either.
            ("LiquidationFactor", "uint64", Scale.UNTOLD, "liquidation factor", "liquidation penalty", "lf"),
            ("SupplyCap", "uint128", _TOKENS, "supply cap"),
        )
    ),
    make(
        "updateAssetPriceFeed(address,address,address)",
        "market asset feed",
        "take the price of {asset} in {market} from {feed}",
        _C,
        mentions=_ORACLE,
    ),
    make("setBaseTokenPriceFeed(address,address)", "market feed", "take the base price of {market} from {feed}", _C, mentions=_ORACLE),
    *(
        make(
            f"{verb}Asset(address,(address,address,uint8,uint64,uint64,uint64,uint128))",
            "market asset",
            f"{verb} collateral of {{market}} (asset, feed, decimals, factors, cap): {{asset}}",
            _P,
            mentions=("collateral", "asset", "list"),
        )
        for verb in ("add", "update")
    ),
    make("setGovernor(address,address)", "market governor", "let {governor} govern {market}", _C, mentions=("governor",)),
    make("setPauseGuardian(address,address)", "market guardian", "let {guardian} pause {market}", _C, mentions=("guardian",)),
    make(
        "setExtensionDelegate(address,address)",
        "market implementation",
        "run the extension {implementation} in {market}",
        _C,
        mentions=("extension",),
    ),
    make("setFactory(address,address)", "market factory", "make {market} by the factory {factory}", _C, mentions=("factory",)),
    make("deploy(address)", "market", "deploy the market {market} anew", opaque=True, mentions=("deploy", "upgrad", "market")),
    make(
        "deployAndUpgradeTo(address,address)",
        "configurator market",
        "deploy {market} anew as {configurator} has it",
        _C,
        mentions=("upgrad", "deploy", "market", "comet"),
    ),
    make("setRewardConfig(address,address)", "market token", "pay the rewards of {market} in {token}", _P, mentions=("reward",)),
    make(
        "pause(bool,bool,bool,bool,bool)",
        "supply transfer withdraw absorb buy",
        "pause {this}: {supply} {transfer} {withdraw} {absorb} {buy}",
        _P,
        mentions=("paus",),
    ),
)
_MAKER: Final = (
    make(
        "file(bytes32,uint256)",
        "what data",
        "set {what} of {this} to {data}",
        _P,
        sets=(_OWN := sets("data", Scale.UNTOLD, "{what}"),),
        mentions=("{what}",),
    ),
    make("file(bytes32,bytes32,uint256)", "ilk what data", "set {what} of {ilk} to {data}", _P, sets=(_OWN,), mentions=("{what}",)),
    make("file(bytes32,address)", "what account", "set {what} of {this} to {account}", _C, mentions=("{what}",)),
    make("file(bytes32,bytes32,address)", "ilk what account", "set {what} of {ilk} to {account}", _C, mentions=("{what}",)),
    make("kiss(address)", "account", "let {account} read {this}", mentions=("kiss", "whitelist", "oracle", "read")),
    make("diss(address)", "account", "stop {account} from reading {this}", mentions=("diss", "whitelist", "oracle", "read")),
    make("cage()", "", "shut {this} down", _C, mentions=("cage", "shut", "emergency", "deprecat")),
    make(
        "suck(address,address,uint256)",
        "from to amount",
        "create {amount} (of 10^45) of debt at {from} for {to}",
        _C,
        mentions=("suck", "unbacked", "debt", "surplus"),
    ),
    make(
        "drop(address,bytes32,bytes,uint256)", "spell tag data eta", "{this} drops the spell {spell}", mentions=("drop", "cancel", "spell")
    ),
)
MARKETS: Final = (*_AAVE, *_COMPOUND, *_COMET, *_MAKER)
