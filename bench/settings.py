"""The product's settings, with one address more: a view that does nothing."""

from waxell.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
