"""Backups: the whole database as PostgreSQL dumps it, and a manifest that says what is in it."""
