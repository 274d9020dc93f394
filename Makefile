# Everything runs in .venv, which the first target that needs it creates from the pinned requirements.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: help demo test test-browser test-faults test-gpu repro release plots-page bench fuzz check check-lock clean

$(BIN)/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

# The libraries in which the tests open the vectors.
$(BIN)/installed-tests: tests/requirements.txt $(BIN)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# The driver of an installed browser; no browser is downloaded.
$(BIN)/installed-browser: tests/browser/requirements.txt $(BIN)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/browser/requirements.txt
	touch $@

# A copy of the tree with its own DVC cache, so that the files of a real run stay as they are.
demo: $(BIN)/installed  ## every stage on the embedded corpus, in .demo/; needs no data
	mkdir -p .demo
	git ls-files -z --cached --others --exclude-standard -- . ':!dvc.lock' ':!metrics' ':!plots' ':!predictions' \
		| tar -c --null -T - -f - | tar -x -C .demo -f -
	cd .demo && python -m pipeline preset demo --write params.yaml
	cd .demo && dvc config --local core.no_scm true && dvc repro
	@echo && cd .demo && python -m pipeline results && echo && echo "the report: $(CURDIR)/.demo/report/index.html"

test: $(BIN)/installed-tests check  ## the whole suite
	$(BIN)/python -m pytest

test-browser: $(BIN)/installed-browser  ## the report and the page in Chromium, skipped if there is none; SCREENSHOTS=folder keeps the pictures
	SCREENSHOTS="$(SCREENSHOTS)" $(BIN)/python -m pytest -m browser -rs tests/browser

test-faults: $(BIN)/installed-tests  ## kills, full disks, broken downloads, a crowd at the page: a quarter of an hour; FAULTS_SEED repeats one
	$(BIN)/python -m pytest -m "faults or not faults" -s -rs tests/faults

test-gpu: $(BIN)/installed  ## the tests that need a GPU; without one they are skipped
	$(BIN)/python -m pytest -m gpu -rs

check: $(BIN)/installed  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

repro: $(BIN)/installed  ## the real run; IMDB_ARCHIVE=/path/to/aclImdb_v1.tar.gz reads that instead of downloading
	$(BIN)/python -m pipeline mend
	$(BIN)/dvc repro

release: $(BIN)/installed  ## the word vectors with their card and checksums in one file, dist/word-vectors.tar.gz
	$(BIN)/python -m pipeline release

plots-page: $(BIN)/installed  ## write .dvc/plots.html, the page of `dvc plots`, with its scripts included
	$(BIN)/python -c "import pathlib; from pipeline.report.vega import plots_page; pathlib.Path('.dvc/plots.html').write_text(plots_page(), 'utf-8')"

.venv-bench/installed: benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	touch $@

# The fuzzer alone; everything else comes from .venv, whose packages a .pth file adds.
.venv-fuzz/installed: tests/fuzz/requirements.txt $(BIN)/installed
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check -r tests/fuzz/requirements.txt
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
		> $$(.venv-fuzz/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/project.pth
	touch $@

fuzz: .venv-fuzz/installed  ## feed the readers of files bytes that a fuzzer makes; SECONDS each (600), TARGETS="csv-t.csv ..." or all
	nice -n 19 .venv-fuzz/bin/python -m tests.fuzz.run $(or $(SECONDS),600) $(TARGETS)

bench: $(BIN)/installed .venv-bench/installed  ## speed and growth, side by side; ROWS=text measures one group; writes benchmarks/results.json
	$(BIN)/python -m benchmarks.run $(ROWS)

check-lock: $(BIN)/installed  ## check that dvc.lock and the metrics are those of this code and these parameters
	$(BIN)/python -m pytest -m lock tests/test_lock.py

clean:  ## remove what the other targets created, but not the outputs of the pipeline
	rm -rf .venv .venv-bench .venv-fuzz .demo .pytest_cache .ruff_cache .mypy_cache .hypothesis
