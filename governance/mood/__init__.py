"""What a DAO's people feel and where they stand, from readings of their words, so that nobody can buy it with accounts."""
