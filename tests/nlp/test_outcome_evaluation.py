"""Dumps become questions without leaks, and every score stands beside the majority's and the base rates'."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from governance.errors import InvalidInput
from governance.evidence import ClosedProposal
from nlp.outcome_answered import MODELS
from nlp.outcome_dataset import MOMENTS, histories, read_dump, replay
from nlp.outcome_evaluation import evaluate_outcome
from nlp.outcome_training import train_outcome
from tests.outcome_world import WordEmbedder, history, votes

TRIALS = {"passed": 1, "share": 1, "voters": 1}


def row_of(one: ClosedProposal, *, source: str) -> dict[str, object]:
    """A closed proposal as a row of the shared shape."""
    opened = int(one.proposal.published_at.timestamp()) if one.proposal.published_at else None
    return {
        "source": source,
        "dao": one.proposal.dao_id,
        "proposal_id": one.proposal.proposal_id,
        "title": one.proposal.title,
        "body": one.proposal.body,
        "choices": json.dumps(one.proposal.choices),
        "type": one.proposal.kind,
        "created": opened,
        "start": opened,
        "end": int(one.closed_at.timestamp()),
        "votes_count": one.voters,
        "author": one.proposal.author,
        "outcome": "pass" if one.passed else "fail",
        "outcome_rule": "official",
        "approval_share": one.approval_share,
    }


def write_dump(folder: Path, count: int = 160) -> Path:
    """A folder with two DAOs, one of a source whose recorded end leaks, some unusable rows, and votes."""
    lake = [row_of(one, source="zoyiak") for one in history(count)]
    sea = [row_of(one, source="grasia_daostack") for one in history(30, dao="sea")]
    unusable = [
        {**lake[0], "proposal_id": "x-1", "outcome": None},
        {**lake[0], "proposal_id": "x-2", "end": None},
        {**lake[0], "proposal_id": "x-3", "outcome_rule": "headcount_majority_proxy"},
        {**lake[0], "proposal_id": "x-4", "end": 1},
        {**lake[0], "proposal_id": "x-5", "created": None, "start": None},
    ]
    pq.write_table(pa.Table.from_pylist([*lake, *unusable, *sea]), folder / "proposals.parquet")
    cast = [
        {
            "source": "zoyiak",
            "proposal_id": one.proposal.proposal_id,
            "voter": vote.voter,
            "choice": vote.choice,
            "vp": float(vote.power or 0),
            "created": int(vote.cast_at.timestamp()),
            "created_estimated": False,
        }
        for one in history(count)
        for vote in votes(one, every=24.0)
    ]
    estimated = [{**cast[0], "voter": "guessed", "created_estimated": True}, {**cast[0], "voter": "timeless", "created": None}]
    pq.write_table(pa.Table.from_pylist([*cast, *estimated]), folder / "votes.parquet")
    return folder


def test_a_dump_is_read_whole_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    """Proxy outcomes, missing times and missing outcomes are no training rows; none of them vanishes silently."""
    dump = read_dump(write_dump(tmp_path))

    assert len(dump.cases) == 190
    assert sum(dump.left_out.values()) == 5
    assert {"no outcome": 1, "outcome is a headcount proxy, not official": 1}.items() <= dump.left_out.items()
    assert not any(vote.voter in ("guessed", "timeless") for case in dump.cases for vote in case.votes)


def test_a_recorded_end_that_depends_on_the_outcome_is_given_to_no_one(tmp_path: Path) -> None:
    """DAOstack's end is when the proposal really closed: fractions of such a window are not asked, its end not shown."""
    cases = read_dump(write_dump(tmp_path)).cases
    asked = list(replay(cases, histories(cases)))

    for one in asked:
        leaking = one.case.source == "grasia_daostack"
        assert (one.question.proposal.ends_at is None) == leaking
        assert not (leaking and one.moment.endswith("%"))
        assert all(vote.cast_at <= one.question.as_of for vote in one.question.votes)
    assert {one.moment for one in asked if one.case.source == "zoyiak"} == set(MOMENTS)
    # No votes of that source are in the dump: only the question before the vote can be asked.
    assert {one.moment for one in asked if one.case.source == "grasia_daostack"} == {"open"}


def test_a_folder_without_proposals_is_a_clear_refusal(tmp_path: Path) -> None:
    """A wrong path must not look like an empty result."""
    with pytest.raises(InvalidInput, match=r"proposals\.parquet"):
        read_dump(tmp_path)


