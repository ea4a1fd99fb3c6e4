VENV ?= .venv
PYTHON ?= python3
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed
TF := out/sionna-tf

.DEFAULT_GOAL := help
.PHONY: help setup demo results docs speed oracle-tf test test-all check format lock checkpoints clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(STAMP) ## make the virtual environment from the lock file

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "semjscc needs Python 3.11 to 3.13, not %d.%d (make PYTHON=python3.12)" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: setup ## send 8 scenes as captions and as pixels, and write a report (out/demo/report.html)
	$(RUN) evaluate.py --system llm-ofdm --num_images 8 --snr_db -2 1 2 3 4 8 --out out/demo
	$(RUN) evaluate.py --system raw-ofdm --num_images 8 --snr_db -2 1 2 3 4 8 --out out/demo
	$(RUN) report.py out/demo

results: setup ## make every figure under results/ again
	$(RUN) evaluate.py --config configs/sweeps/lora.yaml
	for system in llm-ofdm-ours raw-ofdm jpeg-ofdm; do $(RUN) evaluate.py --system $$system --data scenes --num_images 64 || exit; done
	for system in raw-ofdm jpeg-ofdm; do $(RUN) evaluate.py --system $$system --data photos --num_images 3 --snr_db 0 2 3 4 6 || exit; done
	$(RUN) compare.py --systems jpeg-awgn avif-awgn hda-awgn hda-awgn-blind deepjscc-awgn swinjscc-awgn swinjscc-awgn-online --num_images 4 --bandwidth_ratio 1/12 1/6
	$(RUN) compare.py --comparison uma --systems jpeg-ofdm avif-ofdm hda-uma deepjscc-uma adjscc-uma --num_images 4 --bandwidth_ratio 1/6
	$(RUN) -m benchmarks.lora
	$(RUN) report.py results
	$(RUN) -m semjscc.report.reproduction

docs: setup ## build the documentation site (out/docs/index.html)
	$(RUN) -m sphinx -q -W --keep-going -b html docs out/docs

speed: setup ## measure how fast the radio is beside Sionna's (half an hour), and make docs/SPEED.md
	$(RUN) -m benchmarks
	$(RUN) -m benchmarks.page

oracle-tf: setup $(TF)/.installed ## compare with Sionna 1.2.2 on TensorFlow, in an environment of its own (out/sionna-tf)
	$(RUN) -m benchmarks.oracle_tf --python $(TF)/bin/python

$(TF)/.installed:
	$(PYTHON) -m venv $(TF)
	$(TF)/bin/python -m pip install --quiet --disable-pip-version-check sionna-no-rt==1.2.2
	touch $@

test: setup ## run the default tests
	OMP_NUM_THREADS=1 $(RUN) -m pytest -m "not slow"

test-all: setup ## run the slow tests too
	OMP_NUM_THREADS=1 $(RUN) -m pytest

check: setup ## format, lint, who imports whom, types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

format: setup ## format the code
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

lock: setup ## resolve the dependencies anew
	$(RUN) -m pip install --quiet --disable-pip-version-check uv
	$(VENV)/bin/uv pip compile pyproject.toml --extra perception --extra wandb --extra docs --group dev --universal --python-version 3.11 --no-emit-index-url --no-annotate --output-file requirements.lock --custom-compile-command "make lock"

checkpoints: setup ## train the models that are shipped again (about ten hours on two cores)
	$(RUN) -m semjscc.data.photographs
	for model in vae generator captioner clip deepjscc-awgn deepjscc-uma adjscc-uma swinjscc-start swinjscc-awgn hda-awgn captioner-lora listener-lora; do $(RUN) train.py --config configs/train/$$model.yaml --resume true || exit; done

clean: ## remove what can be made again
	rm -rf $(VENV) out build *.egg-info
