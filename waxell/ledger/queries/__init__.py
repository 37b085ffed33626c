"""What the ledger holds, for those who show it or prove it."""
