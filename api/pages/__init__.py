"""Pages for people: what the API says of a proposal, on one sheet. Server-made, without scripts."""
