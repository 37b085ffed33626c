"""How fast the gate decides, beside what this PostgreSQL and this web server could do at most."""
