"""The ASGI entry point: `granian --interface asgi executions.gateway.asgi:application`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waxell.settings")
django.setup()

from executions.gateway.application import make  # noqa: E402 (models need Django to be ready)

application = make()
