# GhostHands. `make demo` and `make test` set up all they need: Python 3.11+, Node 20+ and make.
# The first that is there, runs (a version manager's shim may not), and is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN    := .venv/bin
ARGS   ?=
WEB    := bridge/web
DATA   ?= ../shared/data
DESK   := $(DATA)/desk_two_views
export npm_config_update_notifier := false

.DEFAULT_GOAL := help
.PHONY: help demo train test unity-test web-test web-core check format bench lock clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.bridge $(WEB)/dist/.built  ## the main job: two cameras, WebRTC, ghost hands in a page (ARGS="--seconds 20 --headless")
	@$(BIN)/ghosthands demo $(ARGS)

train: .venv/.bridge .venv/.train  ## what training needs, PyTorch included, then a training run (ARGS="a3net --config cpu")
	$(BIN)/ghosthands train $(ARGS)

# Most tests run two at a time. Those that measure time, or starve others, have the machine to
# themselves; what counts all that a process holds has a process to itself.
ALONE := $(addprefix tests/,bench cluster faults flow streams test_server.py unity/test_client.py unity/test_faults.py unity/test_layer.py web)
SOAK  := tests/test_soak.py
test: .venv/.dev $(WEB)/dist/.built web-core  ## all tests (ARGS="tests/sdk" for some)
ifeq ($(strip $(ARGS)),)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope $(patsubst %,--ignore %,$(SOAK) $(ALONE))
	$(BIN)/python -m pytest $(SOAK)
	$(BIN)/python -m pytest $(ALONE)
else
	$(BIN)/python -m pytest $(ARGS)
endif

unity-test: .venv/.dev  ## the Unity package without Unity: Mono, NUnit, a real bridge (ARGS="-k playout")
	$(BIN)/python -m pytest tests/unity $(ARGS)

web-test: web-core .venv/.dev  ## the pages: types, their core under node, and the pages in Chromium (ARGS="-k viewer")
	$(BIN)/python -m pytest tests/web $(ARGS)

web-core: $(WEB)/dist/.built
	cd $(WEB) && npm run --silent check && npm test --silent

check: .venv/.dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev  ## reformat the Python code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev $(WEB)/dist/.built  ## the main benchmarks again (about 10 minutes; nothing else may run); others: benchmarks/*.py
	set -e; for b in demo desk_accuracy end_to_end hand_fit render wire; do $(BIN)/python benchmarks/$$b.py; done
	$(BIN)/python benchmarks/trackers.py --uv $(UV) $(DESK)/cam0_test.mp4 $(DESK)/cam1_test.mp4
	$(BIN)/python benchmarks/faithfulness.py $(DESK)/cam0_test.mp4 $(DESK)/cam1_test.mp4 $(DATA)/piano_top/piano_right_hand.mp4

# The newest torch with a CPU build where this project is developed; torchvision follows it.
TORCH := torch==2.13.0
COMPILE = $(UV) pip compile -q --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" pyproject.toml --extra bridge

lock: .venv/.uv  ## resolve the dependencies anew (WHEELS=... adds the hashes of CPU builds of torch)
	$(COMPILE) --upgrade -o requirements.lock
	$(COMPILE) --upgrade --group dev -o requirements-dev.lock
	echo '$(TORCH)' > .venv/torch.pin
	$(COMPILE) --upgrade --extra train -c .venv/torch.pin -c requirements-dev.lock -o requirements-train.lock
	$(BIN)/python scripts/cpu_lock.py requirements-train.lock requirements-train-cpu.lock $(WHEELS)

clean:  ## remove what the targets made
	rm -rf .venv $(WEB)/node_modules $(WEB)/dist .pytest_cache .mypy_cache .ruff_cache

# uv from the PATH, else from PyPI into the environment; pip where uv cannot reach an index that
# only pip is told of.
UV = $(shell command -v uv || echo $(BIN)/uv)
define install
	$(call sync,$(1))
	$(UV) pip install -q --python $(BIN)/python --no-deps -e . \
	  || $(BIN)/python -m pip install -q --no-deps -e .
endef
sync = $(UV) pip install -q --python $(BIN)/python --require-hashes -r $(1) \
	  || $(BIN)/python -m pip install -q --require-hashes -r $(1)

.venv/.uv:
	@test -n "$(PYTHON)" || { echo "GhostHands needs Python 3.11 or newer, and none was found. Give one: make PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Setting up .venv (once)..."
	$(PYTHON) -m venv .venv
	@command -v uv >/dev/null || $(BIN)/python -m pip install -q uv
	@touch $@

.venv/.bridge: requirements.lock pyproject.toml | .venv/.uv
	$(call install,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml .venv/.train | .venv/.uv
	$(call install,requirements-dev.lock)
	@touch $@ .venv/.bridge

# PyTorch's CPU build where pip finds one and there is no GPU to miss it; else PyPI's, with CUDA.
.venv/.train: requirements-train.lock requirements-train-cpu.lock | .venv/.uv
	@if command -v nvidia-smi >/dev/null \
	  || ! $(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements-train-cpu.lock 2>/dev/null; \
	then $(call sync,requirements-train.lock); fi
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json
	@command -v npm >/dev/null || { echo "GhostHands needs Node 20 or newer (npm was not found)." >&2; exit 2; }
	cd $(WEB) && npm ci --silent
	@touch $@

$(WEB)/dist/.built: $(WEB)/node_modules/.installed $(wildcard $(WEB)/*.html $(WEB)/*.mjs $(WEB)/src/*.* $(WEB)/src/*/*.*)
	cd $(WEB) && npm run --silent build
	@touch $@
