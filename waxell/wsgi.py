"""The WSGI entry point: `granian --interface wsgi waxell.wsgi:application`."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waxell.settings")

application = get_wsgi_application()
for _door in settings.WAXELL_DOORS:
    application = import_string(_door)(application)

# What is loaded by now stays: the collector need not look at it for each thousand requests again.
gc.collect()
gc.freeze()