def test_training_is_repeatable_and_evaluation_shows_every_baseline_on_unseen_time(tmp_path: Path) -> None:
    """Same dump and seed, same bytes; only what no weights had learnt is scored, each score beside the majority's."""
    data = write_dump(tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    first = train_outcome(data, one, trials=TRIALS, trained_parts=(0.7,), embedder=WordEmbedder(), embeddings=tmp_path / "vectors.npz")
    again = train_outcome(data, two, trials=TRIALS, trained_parts=(0.7,), embedder=WordEmbedder())
    assert first.sha256 == again.sha256

    found = evaluate_outcome(data, weights=one, embedder=WordEmbedder())
    rows = [row for row in found["rows"] if row["slice"] == "zoyiak/lake" and row["at"] == "open"]
    assert {row["model"] for row in rows} == set(MODELS) - {"votes_so_far"}
    assert {row["n"] for row in rows} == {48}
    assert all(0 <= float(str(row["accuracy"])) <= 1 and 0.5 <= float(str(row["majority_accuracy"])) <= 1 for row in found["rows"])
    halfway = {row["model"]: row for row in found["rows"] if row["slice"] == "zoyiak/lake" and row["at"] == "50%"}
    assert float(str(halfway["assent"]["brier"])) < float(str(halfway["base_rate"]["brier"]))

    assert [row["model"] for row in rows if str(row["model"]).startswith("assent")] == ["assent"]
    reliable = [row for row in found["reliability"] if row["slice"] == "pooled/all official" and row["at"] == "open"]
    assert not reliable or sum(int(str(row["n"])) for row in reliable) == 57

    whole = evaluate_outcome(data, data, weights=one, embedder=WordEmbedder())
    assert whole == found


def test_each_proposal_is_answered_by_the_newest_weights_that_could_have_served_it(tmp_path: Path) -> None:
    """What later weights have learnt is asked of earlier ones; what nobody has learnt, of those that serve."""
    data, weights, later = tmp_path / "data", tmp_path / "weights", tmp_path / "later"
    for folder in (data, weights, later):
        folder.mkdir()
    serving = train_outcome(write_dump(data, 100), weights, trials=TRIALS, trained_parts=(0.7, 0.8, 1.0), embedder=WordEmbedder())
    unseen = [row_of(one, source="zoyiak") for one in (*history(120)[100:], *history(12, dao="pond"))]
    pq.write_table(pa.Table.from_pylist(unseen), later / "proposals.parquet")

    used = evaluate_outcome(data, weights=weights, embedder=WordEmbedder())["weights"]
    # Of the 100, 30 were not learnt by the first weights; the eightieth closed as the 94th opened, and the second speak of those after it.
    # The other DAO's nine all opened before the second had learnt.
    assert {row["weights"]: row["proposals"] for row in used} == {"earlier/070": 24 + 9, "earlier/080": 6}

    found = evaluate_outcome(later, data, weights=weights, embedder=WordEmbedder())["weights"]
    # Fourteen opened before the hundredth had closed: weights that learnt it could not have served them. A DAO never seen has no bound.
    assert {row["weights"]: row["proposals"] for row in found} == {"earlier/080": 14, "serving": 6 + 12}
    assert found[-1]["sha256"] == serving.sha256


def test_running_totals_are_read_and_asked_about_where_votes_are_missing(tmp_path: Path) -> None:
    """Decentraland's votes end in 2022 and its published totals do not: quorum and turnout are asked at half time from those."""
    data = write_dump(tmp_path, 60)
    (data / "votes.parquet").unlink()
    one = history(60)[40]
    opened = int(one.proposal.published_at.timestamp()) if one.proposal.published_at else 0
    totals = [
        {"proposal_id": one.proposal.proposal_id, "snapshot_at": opened + hours * 3600, "total_vp": hours * 10.0, "votes": hours}
        for hours in (-5, 20, 50, 120)
    ]
    pq.write_table(pa.Table.from_pylist(totals), data / "decentraland_vote_progress.parquet")
    cases = read_dump(data).cases

    replayed = [each for each in replay(cases, histories(cases)) if each.question.proposal.proposal_id == one.proposal.proposal_id]
    asked = {each.moment: each.question for each in replayed}
    assert [seen.voters for seen in asked["50%"].progress] == [20, 50]
    assert asked["open"].progress == ()
    assert not asked["50%"].votes_known


def test_a_later_dump_is_scored_whole_with_the_earlier_as_history(tmp_path: Path) -> None:
    """Rows of `--history` are known and never scored."""
    earlier, later, weights = tmp_path / "earlier", tmp_path / "later", tmp_path / "weights"
    for folder in (earlier, later, weights):
        folder.mkdir()
    train_outcome(write_dump(earlier, 100), weights, trials=TRIALS, trained_parts=(1.0,), embedder=WordEmbedder())
    late = [row_of(one, source="zoyiak") for one in history(140)[100:]]
    pq.write_table(pa.Table.from_pylist(late), later / "proposals.parquet")

    rows = evaluate_outcome(later, earlier, weights=weights, embedder=WordEmbedder())["rows"]
    assert {row["n"] for row in rows if row["slice"] == "pooled/all official"} == {40}
