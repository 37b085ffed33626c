# Every target first brings .venv in line with the locks; see .ci/venv.
.PHONY: run test lint types format bench pictures venv lock
PY := .venv/bin/python

run: ; @.ci/venv runtime && exec $(PY) manage.py up

# Tests that start Waxell's own processes stay together on one processor; see tests/plugin.
test: lint types ; $(PY) -m pytest -n auto --maxprocesses 4 --dist loadgroup

lint: venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: venv
	.venv/bin/mypy
	.venv/bin/mypy --config-file client/pyproject.toml

format: venv
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: venv ; $(PY) -m bench

# Those of the documentation, from the real demo. Needs Chromium.
pictures: venv ; $(PY) -m docs.pictures.take

# The generated part of the TypeScript client; needs Node.
typescript: venv
	$(PY) client/typescript/document.py
	cd client/typescript && npm ci --silent && npm run --silent generate

venv: ; @.ci/venv dev

# Needs uv. The locks name no index and no file, so they install from wherever pip is set up to look.
LOCK := uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --annotation-style line
lock:
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt
	@! grep -nE '://|^--' requirements/*.txt
