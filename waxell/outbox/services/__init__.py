"""What changes the outbox, and what leaves through it."""
