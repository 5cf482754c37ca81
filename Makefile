# Upright. `make help` lists the targets. Every target does its own set-up.
SHELL := /bin/bash
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
export OMP_NUM_THREADS ?= 2

export PATH := $(CURDIR)/.tools/bin:$(PATH)

UV := .tools/uv/bin/uv
PY := .venv/bin/python
WIDGET := widget/dist/upright.js

.DEFAULT_GOAL := help
.PHONY: help setup run chat train test lint format check-content release-check book diversity \
  eval eval-curve eval-compare eval-intents eval-safety eval-server bench bench-widget soak widget \
  widget-check clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.ready  ## install everything into this folder (the other targets call it)

run: setup $(WIDGET)  ## start Upright and print its address
	@$(PY) -m bot serve

chat: setup  ## talk in the terminal
	@$(PY) -m bot chat

train: setup  ## train the model if it is missing or stale
	@$(PY) -m bot train

test: setup lint check-content widget-check  ## everything that must pass: lint, types, content, tests
	@./deploy/find-browser
	@./deploy/test

lint: setup  ## ruff and mypy
	@$(PY) -m ruff check -q . && $(PY) -m ruff format -q --check . && $(PY) -m mypy

format: setup  ## let ruff format the code
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

check-content: setup  ## say what is wrong in the content files, with file, line and reason
	@$(PY) -m bot check-content

release-check: setup  ## what must not go out to people yet (hotlines nobody checked, ...)
	@$(PY) -m bot release-check

book: setup  ## the knowledge base as printable pages for reviewers, in results/book/
	@$(PY) -m bot book

diversity: setup  ## how varied the training examples are, and which are alike (results/diversity.md)
	@$(PY) -W ignore -m bot diversity

eval: setup  ## how well messages are understood, also as results/evaluation.html (sealed part; PART="development development3" for others)
	@$(PY) -W ignore -m tests.evaluation $(if $(PART),--part $(PART)) $(if $(ERRORS),--show-errors)

eval-curve: setup  ## accuracy over the number of training examples (development parts); the report of make eval shows it
	@$(PY) -W ignore -m tests.evaluation.curve

eval-compare: setup  ## ours beside Rasa's default, same examples and messages (hours; SHARE=0.1 EPOCHS=20 shortens it)
	@$(PY) -W ignore -m tests.evaluation.compare $(if $(SHARE),--share $(SHARE)) \
	  $(if $(EPOCHS),--epochs $(EPOCHS)) --json results/compare.json

eval-intents: setup  ## our understanding on your own intents (DATA=train.yml TEST=test.yml, Rasa NLU format; oos: no intent)
	@$(PY) -W ignore -m tests.evaluation.intents $(if $(DATA),--data "$(DATA)") \
	  $(if $(TEST),--test "$(TEST)") --json results/intents.json

eval-safety: setup  ## who is missed, who is alarmed for nothing (sealed part; PART=development SHOW=1)
	@$(PY) -W ignore -m tests.evaluation.safety $(if $(PART),--part $(PART)) $(if $(SHOW),--show) \
	  --json results/safety.json

eval-server: setup $(WIDGET)  ## serve for outside evaluation (EVAL_PORT, EVAL_TOKEN)
	@$(PY) -m bot serve --evaluation

bench: setup  ## measure against Rasa's default configuration (hours); TOPICS=1000: cost of many topics
	@$(PY) -W ignore -m $(if $(TOPICS),tests.bench_topics --topics $(TOPICS),tests.bench)

bench-widget: setup $(WIDGET)  ## what the website chat costs a page, beside plain requests
	@./deploy/find-browser
	@$(PY) -W ignore -m tests.bench_widget

widget: $(WIDGET)  ## build the website widget

widget-check: $(WIDGET)  ## types, lint, tests and size of the widget
	@cd widget && npm run --silent check

soak: setup $(WIDGET)  ## long runs: 200 people at once for two minutes (PEOPLE=80 for fewer)
	@PEOPLE=$(or $(PEOPLE),200) $(PY) -W ignore -m pytest -q -s -m soak tests/soak

clean:  ## remove what the targets made (not var/, which holds conversations)
	rm -rf widget/node_modules widget/dist widget/src/generated .venv .tools models .rasa .mypy_cache .ruff_cache .pytest_cache .hypothesis results

$(UV):
	@./deploy/bootstrap-uv

.venv/.ready: $(UV) pyproject.toml uv.lock .python-version
	@./deploy/find-python
	@$(UV) sync --frozen --quiet
	@touch $@

# Not `npm ci`: a mirror of the registry may lack packages for other platforms, which it insists on.
widget/node_modules/.ready: widget/package.json widget/package-lock.json widget/.npmrc | .venv/.ready
	@./deploy/find-node
	@cd widget && npm install --no-save --no-audit --no-fund --silent
	@touch $@

$(WIDGET): widget/node_modules/.ready widget/vite.config.ts bot/widget.py data/widget/words.yml \
  data/knowledge/hotlines.yml data/knowledge/countries.yml $(shell find widget/src -type f -not -path '*/generated/*')
	@$(PY) -W ignore -m bot widget-data
	@cd widget && npm run --silent build
	@touch $@
