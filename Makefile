# ParaSet. `make` alone lists the targets; nothing but Python 3.11+ and make is needed to begin.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install control-plane demo test check format unit integration e2e e2e-nodes e2e-kind monitoring crds install-yaml helm chart e2e-chart e2e-chart-nodes bench-rest bench-yield bench-urgent bench-victims bench-headroom bench-planner figures image image-local image-test sbom docs docs-test clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ParaSet needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(BIN)/.installed ## Make .venv with the command .venv/bin/paraset

control-plane: install ## Build the local control plane (about 9 minutes cold, instant after)
	@$(BIN)/python -m devcluster build

demo: control-plane ## Fill a local cluster, make room, refill, restart: the whole story in 4 minutes
	@$(BIN)/python -m demo $(ARGS)

check: install ## Formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check control-plane ## All checks and all tests, against the real control plane
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target KUBECONFIG= integration e2e unit

unit: install ## The tests that need no control plane
	$(BIN)/python -m pytest tests/unit tests/property $(ARGS)

integration: control-plane ## The tests that run the operator against the real API server
	$(BIN)/python -m pytest tests/integration $(ARGS)

e2e: control-plane ## The scenarios a user would try; KUBECONFIG=... make e2e runs them on that cluster
	$(BIN)/python -m pytest tests/e2e $(if $(KUBECONFIG),"--kubeconfig=$(KUBECONFIG)") $(ARGS)

e2e-nodes: install ## The e2e scenarios and more on real kubelets with containerd; needs root and Debian packages, which it names
	@$(BIN)/python -m devcluster check-real-nodes
	@$(BIN)/python -m devcluster build
	@$(BIN)/python -m devcluster build kubelet
	$(if $(ARGS),,$(BIN)/python -m pytest --real-nodes tests/isolation)
	$(if $(ARGS),,$(BIN)/python -m devcluster isolated -- $(BIN)/python -m pytest --real-nodes tests/e2e/test_scenario*.py)
	$(BIN)/python -m devcluster isolated -- $(BIN)/python -m pytest --real-nodes tests/e2e_nodes $(ARGS)

monitoring: control-plane ## Alerts, dashboards and metrics on a real Prometheus (2 minutes; builds it once: 6 more)
	@$(BIN)/python -m devcluster build prometheus
	$(BIN)/python -m pytest tests/monitoring $(ARGS)

format: install ## Format the code and fix what lint can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

image: install ## The operator's image, by docker, podman or buildah; ARGS="--archive FILE --base IMAGE --platform linux/arm64"
	@$(BIN)/python -m image.build $(ARGS)

image-local: install ## The same where no registry is in reach, from this machine's Python; writes build/paraset-operator.tar
	@$(BIN)/python -m image.build --local --archive build/paraset-operator.tar $(ARGS)

image-test: install ## What is in that archive, made anew, and what must not be
	@$(MAKE) --no-print-directory image-local ARGS=
	$(BIN)/python -m pytest tests/image $(ARGS)

sbom: install ## The image's Python packages as CycloneDX, from build/paraset-operator.tar, checked against the schema
	@$(BIN)/python -m image.sbom build/paraset-operator.tar build/paraset-operator.cdx.json

e2e-kind: control-plane ## The same scenarios on a kind cluster, and the README's commands for kind; ARGS="--kind-image NAME" names the node image
	@docker info > /dev/null 2>&1 || { echo "e2e-kind: no container engine answers (docker info)"; exit 1; }
	$(BIN)/python -m pytest tests/docs/test_kind_commands.py tests/e2e -m kind --timeout=1800 $(ARGS)

crds: install ## Write crds/ and the API reference anew from the models; `make install-yaml` is next
	$(BIN)/python -m paraset_operator.api.crd

helm: install
	@$(BIN)/python -m devcluster build helm

install-yaml: helm ## Write deploy/install.yaml and the chart's README and schema anew
	$(BIN)/python -m chart_tools write

build/checkov/.installed: charts/checkov-requirements.txt
	$(PYTHON) -m venv build/checkov
	build/checkov/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

chart: helm build/checkov/.installed ## The Helm chart: lint, templates, wrong values, checkov, and that what is made of it is current
	$(BIN)/python -m chart_tools check
	$(BIN)/python -m pytest tests/chart $(ARGS)
	$(BIN)/python -m chart_tools everything > build/chart-everything.yaml
	build/checkov/bin/checkov --config-file charts/checkov.yaml --file deploy/install.yaml build/chart-everything.yaml

e2e-chart: control-plane helm ## Install, upgrade, roll back and uninstall by Helm on the local control plane
	$(BIN)/python -m pytest tests/e2e_chart/test_chart_*.py $(ARGS)

e2e-chart-nodes: control-plane helm ## The same and more with the operator inside a cluster of real kubelets; needs root
	@$(MAKE) --no-print-directory image-local ARGS=
	@$(BIN)/python -m devcluster build kubelet
	@$(BIN)/python -m devcluster isolated -- $(BIN)/python -m pytest --real-nodes tests/e2e_chart $(ARGS)

bench-yield: control-plane ## LS waits and lost work against native preemption (15 minutes; ARGS=--quick: 3); writes bench/results/yield.json, .png
	@$(BIN)/python -m bench.yield_bench $(ARGS)

bench-rest: control-plane ## Memory and CPU of the operator at rest on 50 nodes (4 minutes)
	@$(BIN)/python -m bench.rest_bench $(ARGS)

bench-victims: install ## Work lost by ParaSet's victims against native preemption's (1 minute)
	@$(BIN)/python -m bench.lost_work_bench $(ARGS)

bench-headroom: install ## The trace's LS arrivals against given and learned headroom
	@$(BIN)/python -m bench.headroom_replay

bench-urgent: install ## Time to decide whom to evict for 1 to 200 LS pods on 1,000 nodes (1 minute)
	@$(BIN)/python -m bench.urgent_bench $(ARGS)

bench-planner: install ## Worth against a certified bound, plan times, fairness (10 minutes); writes bench/results/planner.json
	@$(BIN)/python -m bench.planner_bench $(ARGS)

figures: install ## Draw the figures anew into docs/figures, those of the simulator among them (2 minutes)
	$(BIN)/python docs/figures/concepts.py
	$(BIN)/paraset simulate --arrived 60,70,80,90,95,100,110 --seeds 3 --plot docs/figures
	$(BIN)/paraset simulate --node-count 60 --arrived 60 --burst 60 --exit 30 --policy fixed,replicas,full --plot docs/figures

$(BIN)/.docs: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

docs: $(BIN)/.docs ## Build the documentation into build/docs; a link that leads nowhere fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs-test: control-plane ## Run every command of the README and of docs/ on local clusters (10 minutes)
	$(BIN)/python -m pytest tests/docs -m "not kind" $(ARGS)

clean: ## Remove the virtual environment and caches of this clone
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache bench/results
