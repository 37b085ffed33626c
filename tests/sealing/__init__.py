"""What tests of sealing share: a place to publish, entries to seal, and an examination of the result."""
