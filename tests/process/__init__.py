"""Waxell as `make run` starts it: whole processes, from outside."""
