"""Every input of every rule can be told through the API: the known incidents, told row by row, fire there as in the rules."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.settings import Settings
from governance.flags.case import Case, Delegation, Figures
from governance.flags.registry import assess
from governance.identity import proposal_id
from tests.api.conftest import settings_for
from tests.flag_cases import DAY, END, GRANTEE, a_case, with_chain
from tests.flag_incidents import INCIDENTS
from tests.flag_rows import rows_of

DAO = "tide.eth"


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What the records read is tested on both databases apart (tests/governance/records/test_flags.py)."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture(autouse=True)
def _dao(api: httpx.Client) -> None:
    """The DAO, under governance."""
    assert api.post("/v1/daos", json={"name": DAO}).status_code == 201


def told(api: httpx.Client, case: Case) -> dict[str, dict[str, Any]]:
    """The flags that the API gives after it was told the case."""
    for kind, rows in rows_of(case).items():
        if rows:
            answer = api.post(f"/v1/daos/{DAO}/{kind}", json={"items": rows})
            assert answer.status_code == 200, answer.text
            assert answer.json()["refused"] == 0, answer.text
    path = f"/v1/daos/{DAO}/proposals/{proposal_id(DAO, case.external_id or case.proposal_id)}/flags"
    answer = api.get(path, params={"as_of": case.as_of.isoformat()})
    assert answer.status_code == 200, answer.text
    return {flag["rule"]: flag for flag in answer.json()["flags"]}


def fired(flags: dict[str, dict[str, Any]]) -> set[str]:
    return {rule for rule, flag in flags.items() if flag["status"] == "fired"}


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_that_is_told_fires(name: str, api: httpx.Client) -> None:
    """A rule whose input nobody can tell would guard nobody."""
    incident, _, expected = INCIDENTS[name]

    assert expected <= fired(told(api, incident()))


@pytest.mark.parametrize("name", INCIDENTS)
def test_its_neighbour_that_is_told_does_not(name: str, api: httpx.Client) -> None:
    """Ordinary business must stay quiet on the whole way, not in the rules alone."""
    _, neighbour, expected = INCIDENTS[name]

    assert fired(told(api, neighbour())) & expected == set()


@pytest.mark.parametrize("name", INCIDENTS)
def test_the_chain_s_rules_answer_as_they_do_on_the_case(name: str, api: httpx.Client) -> None:
    """Nothing is lost, and nothing added, between the row and the rule."""
    case = INCIDENTS[name][0]()
    flags = told(api, case)

    of_the_chain = {"R01", "R06", "R07", "R08", "R09", "R10", "R12", "R20", "R21", "R22"}
    direct = {flag.rule.id: flag.answer.status.value for flag in assess(case)}
    assert {rule: flags[rule]["status"] for rule in of_the_chain} == {rule: direct[rule] for rule in of_the_chain}


def test_a_whole_ordinary_proposal_can_be_told(api: httpx.Client) -> None:
    """Of a grant of which everything is told no rule on calls, chain, votes or discussion fires, and none of them is in doubt."""
    flags = told(api, replace(a_case(), posts=None))

    silent = {"R14", "R15", "R16", "R19", "R23"}  # they ask for a forecast, figures, and posts of more than one account
    assert {rule: flag["line"] for rule, flag in flags.items() if flag["status"] != "clear" and rule not in silent} == {}


def test_figures_and_rented_power_can_be_told(api: httpx.Client) -> None:
    """The DAO's own figures come as observations, what power cost with the proposal."""
    rented = Delegation(f"0x{0:040x}", a_case().ballots[0].power, END - 2 * DAY, END, None, None)  # type: ignore[index, arg-type]
    case = with_chain(a_case(figures=Figures()), delegations=(rented,), markets=frozenset({GRANTEE}), proposal_threshold=a_case().quorum)
    seen = [
        {"metric": metric, "time": int((case.as_of - timedelta(hours=1)).timestamp()), "value": value, "unit": "usd", "source": "dex"}
        for metric, value in (("price", "1"), ("treasury_liquid", "9000000"), ("supply", "1000000"))
    ]
    assert api.post(f"/v1/daos/{DAO}/observations", json={"items": seen}).json().get("refused", 0) == 0, seen

    flags = told(api, case)

    assert {"R12", "R15", "R16"} <= fired(flags)


def test_what_is_told_by_half_is_refused_by_name(api: httpx.Client) -> None:
    """A change without its unit would leave its rule blind; the sender learns which field is missing."""
    row = {"proposal_id": "0x09", "title": "Cap", "chain": {"read_at": 1_763_726_400, "changes": [{"name": "cap", "to": "5"}]}}

    answer = api.post(f"/v1/daos/{DAO}/proposals", json=row)

    refused = answer.json()
    assert (answer.status_code, refused["field"], refused["value"], refused["rule"]) == (
        422,
        "body.chain.changes[0].unit",
        None,
        "is missing",
    )
