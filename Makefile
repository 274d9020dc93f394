# Everything runs in .venv, which the first target that needs it creates from the pinned requirements:
# with pip or, if you say `make UV=uv TARGET`, with uv. Both take the same files and check the same hashes.
PYTHON ?= python3
UV ?=
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
venv = $(if $(UV),$(UV) venv --quiet --allow-existing --python $(PYTHON) $(1),$(PYTHON) -m venv $(1))
pip = $(1)/bin/python -m pip install --quiet --disable-pip-version-check
install = $(if $(UV),$(UV) pip install --quiet --python $(1)/bin/python,$(pip)) -r $(2)
hashed = $(install) --require-hashes

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: help demo test test-project test-packages test-browser test-faults test-torchrun test-queue test-gpu test-static repro release publish plots-page bench fuzz check check-lock pins wheels audit clean

# Everything with hashes but torch, whose builds differ from index to index; it alone is left to the second command.
# `make pins` writes each requirements.lock anew, the same or not, so what is installed depends on requirements.txt.
$(BIN)/installed: requirements.txt
	$(call venv,.venv)
	$(call hashed,.venv,requirements.lock)
	$(call install,.venv,requirements.txt)
	touch $@

# The format ONNX and its runtime.
$(BIN)/installed-onnx: examples/requirements.txt $(BIN)/installed
	$(call hashed,.venv,examples/requirements.lock)
	touch $@

# The libraries in which the tests open the vectors, and Dask.
$(BIN)/installed-tests: tests/requirements.txt requirements-dask.txt $(BIN)/installed-onnx
	$(call hashed,.venv,tests/requirements.lock)
	$(call hashed,.venv,requirements-dask.lock)
	touch $@

# The driver of an installed browser; no browser is downloaded.
$(BIN)/installed-browser: tests/browser/requirements.txt $(BIN)/installed
	$(call hashed,.venv,tests/browser/requirements.lock)
	touch $@

# The libraries that open the exported static models; they need some of what the tests need.
$(BIN)/installed-static: tests/static/requirements.txt $(BIN)/installed-tests
	$(call hashed,.venv,tests/static/requirements.lock)
	touch $@

# A copy of the tree with its own DVC cache, so that the files of a real run stay as they are.
demo: $(BIN)/installed  ## every stage on a small synthetic corpus, in .demo/; needs no data
	mkdir -p .demo
	git ls-files -z --cached --others --exclude-standard -- . ':!dvc.lock' ':!metrics' ':!plots' ':!predictions' \
		| tar -c --null -T - -f - | tar -x -C .demo -f -
	cd .demo && python -m pipeline preset demo --write params.yaml
	cd .demo && dvc config --local core.no_scm true && dvc repro
	@echo && cd .demo && python -m pipeline results && echo && echo "the report: $(CURDIR)/.demo/report/index.html"

test: check test-project test-packages  ## style, types and all quick tests, offline; `make -j2 test` runs two parts at once

test-project: $(BIN)/installed-tests
	$(BIN)/python -m pytest tests/faults tests/test_*.py

test-packages: $(BIN)/installed-tests
	$(BIN)/python -m pytest --ignore=tests/faults --ignore-glob='tests/test_*.py'

test-browser: $(BIN)/installed-browser  ## the report and the page of `serve` in Chromium, skipped if there is none; SCREENSHOTS=folder keeps pictures
	SCREENSHOTS="$(SCREENSHOTS)" $(BIN)/python -m pytest -m browser -rs tests/browser

test-faults: $(BIN)/installed-tests  ## kills, full disks, broken downloads, many clients at once; takes long; FAULTS_SEED repeats a run
	$(BIN)/python -m pytest -m "faults or not faults" -s -rs tests/faults

test-torchrun: $(BIN)/installed-tests  ## training under torchrun, on one machine and on two simulated hosts (as root), with kills
	$(BIN)/python -m pytest -m "faults or not faults" -s -rs tests/faults/test_torchrun.py

test-queue: $(BIN)/installed-tests  ## a sweep in two clones with DVC's queue, over git and an S3 server on this machine
	$(BIN)/python -m pytest -m queue -rs tests/remotes

test-gpu: $(BIN)/installed  ## the tests that need a GPU; without one they are skipped
	$(BIN)/python -m pytest -m gpu -rs

