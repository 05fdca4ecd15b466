"""Tables and queries: the only SQL of the house."""
