"""Databases changed behind the log's back, seeded: a short run of benchmarks/log_database_mutations.py."""

from pathlib import Path

from benchmarks.log_database_mutations import mutate_databases


def test_no_seeded_mutation_of_a_database_is_missed(tmp_path: Path) -> None:
    """Flip, delete, swap, cut and insert rows of the log and of what was collected, with the guards taken down."""
    tried, missed = mutate_databases(tmp_path, mutations=40, seed=21)

    assert sum(tried.values()) == 40
    assert missed == []
