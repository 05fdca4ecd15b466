"""How a DAO's governance does over time: intervals, turnout, contest, concentration, delegates, quorum, backlog. No I/O."""
