"""What of the outside world is let in: one file per kind of row, each turning a raw row into a value or a refusal.

The decisions, kind by kind, are told in `docs/import.md`.
"""
