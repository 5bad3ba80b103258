# Everything a newcomer needs is `make demo` and `make test`; both do their own set-up.
PYTHON ?= python3
WORLDS ?= 500
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test browser check bench golden results docs format lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $(STAMP)

demo: $(STAMP) ## compare the hedges on the bundled real data; the report is demo/report.html
	$(BIN)/alvh compare --data bundled --condors cndr --report demo/report.html

test: check ## lint, types, layers and every test
	$(BIN)/python -m pytest -n 2

check: $(STAMP) ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: $(STAMP) ## get a Chromium for the tests that look at the pages
	$(BIN)/python -m playwright install chromium || { echo "It could not be fetched. The tests also take a Chromium of the system: apt install chromium (Debian), dnf install chromium (Fedora), brew install --cask chromium (macOS)."; exit 1; }

bench: $(STAMP) ## measure every target of docs/performance.md and print the ratios
	$(BIN)/python -m benchmarks.run

golden: $(STAMP) ## rewrite the golden summary of a run; say why in CHANGELOG.md
	$(BIN)/python tests/golden/summary.py

results: $(STAMP) ## rewrite the measured pages of docs/ from DATA=folder
	$(BIN)/python docs/build_results.py --data $(DATA)
	$(BIN)/python docs/build_validation.py --data $(DATA)
	$(BIN)/python docs/build_health.py --data $(DATA)
	$(BIN)/python docs/build_attribution.py --data $(DATA)
	$(BIN)/python docs/build_ablation.py --data $(DATA)
	$(BIN)/python docs/build_ideas.py --data $(DATA)
	$(BIN)/python docs/build_worlds.py --data $(DATA)
	$(BIN)/python docs/build_path_worlds.py --data $(DATA)
	$(BIN)/python docs/build_split_worlds.py --data $(DATA) --worlds $(WORLDS) $(if $(KEEP),--keep $(KEEP))
	$(BIN)/python docs/build_simplex.py --data $(DATA)
	$(BIN)/python docs/build_ledger.py
	$(BIN)/python docs/build_fits.py --data $(DATA)
	$(BIN)/python docs/build_claims.py --data $(DATA)
	$(BIN)/python docs/build_verdict.py --data $(DATA)

docs: $(STAMP) ## build the documentation strictly; open site/index.html
	$(BIN)/python -m sphinx -W --keep-going -E -q -b html docs site

format: $(STAMP) ## rewrite the sources in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(STAMP) ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --universal --quiet --no-emit-index-url --no-emit-find-links --no-header --group dev --extra web --extra cluster pyproject.toml -o requirements.lock

clean: ## remove what the other targets made
	rm -rf $(VENV) demo dist build site
