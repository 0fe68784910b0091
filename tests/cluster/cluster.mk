# A real cluster on loopback, from the `dgraph` on the PATH, with Otter in front.
# Included by the Makefile, which makes $(VENV).

VENV ?= .venv
CLUSTER_DIR ?= .cluster
OFFSET ?= 0
E2E_DIR ?= .cluster/e2e
E2E_OFFSET ?= 500
E2E_ARGS ?=

IN_CLUSTER = $(VENV)/bin/python -m tests.cluster
# The token is the one that the live tests show, TOKEN in tests/live/instance.py.
E2E_UP = WS_TOKEN=a-token-for-the-live-tests $(IN_CLUSTER) up --dir $(E2E_DIR) --offset $(E2E_OFFSET) --otter etc/otter.yaml
E2E_WAIT = $(IN_CLUSTER) wait --dir $(E2E_DIR)
E2E_TEST = env $$($(IN_CLUSTER) environment --dir $(E2E_DIR)) \
	$(VENV)/bin/python -m pytest -m live tests/live $(E2E_ARGS)
E2E_DOWN = $(IN_CLUSTER) down --delete --dir $(E2E_DIR)

.PHONY: cluster stop e2e e2e-up e2e-wait e2e-down test-e2e

cluster: $(VENV) ## start one zero, three alphas and Otter in the background; OFFSET=N moves every port
	@$(IN_CLUSTER) up --dir $(CLUSTER_DIR) --offset $(OFFSET) --otter etc/otter.yaml

stop: $(VENV) ## end what `make cluster` started; the data stays
	@$(IN_CLUSTER) down --dir $(CLUSTER_DIR)

e2e-up: $(VENV) ## start a cluster and Otter for the live tests
	$(E2E_UP)

e2e-wait: $(VENV) ## wait until /health and /query through that Otter are answered
	$(E2E_WAIT)

test-e2e: $(VENV) ## run the live tests against them
	$(E2E_TEST)

e2e-down: $(VENV) ## end them and delete the data
	$(E2E_DOWN)

e2e: $(VENV) ## all four of these, the last one also after a failure
	@trap 'exit 130' INT TERM; trap '$(E2E_DOWN)' EXIT; $(E2E_UP) && $(E2E_WAIT) && $(E2E_TEST)
