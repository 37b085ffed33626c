# Every target first brings .venv in line with the locks; see .ci/venv.
.PHONY: run test lint types format bench pictures typescript venv foreign lock
PY := .venv/bin/python
# Environments of other people's programs that the tests run; see .ci/foreign.
FOREIGN := agents litellm mcp-servers observe

run: ; @.ci/venv runtime && exec $(PY) manage.py up

# Tests that start Waxell's own processes stay together on one processor; see tests/plugin.
test: lint types foreign ; $(PY) -m pytest -n auto --maxprocesses 4 --dist loadgroup

lint: venv
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

# The client's adapters are checked against the frameworks themselves, where those are installed.
types: foreign
	.venv/bin/mypy
	.venv/bin/mypy --config-file client/pyproject.toml
	.venv/bin/mypy --config-file client/pyproject.toml --python-executable .venv-agents/bin/python \
		-p waxell_client.adapters --exclude '/adapters/litellm\.py$$'
	.venv/bin/mypy --config-file client/pyproject.toml --python-executable .venv-litellm/bin/python \
		-m waxell_client.adapters.litellm

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

foreign: venv ; @for name in $(FOREIGN); do .ci/foreign $$name || exit 1; done

# Needs uv. The locks name no index and no file, so they install from wherever pip is set up to look.
LOCK := uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --annotation-style line
lock:
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt
	for name in $(FOREIGN); do $(LOCK) --group pyproject.toml:$$name -o requirements/$$name.txt || exit 1; done
	@! grep -nE '://|^--' requirements/*.txt
