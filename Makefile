# The commands of the project; `make help` lists them. Written for GNU make 3.81, which macOS has,
# and for the tools that Debian and macOS share. Paths are relative: the folder may have spaces.

PYTHON ?= python3
JOBS ?= 2

# An environment that stands is kept unless another Python is asked for by name.
INSTALL := $(if $(filter command,$(origin PYTHON)),--this-python) $(if $(TORCH_INDEX),--torch-index "$(TORCH_INDEX)")

BIN := .venv/bin
BUDGET := $(BIN)/python tools/budgets.py
# The student edition stands beside the book, so that one never overwrites the other.
OUT := $(if $(filter no,$(SOLUTIONS)),_build/student/_build,_build)
SITE := $(OUT)/html

# One thread per process: the same digits on every machine, and no quarrel between the workers.
OMP_NUM_THREADS ?= 1
export OMP_NUM_THREADS SOLUTIONS
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help env book pages site slides look pdf test rules unit notebooks benchmarks lab address clean

help: ## this list
	@echo "Usage: make COMMAND [OPTION=value]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "Options: PYTHON=python3.12   the Python to make the environment with"
	@echo "         FRESH=yes           re-execute every page, rebuild everything"
	@echo "         SOLUTIONS=no        the student edition, without solutions"
	@echo "         TORCH_INDEX=URL     where pip finds PyTorch's wheels, for the small CPU build on Linux"

env: ## make the environment in .venv (2 to 5 minutes, once)
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "$(PYTHON) is missing. Debian, Ubuntu:" \
	  "sudo apt install python3-venv; macOS: xcode-select --install or python.org"; exit 1; }
	@"$(PYTHON)" tools/install.py $(INSTALL)

book: env ## build the site; pages whose inputs changed are re-executed first
	@$(if $(CI),echo "CI is set: the pages are taken as committed.",$(MAKE) --no-print-directory pages)
	@$(MAKE) --no-print-directory site
	@echo "Open $(CURDIR)/$(SITE)/index.html in a browser; no network is needed."

pages: env
	@$(BUDGET) pages $(BIN)/python -m tools.notebooks run -j $(JOBS) $(if $(filter yes,$(FRESH)),--all)

# Tests are among the inputs because the ledger page names the tests of each row. Folders are, so
# that a removed file is noticed.
site: env
	@$(if $(filter yes,$(FRESH)),rm -f "$(OUT)/built",:)
	@$(MAKE) --no-print-directory --silent "$(OUT)/built"

FOUND := $(shell find _config.yml _toc.yml book src/companion tests tools .venv/.installed \
  \( -name __pycache__ -o -name _build -o -name '.*_c*' \) -prune -o -print 2>/dev/null)
# The folder under another name: `book` alone would be the command.
INPUTS := $(patsubst book,book/.,$(FOUND))

# A strict build reads every page anew: without --all a second one would pass over old warnings.
$(OUT)/built: $(INPUTS)
	@echo "Building the site (usually a minute or two) ..."
	@rm -rf "$(SITE)" "$(OUT)/.doctrees" && mkdir -p "$(OUT)"
	@begun=$$(date +%s); \
	  $(BIN)/jupyter-book build book --config "$(CURDIR)/_config.yml" --toc "$(CURDIR)/_toc.yml" \
	    --path-output "$(OUT)/.." --all -W --keep-going -n -q > "$(OUT)/build.log" \
	    || { cat "$(OUT)/build.log"; echo "The site was not built; see above."; exit 1; }; \
	  $(BIN)/python -m tools.slides "$(SITE)" && $(BIN)/python -m tools.links "$(SITE)" || exit 1; \
	  echo "Built in $$(($$(date +%s) - begun)) s."
	@touch "$@"

slides: site ## build the decks, one per chapter

look: site ## open every page of the site in headless Chromium, and check what it shows
	@SITE="$(CURDIR)/$(SITE)" $(BIN)/python -m pytest -q tests/site

pdf: site ## print the book to one PDF (needs Chromium)
	@$(BIN)/python -m tools.print "$(SITE)" "$(OUT)/companion.pdf"

test: env ## everything that can be tested; the same as CI does
	@$(BUDGET) tests sh -ec '$(RULES); $(UNIT)'
	@$(BUDGET) pages $(NOTEBOOKS)

rules: env ## lint, types, import contract, staleness of pages (20 seconds)
	@sh -ec '$(RULES)'

unit: env ## unit tests
	@$(UNIT)

notebooks: env ## run every notebook and compare each stored output
	@$(NOTEBOOKS)

RULES := $(BIN)/ruff check --quiet . ; \
  $(BIN)/ruff format --check --quiet . || { echo "Unformatted files: .venv/bin/ruff format ."; exit 1; }; \
  $(BIN)/mypy --no-error-summary ; \
  $(BIN)/lint-imports --no-logo ; \
  $(BIN)/python -m tools.notebooks check
# By file, so that what a file prepares once is prepared by one worker.
UNIT := $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile tests
# Figures go where they go in JupyterLab and in `tools.notebooks run`.
NOTEBOOKS := env MPLBACKEND=module://matplotlib_inline.backend_inline \
  $(BIN)/python -m pytest -q -n $(JOBS) --dist loadscope --nbval --nbval-current-env \
  --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-cell-timeout 120 book

benchmarks: env ## measure the table of speeds anew (15 minutes on an idle machine)
	@$(BIN)/python -m benchmarks $(if $(JAX_PYTHON),--jax-python "$(JAX_PYTHON)")

lab: env ## open the pages in JupyterLab
	@"$(PYTHON)" tools/install.py --extras book,test,lab $(INSTALL)
	@$(BIN)/jupyter-lab book/chapters

address: env ## set the repository's address everywhere: make address URL=https://...
	@$(BIN)/python -m tools.repository $(if $(URL),set "$(URL)",check)

clean: ## remove what was built (the environment stays; rm -r .venv removes it)
	@rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find book src tests tools -name __pycache__ -prune -exec rm -rf {} +
