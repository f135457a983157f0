# What a newcomer needs, each target setting up what it stands on. `make help` lists them.

PYTHON  ?= python3
TASK    ?= digits-mlp
REPEATS ?= 1000
JOBS    ?= 2
SEEDS   ?= 3
RESULTS ?= results
AUDITED ?= torch.optim pytorch_optimizer timm.optim torch_optimizer schedulefree dadaptation prodigyopt optimi adv_optm heavyball
MINUTES ?= 10
KILLS   ?= 30

BIN      := .venv/bin
TUNECOST := $(BIN)/tunecost
PAIR     := adam avagrad
STUDY     = $(shell $(BIN)/python -c 'from trainers.rules import STUDY; print(*STUDY)')

# digits-mlp is trained here, in about a minute; the surfaces of every other task ship with the program.
ifeq ($(TASK),digits-mlp)
SURFACES := $(PAIR:%=surfaces/$(TASK)/%.parquet)
else
SURFACES := $(PAIR:%=$(TASK)/%)
endif
# One task of each domain, as far as its surfaces ship.
SHIPPED = $(shell ls grids/data)
DOMAINS = $(foreach task,$(filter $(SHIPPED),fashion-mlp kjv-lstm digits-gan),$(PAIR:%=$(task)/%))
FILES := $(filter %.parquet,$(SURFACES))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup test test-slow fuzz chaos lint format bench grids figure1 figure1-all figure1-domains figure2 figure3 report claims table1 transfers results audit gpu clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 12

setup: .venv/ready ## make .venv and install everything, pinned

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tunecost needs Python 3.11 or newer; name one with PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

test: setup ## the test suite, some minutes on two cores
	$(BIN)/python -m pytest -n 2 -q

test-slow: setup ## the tests that take minutes: real kills, real Slurm, a million replays
	$(BIN)/python -m pytest -q -m slow

fuzz: setup ## thousands of mutated tables and files
	$(BIN)/python -m pytest -q -m fuzz

chaos: setup ## KILLS kills, full disks and company for every long command
	KILLS=$(KILLS) $(BIN)/python -m pytest -q -s -m chaos

lint: setup ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup ## ruff's automatic fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## measured speeds, as tables
	$(BIN)/python -m pytest -q -s -m bench

surfaces/%.parquet: | .venv/ready
	$(TUNECOST) grid run $(*D) -o $(*F)

grids: setup ## train the shipped surfaces of TASK again: all optimizers, SEEDS seeds
	$(TUNECOST) grid run $(TASK) $(STUDY:%=-o %) --seeds $(SEEDS) --out $(RESULTS)/surfaces
	mkdir -p grids/data/$(TASK) && cp $(RESULTS)/surfaces/$(TASK)/*.parquet grids/data/$(TASK)/

$(RESULTS)/$(TASK)/replays.parquet: $(FILES) | .venv/ready
	$(TUNECOST) replay $(SURFACES) --repeats $(REPEATS) --jobs $(JOBS) --out $@

figure1: $(FILES) setup ## Figure 1, the error surfaces of TASK
	$(TUNECOST) figure 1 $(SURFACES) --out $(RESULTS)/$(TASK)/figure1.pdf

figure1-all: setup ## the same of all ten optimizers, from the surfaces that ship
	$(TUNECOST) figure 1 $(STUDY:%=$(TASK)/%) --out $(RESULTS)/$(TASK)/figure1-all.pdf

figure1-domains: setup ## the same of the PAIR on one task of each domain: vision, language (where its surfaces ship), GANs
	$(TUNECOST) figure 1 $(DOMAINS) --scales each --out $(RESULTS)/figure1-domains.pdf

figure2: $(RESULTS)/$(TASK)/replays.parquet setup ## Figure 2, what tuning costs on TASK; digits-mlp is trained first
	$(TUNECOST) cost $< --target 0.5 --target 1.0
	$(TUNECOST) figure 2 $< --out $(RESULTS)/$(TASK)/figure2.pdf

figure3: setup ## Figure 3, what converges on the paper's counterexample
	$(TUNECOST) figure 3 --out $(RESULTS)/figure3.pdf

report: $(RESULTS)/$(TASK)/replays.parquet setup ## one page to look at: TASK's surfaces, searchers at work, costs, claims
	$(TUNECOST) report $(SURFACES) $< --jobs $(JOBS) --out $(RESULTS)/$(TASK)/report.html

claims: setup ## judge the paper's statements by the shipped surfaces
	$(TUNECOST) claims

table1: setup ## Table 1, the paper's numbers and ours of wider networks
	$(TUNECOST) table 1

results: setup ## write what the shipped surfaces show, analysis/results/README.md and its figures
	$(TUNECOST) results --out analysis/results

audit: setup ## audit the classes of AUDITED (their packages must be installed), analysis/results/audit.{csv,html}
	$(TUNECOST) audit $(AUDITED:%='%:*') --out analysis/results

gpu: setup ## accept a GPU: facts, agreement, speeds, then surfaces, in MINUTES (DATA=folder of CIFAR-10)
	$(TUNECOST) gpu --minutes $(MINUTES) $(if $(DATA),--data $(DATA)) --out $(RESULTS)/gpu

transfers: setup ## train TASK's best cells on TASK-wide again: all ten optimizers
	$(TUNECOST) transfer $(STUDY:%=$(TASK)/%) --to $(TASK)-wide --out analysis/transfers/$(TASK)-wide.json

clean: ## remove what the targets made, .venv too; trained surfaces stay
	rm -rf .venv $(RESULTS) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find grids trainers tuning analysis tests -name __pycache__ -type d -prune -exec rm -rf {} +
