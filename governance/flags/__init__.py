"""Flags: rules R01 to R24 and the spam recogniser, each a pure function from what is known of a proposal to one answer."""
