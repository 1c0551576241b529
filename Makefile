# Thin: each target is one call. What they do is in setup/bootstrap.py and in `formerr local --help`.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
SETUP := $(PYTHON) setup/bootstrap.py
LOCAL := $(VENV_PYTHON) -m formerr_infra.cli.local

# make up APPLICATION=no: the cloud alone, without what a cluster of one's own takes.
APPLICATION ?= yes
ifeq ($(filter $(APPLICATION),yes no),)
$(error APPLICATION=$(APPLICATION): it is yes or no)
endif
WITHOUT := $(if $(filter no,$(APPLICATION)),--no-application)
SETUP_FLAGS = $(WITHOUT)

.DEFAULT_GOAL := help
.PHONY: help setup up down destroy-local policy test lint bench campaign canaries fuzz audit fingerprint lock sbom clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## virtual environment, requirements, toolchain; nothing when they are there
	@$(SETUP) $(SETUP_FLAGS)

up: setup ## the staging stack on the bundled DigitalOcean, from nothing (APPLICATION=no: the cloud alone)
	@$(LOCAL) up $(WITHOUT)

down: ## stop the bundled DigitalOcean (its account is kept)
	@if [ -x $(VENV_PYTHON) ]; then $(LOCAL) stop; else echo "nothing is set up, so nothing runs"; fi

destroy-local: setup ## take the staging stack on the bundled DigitalOcean down
	@$(LOCAL) destroy $(WITHOUT)

policy: SETUP_FLAGS = --no-application
policy: setup ## preview the staging stack on the bundled DigitalOcean with the policy pack
	@$(LOCAL) policy

test: SETUP_FLAGS = --checks
test: setup ## every check and every test
	@$(VENV_PYTHON) -m formerr_infra.local.checks test

lint: SETUP_FLAGS = --no-application --lint
lock: SETUP_FLAGS = --no-application
lint: setup ## ruff, mypy strict, import-linter, actionlint, zizmor
	@$(VENV_PYTHON) -m formerr_infra.local.checks lint

# BENCH="accounts states": those parts alone.
bench: setup ## the figures, in pairs; writes docs/benchmarks.md
	@$(VENV_PYTHON) -m formerr_infra.local.checks bench $(BENCH)

# CAMPAIGN="--seed 7 --actions 500 --no-sweep": other seeds, fewer actions, without the sweeps.
campaign: setup ## the fault campaign; writes docs/campaign.md
	@$(VENV_PYTHON) -m formerr_infra.local.checks campaign $(CAMPAIGN)

canaries: SETUP_FLAGS = --checks
canaries: setup ## a value like no other for each secret, looked for in everything that any command leaves
	@FORMERR_TEST_CANARIES=1 $(VENV_PYTHON) -m formerr_infra.local.checks test tests/application_engine/test_canaries.py

# FUZZ_SECONDS=60 FUZZ="stack-file event-log": for less time, or of some targets.
FUZZ_SECONDS ?= 600
fuzz: SETUP_FLAGS = --no-application
fuzz: setup ## a coverage-guided fuzzer over what reads foreign bytes
	@$(VENV_PYTHON) -m formerr_infra.local.checks fuzz $(FUZZ_SECONDS) $(FUZZ)

lock: setup ## write requirements*.txt again from requirements/*.in
	@$(VENV_PYTHON) -m formerr_infra.local.checks lock

# AUDIT_DATA=all.zip: by a copy of OSV's export for PyPI instead of the internet.
audit: SETUP_FLAGS = --no-application
audit: setup ## known vulnerabilities of what is locked
	@$(VENV_PYTHON) -m formerr_infra.local.checks audit

fingerprint: setup ## what set-up has made, to be held against another set-up of the same commit
	@$(VENV_PYTHON) -m formerr_infra.local.checks fingerprint

sbom: SETUP_FLAGS = --no-application
sbom: setup ## the bill of materials of the virtual environment, into sbom.json (CycloneDX)
	@$(VENV_PYTHON) -m formerr_infra.local.checks sbom

clean: down ## remove the local run and the virtual environment (the tools stay cached)
	@rm -rf .formerr .venv
