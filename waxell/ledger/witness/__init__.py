"""A witness: a small process on another machine that cosigns a log's checkpoints while it only grows.

It needs no database, no Django and no network of its own beyond being asked: `python -m waxell.ledger.witness`.
"""
