"""The `assent` command line, one file per command."""
