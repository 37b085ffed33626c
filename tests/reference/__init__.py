"""A second opinion on decisions: slow, obvious, and sharing no code with what it judges."""
