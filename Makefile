# Two commands are all that a newcomer needs: `make run` and `make test`.

PYTHON ?= python3
VENV ?= .venv
CONFIG ?=
BENCH ?=
BIN = $(VENV)/bin
SOURCES = otterd twisted/plugins

.DEFAULT_GOAL := help
.PHONY: help run test test-unit test-compiled test-live compiled wheel bench lint docs clean

help: ## list what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  \1\t/' | sort

run: $(VENV) ## run Otter in front of a sandbox; CONFIG=FILE runs it in front of a real cluster
	exec $(if $(CONFIG),$(BIN)/twistd -n --pidfile= otter -c $(CONFIG),$(BIN)/python -m otterd.sandbox)

test: lint test-unit test-compiled test-live ## check style and types, run the unit tests twice, then the live ones where there are alphas

test-unit: $(VENV) ## run the tests that need no alpha
	$(BIN)/python -m pytest

# The hot rooms as machine code, in a copy, where no edit is shadowed by what was built before it.
COMPILED = build/compiled
CAN_COMPILE = $(BIN)/python -c 'import pathlib, shutil, sys, sysconfig; sys.exit(not (shutil.which("cc") and \
	pathlib.Path(sysconfig.get_path("include"), "Python.h").exists()))'

compiled: $(VENV) ## build the hot rooms as machine code into build/compiled; needs a C compiler
	rm -rf $(COMPILED)
	mkdir -p $(COMPILED)
	cp -R otterd twisted tests bench docs etc systemd setup.cfg setup.py pyproject.toml conftest.py Makefile README.md CHANGELOG.md $(COMPILED)
	cd $(COMPILED) && OTTER_COMPILE=1 $(abspath $(BIN))/python setup.py -q build_ext --inplace > build.log 2>&1 || { tail -n 40 build.log; exit 1; }

wheel: $(VENV) ## build dist/otterd-*.whl for this Python on this kind of machine, the hot rooms as machine code
	OTTER_COMPILE=1 $(BIN)/python -m pip wheel --quiet --no-build-isolation --no-deps -w dist .

test-compiled: $(VENV) ## run the unit tests on the hot rooms as machine code, where a C compiler is
	@if $(CAN_COMPILE); then $(MAKE) --no-print-directory compiled && cd $(COMPILED) && \
		$(abspath $(BIN))/python -m pytest --ignore tests/test_packaging.py; \
	else echo "left out: the tests on compiled rooms, for there is no C compiler, or no Python.h"; fi

# Live tests are left out, in one line that says so, when nothing can answer them.
test-live: $(VENV) ## run the tests that need real alphas
	@$(BIN)/python -m tests.live.skipped || $(BIN)/python -m pytest -m live tests/live

bench: $(VENV) ## measure Otter beside the peers that are installed; BENCH="--quick" takes two minutes
	$(BIN)/python -m bench $(BENCH)

lint: $(VENV) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)

docs: $(VENV) ## write docs/configuration.md and etc/otter.yaml from the schema
	$(BIN)/python -m otterd.config.document

clean: ## delete the virtual environment and what tools left
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The stamp is newer than setup.cfg when what is installed fits. An editable install in the
# compat mode puts this folder on the path, where twistd finds twisted/plugins.
$(VENV): $(VENV)/stamp

$(VENV)/stamp: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Otter needs Python 3.11 or newer as $(PYTHON); name another one with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --config-settings editable_mode=compat -e '.[test]'
	@touch $@

-include tests/cluster/cluster.mk
