"""Other people's frameworks under governance, a module each: it needs its framework, the client needs none."""
