"""Numbers of the token economy: signals, simulation, policies."""
