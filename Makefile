# Known Posteriors. `make help` lists what there is; `make` verifies every topic whose inputs changed.
#
# The environment is .venv, made here from requirements.txt, or an activated conda environment
# made from environment.yml.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
TOPICS := $(filter-out _%,$(basename $(notdir $(wildcard models/*.py))))
# Pages of facts: analyses without a model. They may look at any topic's.
PAGES := $(filter-out _% $(TOPICS),$(basename $(notdir $(wildcard analyses/*.py))))
MACHINERY := $(wildcard workflow/*.* models/_*.py) requirements.txt

ifeq ($(CONDA_DEFAULT_ENV),known-posteriors)
  PYTHON := python
  READY :=
  CLUSTER :=
else
  PYTHON := .venv/bin/python
  READY := .venv/.ready
  CLUSTER := .venv/.cluster
endif

export DATA OUT TOPIC FROM BY  # names of files reach the shell as they are, quotes and dollars included

.DEFAULT_GOAL := all
.PHONY: all new test groups calibrate seeds verify lint format bench help clean $(TOPICS) $(PAGES)

# Stale topics are collected in a variable of this very make, as its recipes are expanded, and then
# run by one command, a process a core: starting Python and compiling is what costs.
STALE :=

all: $(READY) $(patsubst %,results/%/summary.json,$(TOPICS) $(PAGES)) ## every topic whose inputs changed, and results/index.html
	@status=0; $(if $(STALE),$(PYTHON) -m workflow report $(STALE) || status=$$?;) \
	$(PYTHON) -m workflow gallery || status=$$?; exit $$status

results/%/summary.json: models/%.py analyses/%.py data/%.csv $(MACHINERY) | $(READY)
	@: $(eval STALE += $*)

$(PAGES:%=results/%/summary.json): results/%/summary.json: analyses/%.py data/%.csv $(wildcard analyses/_*.py models/*.py data/*.csv) $(MACHINERY) | $(READY)
	@: $(eval STALE += $*)

# One topic, on its own data or on yours:
#   make beta_binomial DATA=mine.csv FIELDS="tested=n positive=cases" SET="alpha=2 beta=8" OUT=results/mine
# FIELDS is read by the shell: FIELDS="'tested=Number tested' positive=k". Without OUT, somebody's
# own data or settings go to results/mine/TOPIC. READ says how the file is written, where that cannot
# be told: READ="decimal=, thousands=. delimiter=';' encoding=cp1252 sheet=2"; and what adds up many
# rows, if it is not to be DuckDB: READ="engine=dask scheduler=tcp://HOST:8786".
$(TOPICS) $(PAGES): $(READY)
	@$(PYTHON) -m workflow report $@ \
	  $(if $(DATA),--data "$$DATA") $(if $(FIELDS),--column $(FIELDS)) $(addprefix --,$(READ)) \
	  $(if $(SET),--set $(SET)) $(if $(SEED),--seed $(SEED)) $(if $(OUT),--out "$$OUT")

new: $(READY) ## a working copy of a topic to change: make new TOPIC=mine FROM=beta_binomial
	@$(PYTHON) -m workflow new $(if $(TOPIC),"$$TOPIC",--help) $(if $(FROM),--from "$$FROM")

test: $(READY) $(CLUSTER) lint ## every test but the slow ones, with lint, on every core
	@$(PYTHON) -m pytest --numprocesses auto

groups: $(READY) $(if $(SCHEDULER),$(CLUSTER)) ## one topic over the groups of a column: make groups TOPIC=beta_binomial DATA=mine.csv BY=site
	@$(PYTHON) -m workflow groups $(if $(TOPIC),"$$TOPIC",--help) $(if $(BY),--by "$$BY") \
	  $(if $(DATA),--data "$$DATA") $(if $(FIELDS),--column $(FIELDS)) $(addprefix --,$(READ)) \
	  $(if $(SET),--set $(SET)) $(if $(SEED),--seed $(SEED)) $(if $(OUT),--out "$$OUT") \
	  $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(SCHEDULER),--scheduler $(SCHEDULER))

calibrate: $(READY) $(if $(SCHEDULER),$(CLUSTER)) ## simulation-based calibration of every topic, or of TOPIC="a b"; can be stopped and goes on
	@$(PYTHON) -m workflow calibrate $(TOPIC) $(if $(NUMBER),--number $(NUMBER)) $(if $(SCHEDULER),--scheduler $(SCHEDULER))

seeds: $(READY) $(if $(SCHEDULER),$(CLUSTER)) ## false alarms and power: every topic, or TOPIC="a b", under 200 seeds; can be stopped and goes on
	@$(PYTHON) -m workflow seeds $(TOPIC) $(if $(NUMBER),--number $(NUMBER)) $(if $(SCHEDULER),--scheduler $(SCHEDULER))

# All of it is gone through, whatever fails on the way; the page is docs/verification.md.
verify: $(READY) $(CLUSTER) ## every slow proof, about two hours: seeds, calibration, mistakes, mutants, slow tests; writes docs/verification.md
	@status=0; for proof in "workflow seeds" "workflow calibrate" "tests.mistakes table" "tests.mistakes mutants" \
	  "tests.mistakes calibrated" "tests.broken" "workflow publish" "pytest -m slow"; do \
	  $(PYTHON) -m $$proof || status=$$?; done; exit $$status

bench: $(READY) .peers/.ready ## how fast, beside what a user would otherwise run, about three hours; writes docs/speed.md
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@status=0; for race in "hidden_markov --peers .peers/bin/python" "mixture --peers .peers/bin/python" \
	  "samplers --peers .peers/bin/python" settings whole refits calibration scale every_row page; do $(PYTHON) -m benchmarks.$$race || status=$$?; done; exit $$status

lint: $(READY) ## ruff, format and rules
	@$(PYTHON) -m ruff format --check . && $(PYTHON) -m ruff check .

format: $(READY) ## let ruff rewrite what it can
	@$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

help: ## this list
	@echo "make TARGET, where TARGET is one of"; \
	grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  %-20s %s\n", $$1, $$2}'; \
	echo "or a topic:"; for t in $(TOPICS) $(PAGES); do echo "  $$t"; done; \
	echo 'Your own data:  make beta_binomial DATA=mine.csv FIELDS="tested=n positive=k" SET="alpha=2 beta=8" SEED=1 OUT=results/mine'; \
	echo 'CSV, Excel or Parquet; where numbers have commas, say so:  READ="decimal=, thousands=."  (also delimiter, encoding, sheet)'

clean: ## remove results and the environment
	rm -rf results .venv .peers .pytest_cache .ruff_cache; find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that is new enough, looked for by name. A half-made .venv is made again.
.venv/.ready: requirements.txt
	@for p in python3.13 python3.14 python3.12 python3 python; do \
	  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then found=$$p; break; fi; done; \
	if [ -z "$$found" ]; then echo "Known Posteriors needs Python 3.12 or newer, and none was found on the PATH." >&2; exit 3; fi; \
	echo "setting up .venv with $$($$found --version) (about a minute, once)"; \
	[ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || { rm -rf .venv; $$found -m venv .venv; } && \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt && touch $@

# What only --scheduler and --engine dask or polars need, and their tests.
.venv/.cluster: requirements-cluster.txt .venv/.ready
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-cluster.txt && touch $@

# What the benchmarks race against; pymc-extras pins an older PyMC, so it lives apart.
.peers/.ready: benchmarks/peers/requirements.txt $(READY)
	@$(PYTHON) -m venv --clear .peers && \
	.peers/bin/python -m pip install --quiet --disable-pip-version-check -r $< && touch $@
