"""Blocs: who votes alike where there was something to differ about."""

from governance.health.blocs import alignment


def _votes(**said: str) -> dict[str, dict[str, str]]:
    return {voter: {f"p{place}": choice for place, choice in enumerate(choices) if choice != "-"} for voter, choices in said.items()}


def test_delegates_who_agree_where_others_differ_are_a_bloc() -> None:
    """Ann and Ben always vote alike, Cid against them, Dan now and then."""
    found = alignment(_votes(ann="11122", ben="11122", cid="22211", dan="12121"))
    assert (found.pairs, found.alike, found.blocs) == (6, 1, (("ann", "ben"),))


def test_agreeing_with_everybody_is_no_bloc() -> None:
    """Most proposals pass unanimously; that all agreed on them says nothing of who belongs together."""
    assert alignment(_votes(ann="11111", ben="11111", cid="11111")).blocs == ()


def test_too_few_votes_in_common_are_not_compared() -> None:
    """Two votes alike are chance."""
    found = alignment(_votes(ann="11--", ben="11--", cid="2222"))
    assert (found.pairs, found.blocs) == (0, ())


def test_blocs_connect_through_members() -> None:
    """Ann and Cid have nothing in common but Ben."""
    found = alignment(_votes(ann="1112------", ben="1112221---", cid="----2212", dan="2221112112"))
    assert found.blocs[0] == ("ann", "ben", "cid")
