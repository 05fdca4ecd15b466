"""The rules and the record: what may change, who consented, what happened."""