test-static: $(BIN)/installed-static  ## the exported vectors in sentence-transformers and model2vec
	$(BIN)/python -m pytest -m static -rs tests/static

check: $(BIN)/installed  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

repro: $(BIN)/installed  ## the real run; IMDB_ARCHIVE=/path/to/aclImdb_v1.tar.gz reads that instead of downloading
	$(BIN)/python -m pipeline mend
	$(BIN)/dvc repro

release: $(BIN)/installed  ## pack the word vectors with their card and checksums into dist/word-vectors.tar.gz
	$(BIN)/python -m pipeline release

publish: $(BIN)/installed  ## push the files of the committed run to REMOTE=NAME and tag it; TAG=..., TARGETS="artifacts/embeddings ..."
	$(if $(REMOTE),,$(error name a remote of .dvc/config, make publish REMOTE=NAME; docs/remotes.md has recipes))
	$(BIN)/python -m pipeline publish $(REMOTE) $(if $(TAG),--tag $(TAG)) $(addprefix --target ,$(TARGETS))

plots-page: $(BIN)/installed  ## write .dvc/plots.html, the page of `dvc plots`, with its scripts included
	$(BIN)/python -c "import pathlib; from pipeline.report.vega import plots_page; pathlib.Path('.dvc/plots.html').write_text(plots_page(), 'utf-8')"

.venv-bench/installed: benchmarks/requirements.txt
	$(call venv,.venv-bench)
	$(call hashed,.venv-bench,benchmarks/requirements.lock)
	touch $@

# The fuzzer alone; everything else comes from .venv, whose packages a .pth file adds.
.venv-fuzz/installed: tests/fuzz/requirements.txt $(BIN)/installed
	$(call venv,.venv-fuzz)
	$(call hashed,.venv-fuzz,tests/fuzz/requirements.lock)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
		> $$(.venv-fuzz/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/project.pth
	touch $@

fuzz: .venv-fuzz/installed  ## fuzz the readers of files; SECONDS each (600), TARGETS="csv-t.csv ..." or all
	nice -n 19 .venv-fuzz/bin/python -m tests.fuzz.run $(or $(SECONDS),600) $(TARGETS)

bench: $(BIN)/installed-onnx .venv-bench/installed  ## speed and memory, next to other libraries; ROWS=text measures one group; writes benchmarks/results.json
	SIZES="$(SIZES)" $(BIN)/python -m benchmarks.run $(ROWS)

check-lock: $(BIN)/installed  ## check that dvc.lock and the metrics are those of this code and these parameters
	$(BIN)/python -m pytest -m lock tests/test_lock.py

.venv-pins/installed: .ci/requirements.txt
	$(call venv,.venv-pins)
	$(call hashed,.venv-pins,.ci/requirements.lock)
	touch $@

COMPILE = .venv-pins/bin/uv pip compile --quiet --no-config
LOCK = $(COMPILE) --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make pins"

pins: .venv-pins/installed  ## write requirements.lock beside each requirements.txt, with the hashes of the pinned versions
	for folder in . .ci examples tests tests/browser tests/fuzz tests/static; do \
		$(LOCK) --no-deps --no-emit-package torch $$folder/requirements.txt -o $$folder/requirements.lock || exit; done
	$(LOCK) --no-deps requirements-dask.txt -o requirements-dask.lock
	$(LOCK) --universal -c requirements.txt benchmarks/requirements.txt -o benchmarks/requirements.lock

wheels: export MACOSX_DEPLOYMENT_TARGET = 14.0
wheels: .venv-pins/installed  ## check that the pins fit together and have wheels for each Python and platform
	for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do for version in 3.11 3.12 3.13; do \
		$(COMPILE) --only-binary :all: --no-binary antlr4-python3-runtime --python-platform $$platform \
			--python-version $$version requirements.txt requirements-dask.txt examples/requirements.txt tests/requirements.txt \
			> /dev/null || exit; \
		echo "$$platform, Python $$version: wheels for all"; done; done

audit: .venv-pins/installed  ## look up known vulnerabilities of the pinned versions
	.ci/audit

clean:  ## remove environments, caches and .demo/, but not the outputs of the pipeline
	rm -rf .venv .venv-bench .venv-fuzz .venv-pins .demo .pytest_cache .ruff_cache .mypy_cache .hypothesis
