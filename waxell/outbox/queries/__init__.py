"""What the outbox can tell of itself."""
