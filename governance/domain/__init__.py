"""The rules as pure functions: no Django, no clock, no I/O."""
