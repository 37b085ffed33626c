"""The ledger's pure rules: how an entry and a commitment become bytes."""
