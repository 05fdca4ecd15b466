"""Known incidents, rebuilt from their public figures, and an ordinary neighbour of each.

Figures are those of the reports that each rule names as its source; texts are ours.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from governance.flags.case import Ballot, Case, Chain, Code, Notices, Past, Thread
from tests.flag_cases import COMP, DAY, GRANTEE, PROPOSER, SAFE, TARGET, a_call, a_change, a_payment, calls, good_code

HOUR = timedelta(hours=1)
DIAMOND = "0x" + "d1" * 20
TORN = "0x77777feddddffc19ff86db637967013e6c6a116c"


def _holder(number: int) -> str:
    return f"0x{number:040x}"


def beanstalk() -> Case:
    """BIP-18, 2022-04-17: borrowed for one block, over two thirds of the votes, committed by the emergency path a day after it was made."""
    made = datetime(2022, 4, 16, 12, 38, tzinfo=UTC)
    cut = a_call(DIAMOND, "diamondCut((address,uint8,bytes4[])[],address,bytes)", [], TARGET, bytes.fromhex("e1c7392a"))
    commit = a_call(DIAMOND, "emergencyCommit(uint32)", 18)
    voted = made + 24 * HOUR
    return Case(
        proposal_id="bip18",
        dao_id="beanstalk",
        as_of=voted,
        external_id="18",
        title="BIP-18",
        body="A donation for Ukraine.",
        author=PROPOSER,
        created_at=made,
        starts_at=made,
        ends_at=made + 7 * DAY,
        end_fixed=True,
        quorum=Decimal(50_000_000),
        executable=True,
        actions=(cut, commit),
        calls=calls(cut, commit),
        ballots=tuple(
            Ballot(_holder(n), "1", Decimal(power), voted)
            for n, power in enumerate([67_000_000, 9_000_000, 8_000_000, 8_000_000, 8_000_000])
        ),
        chain=Chain(
            power_read_live=True,
            same_block_voters=(_holder(0),),
            passed_at=voted,
            executed_at=voted,
            emergencies=(voted,),
            code=(Code(TARGET, "created", codehash="0x" + "01" * 32, verified=False),),
        ),
    )


def beanstalk_neighbour() -> Case:
    """An ordinary BIP: power from a checkpoint, seven days of voting, a timelock, no foreign code."""
    paid = a_payment(amount=5_000)
    return replace(
        beanstalk(),
        body=f"Pay 5,000 COMP to {GRANTEE} for the audit.",
        actions=(paid,),
        calls=calls(paid),
        ballots=tuple(Ballot(_holder(n), "1", Decimal(20), beanstalk().as_of) for n in range(6)),
        chain=Chain(
            snapshot_block=100, first_vote_block=20_000, power_read_live=False, delay=2 * DAY, emergencies=(), code=(good_code(COMP),)
        ),
    )


def build_finance() -> Case:
    """February 2022: the second try within days takes the minting key; the alerts of the chat were switched off."""
    made = datetime(2022, 2, 9, 10, tzinfo=UTC)
    mint = a_call(TARGET, "setGovernance(address)", PROPOSER)
    text = "Transfer the governance of the token contract to a new address so that the protocol can be maintained again."
    first = Past("first", "1", "Governance of the token", text, PROPOSER, made - 4 * DAY, made - 2 * DAY, defeated=True, calls=calls(mint))
    return Case(
        proposal_id="second",
        dao_id="build",
        as_of=made + DAY,
        external_id="2",
        title="Governance of the token",
        body=text,
        author=PROPOSER,
        created_at=made,
        starts_at=made,
        ends_at=made + 2 * DAY,
        end_fixed=True,
        executable=True,
        actions=(mint,),
        calls=calls(mint),
        past=(first,),
        chain=Chain(notices=Notices(frozenset({"discord", "forum"}), frozenset({"forum"}), made - DAY)),
    )


def build_neighbour() -> Case:
    """The first ask of somebody, for a parameter, with every alarm on."""
    fee = a_call(TARGET, "setFee(uint256)", 30)
    return replace(
        build_finance(),
        title="Fee",
        body="Set the fee of the pool to 30.",
        actions=(fee,),
        calls=calls(fee),
        past=(replace(build_finance().past[0], author=GRANTEE, calls=None),),
        chain=Chain(notices=Notices(frozenset({"discord", "forum"}), frozenset({"discord", "forum"}), None)),
    )


COMPOUND_START = datetime(2024, 7, 25, 23, 40, tzinfo=UTC)


def compound_289() -> Case:
    """Proposal 289: 499,000 COMP to a multisig of the proposers, after 118 and 247; 325,333 COMP gathered; Thursday night to Sunday."""
    start = COMPOUND_START
    paid = a_payment(SAFE, 499_000)
    text = f"Allocate 499,000 COMP to the goldCOMP vault at {SAFE}, a trust setup that earns yield for the treasury of the protocol."
    ended = start - 60 * DAY
    earlier = tuple(
        Past(
            f"p{number}",
            str(number),
            "goldCOMP",
            text,
            PROPOSER,
            ended - 3 * DAY - n * DAY,
            ended - n * DAY,
            defeated=True,
            calls=calls(a_payment(SAFE, amount)),
        )
        for n, (number, amount) in enumerate([(247, 92_000), (118, 5)])
    )
    usual = tuple(
        Past(
            f"u{n}",
            str(280 - n),
            "Usual",
            "Usual.",
            GRANTEE,
            start - (n + 1) * 7 * DAY,
            start - (n + 1) * 7 * DAY + 3 * DAY,
            defeated=False,
            ballots=tuple(Ballot(_holder(v), "1", Decimal(50_000), start - (n + 1) * 7 * DAY + DAY) for v in range(10)),
        )
        for n in range(10)
    )
    side = [Ballot(_holder(90 + n), "1", Decimal(power), start + 40 * HOUR) for n, power in enumerate([325_333, 230_000, 126_858])]
    others = [Ballot(_holder(n), "2", Decimal(power), start + 60 * HOUR) for n, power in enumerate([300_000, 200_000, 133_636])]
    return Case(
        proposal_id="p289",
        dao_id="compound",
        as_of=start + 65 * HOUR,
        external_id="289",
        title="Trust setup for goldCOMP",
        body=text,
        author=PROPOSER,
        choices=("For", "Against", "Abstain"),
        created_at=start - 2 * DAY,
        starts_at=start,
        ends_at=start + 65 * HOUR,
        end_fixed=False,
        quorum=Decimal(400_000),
        executable=True,
        actions=(paid,),
        calls=calls(paid),
        ballots=(*side, *others),
        past=(*usual, *earlier),
        threads=(),
        chain=Chain(
            cluster=frozenset({PROPOSER, _holder(90)}),
            cluster_gained=Decimal(325_333),
            treasury=Decimal(1_200_000),
            treasury_token="COMP",
            controllers={SAFE: frozenset({_holder(90)})},
            multisigs=frozenset({SAFE}),
            listed=frozenset(),
        ),
    )


def compound_neighbour() -> Case:
    """A grant as the protocol makes them: discussed, on working days, to a listed recipient, by a delegate who gathered nothing."""
    start = datetime(2024, 7, 22, 9, tzinfo=UTC)
    paid = a_payment(GRANTEE, 10_000)
    case = compound_289()
    return replace(
        case,
        as_of=start + 65 * HOUR,
        title="Renew the security partnership",
        starts_at=start,
        ends_at=start + 65 * HOUR,
        created_at=start - 2 * DAY,
        body=f"Pay 10,000 COMP to {GRANTEE} for a year of audits, as discussed.",
        actions=(paid,),
        calls=calls(paid),
        past=case.past[:10],
        threads=(Thread("comp.test", 1, start - 20 * DAY, start - 900 * DAY),),
        chain=replace(
            case.chain, cluster=frozenset({PROPOSER}), cluster_gained=Decimal(2_000), controllers={}, listed=frozenset({GRANTEE})
        ),
    )


def tornado_cash() -> Case:
    """May 2023: "the same logic as no. 16", but the contract can destroy itself and its code is another after the vote."""
    made = datetime(2023, 5, 13, 8, tzinfo=UTC)
    run = a_call(TARGET, "execute()")
    same = "This proposal uses the same logic as proposal 16, which passed: it penalises relayers that cheat."
    earlier = Past(
        "p16",
        "16",
        "Penalise relayers",
        "Slash.",
        GRANTEE,
        made - 30 * DAY,
        made - 25 * DAY,
        defeated=False,
        calls=calls(run),
        codehashes={GRANTEE: "0x" + "16" * 32},
    )
    return Case(
        proposal_id="p20",
        dao_id="tornado",
        as_of=made + 7 * DAY,
        external_id="20",
        title="Relayer penalties",
        body=same,
        author=PROPOSER,
        starts_at=made,
        ends_at=made + 5 * DAY,
        created_at=made,
        end_fixed=True,
        executable=True,
        actions=(run,),
        calls=calls(run),
        past=(earlier,),
        chain=Chain(
            code=(
                Code(
                    TARGET,
                    "created",
                    "0x" + "20" * 32,
                    verified=True,
                    upgradeable=False,
                    selfdestruct=True,
                    delegatecall=False,
                    create2=True,
                ),
                Code(TARGET, "executed", "0x" + "66" * 32),
            )
        ),
    )


def tornado_neighbour() -> Case:
    """The same claim, and it is true: verified code with the same hash that stays what it is."""
    case = tornado_cash()
    code = tuple(good_code(TARGET, at, codehash="0x" + "16" * 32) for at in ("created", "ended", "executed"))
    return replace(case, chain=Chain(code=code))


def capo() -> Case:
    """2026-03-10: the ratio should go to 1.2282 and was clipped to 1.1919 with a timestamp seven days old; the cap fell 2.85 % short."""
    ratio = a_change(
        name="snapshot_ratio",
        unit="ratio",
        group="wsteth_cap",
        to=Decimal("1.2282"),
        applied=Decimal("1.1919"),
        approved_from=Decimal("1.1572"),
        live=Decimal("1.1572"),
        reference=Decimal("1.2288"),
        reference_unit="ratio",
    )
    time = a_change(
        name="snapshot_timestamp",
        unit="seconds",
        group="wsteth_cap",
        to=Decimal(1_772_500_000),
        applied=Decimal(1_772_500_000),
        reference=Decimal(1_772_500_000),
        reference_unit="seconds",
    )
    return Case("capo", "aave", datetime(2026, 3, 10, 12, tzinfo=UTC), chain=Chain(changes=(ratio, time)))


def capo_neighbour() -> Case:
    """Both members applied as decided."""
    ratio, time = capo().chain.changes or ()
    whole = replace(ratio, to=Decimal("1.1919"), reference=Decimal("1.1930"))
    made = capo().as_of - HOUR
    return replace(capo(), chain=Chain(changes=tuple(replace(each, made_at=made) for each in (whole, time))))


def moonwell() -> Case:
    """MIP-X43: the feed gives cbETH in ETH, 1.12 where dollars were expected (some 2,200)."""
    now = datetime(2026, 2, 15, 18, tzinfo=UTC)
    price = a_change(name="cbeth_price", unit="eth", to=Decimal("1.12"), applied=None, reference=Decimal(2_200), made_at=now - HOUR)
    return Case("mipx43", "moonwell", now, chain=Chain(changes=(price,)))


def moonwell_neighbour() -> Case:
    """The feed in dollars, half a percent off."""
    made = moonwell().as_of - HOUR
    price = a_change(name="cbeth_price", unit="usd", to=Decimal(2_211), applied=None, reference=Decimal(2_200), made_at=made)
    return replace(moonwell(), chain=Chain(changes=(price,)))


INCIDENTS = {
    "beanstalk": (beanstalk, beanstalk_neighbour, {"R01", "R07", "R09", "R24"}),
    "build_finance": (build_finance, build_neighbour, {"R03", "R09", "R10"}),
    "compound_289": (compound_289, compound_neighbour, {"R02", "R03", "R04", "R06", "R11"}),
    "tornado_cash": (tornado_cash, tornado_neighbour, {"R07", "R08"}),
    "capo": (capo, capo_neighbour, {"R20"}),
    "moonwell": (moonwell, moonwell_neighbour, {"R21"}),
}
