# One image for every process; docker-compose.yml says which command each runs.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/waxell

COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m pip install --require-hashes -r requirements/runtime.txt

COPY manage.py pyproject.toml LICENSE ./
COPY waxell waxell
COPY governance governance
COPY executions executions
COPY templates templates
COPY static static

# The files are hashed while building; at run time nothing is written to the image.
ENV WAXELL_STATIC_ROOT=/srv/waxell/staticfiles
RUN python manage.py collectstatic --no-input --verbosity=0 \
    && useradd --system --no-create-home --uid 10001 waxell \
    # A new volume takes its owner from here: the sealer keeps its key and what it publishes there.
    && install -d -o waxell -m 0700 /ledger
USER waxell

EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "waxell.wsgi:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "2", "--respawn-failed-workers", "--workers-kill-timeout", "5", "--no-ws"]
