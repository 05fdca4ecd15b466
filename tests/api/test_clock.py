"""The demonstration DAO's clock moves forward, logged; a real DAO's never does."""

import httpx


def _register(api: httpx.Client, name: str, *, invented: bool) -> None:
    assert api.post("/v1/daos", json={"name": name, "invented": invented}).status_code == 201


def test_an_invented_daos_clock_moves_forward_and_the_move_is_logged(api: httpx.Client) -> None:
    """Delays of days must be watchable, and an auditor must see that time was moved."""
    _register(api, "tide.invented", invented=True)
    before = api.get("/v1/daos/tide.invented").json()["now"]

    answer = api.post("/v1/daos/tide.invented/clock", json={"by_s": 86_400})

    assert answer.status_code == 200
    assert answer.json()["offset_s"] == 86_400
    assert answer.json()["now"] > before
    assert api.get("/v1/daos/tide.invented").json()["now"] == answer.json()["now"]


def test_a_real_daos_clock_is_never_moved(api: httpx.Client) -> None:
    """Expiry and delays of a real DAO run on wall time: an admin key must not be able to skip them."""
    _register(api, "real.eth", invented=False)

    answer = api.post("/v1/daos/real.eth/clock", json={"by_s": 60})

    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"


def test_the_clock_never_goes_backwards(api: httpx.Client) -> None:
    """A clock set back would let an expired consent count again."""
    _register(api, "tide.invented", invented=True)

    assert api.post("/v1/daos/tide.invented/clock", json={"by_s": -1}).status_code == 422
    assert api.post("/v1/daos/tide.invented/clock", json={"by_s": 0}).status_code == 422
