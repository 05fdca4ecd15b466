"""One verb per file: what happens, in which order, in one transaction."""
