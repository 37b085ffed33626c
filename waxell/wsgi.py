"""The WSGI entry point: `granian --interface wsgi waxell.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waxell.settings")

application = get_wsgi_application()

# What is loaded by now stays: the collector need not look at it for each thousand requests again.
gc.collect()
gc.freeze()
