# A real cluster on loopback, from the `dgraph` on the PATH, with Otter in front.
# Included by the Makefile, which makes $(VENV).

VENV ?= .venv
CLUSTER_DIR ?= .cluster
OFFSET ?= 0
E2E_DIR ?= .cluster/e2e
E2E_OFFSET ?= 500
E2E_ARGS ?=

IN_CLUSTER = $(VENV)/bin/python -m tests.cluster

.PHONY: cluster stop e2e e2e-up e2e-wait e2e-down test-e2e

cluster: $(VENV) ## start one zero, three alphas and Otter in the background
	$(IN_CLUSTER) up --dir $(CLUSTER_DIR) --offset $(OFFSET) --otter etc/otter.yaml

stop: $(VENV) ## end what `make cluster` started; the data stays
	$(IN_CLUSTER) down --dir $(CLUSTER_DIR)

e2e-up: $(VENV)
	$(IN_CLUSTER) up --dir $(E2E_DIR) --offset $(E2E_OFFSET) --otter etc/otter.yaml

e2e-wait: $(VENV)
	$(IN_CLUSTER) wait --dir $(E2E_DIR)

test-e2e: $(VENV)
	env $$($(IN_CLUSTER) environment --dir $(E2E_DIR)) $(VENV)/bin/python -m pytest -m live tests/live $(E2E_ARGS)

e2e-down: $(VENV)
	$(IN_CLUSTER) down --delete --dir $(E2E_DIR)

e2e: $(VENV) ## start a cluster and Otter, run the live tests against them, end them and delete the data
	@status=0; \
	$(MAKE) --no-print-directory e2e-up && $(MAKE) --no-print-directory e2e-wait \
		&& $(MAKE) --no-print-directory test-e2e || status=$$?; \
	$(MAKE) --no-print-directory e2e-down; exit $$status
