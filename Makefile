# make run      install nodegraph into .venv and open a first patch in the editor; without a display play it, and
#               without a sound device render it
# make test     install the dependencies of the tests and run all checks
# make bench    compare the speed with SuperCollider, Pure Data, Csound, Faust, DawDreamer, SignalFlow, pyo and C
# make growth   measure cost over nodes and lanes, and that of edits, and draw docs/growth.png, ten minutes
# make cores    measure single patches on one core and on two, two minutes
# make quality  measure aliases, distortion, reverberation, stretching and hearing, also of other programs, two minutes
# make matching train estimators of nine patches and match sounds with them, two to three hours
# make mixtures measure each part of the recipe texture, and loops, ten minutes
# make lessons  measure how well the checks of the lessons hear mistakes, and write the table in docs/LESSONS.md, a minute
# make challenges compare the verdicts of challenges by ear with their sounds, two minutes
# make monkey   send random clicks, drags and keys to the editor for two minutes
# make picture  update the picture of the editor, the film and the pictures of the tutorial in docs/, two minutes
# make docs     build the documentation as a site in build/docs/site, without a network, and check its links
# make models   train the models in patches/models again
# make fuzz     open 100,000 random files, packets and command lines, and print the faults by kind, an hour
# make storm    apply 10,000 random edits to a playing patch
# make fused    compare fused kernels with rows on 1,000 random patches, half an hour
# make settle   apply 10,000 edits, each followed by settling on fused kernels, and compare with rows, half an hour
# make kills    kill everything that writes files 200 times each, and check what is left, an hour
# make soak     play the largest demo patch for half an hour, and check memory, files and the replay
# make flight   play and log for a minute, and compare the replay sample by sample
# make guarded  run all blocks, and their contract tests, in memory between guard pages, 15 minutes
# make lint     run ruff and mypy
# make format   format the code and apply the automatic fixes of ruff
# make offline  run all commands that may be tempted to use the network, and check that none does, five minutes
# make kernels  compile the kernels that a wheel contains, and compare their sounds on all patches, half an hour
# make wheel    build the wheel, with these kernels, and the source distribution in dist/
# make app      build an application folder for Linux in build/app, which needs no Python; try its demo, window, menu entry
# make install-check  install the wheel by pip, uv, uvx and pipx with Python 3.11 to 3.13, and render a demo, ten minutes
# make lock     write locked.txt, the hashes of what the tests install, after a change of the dependencies
# make hooks    install the pre-commit hook that runs these checks
# make system   install the Debian packages that the tests need, as root
# make clean    remove everything that make created
#
# PYTHON=python3.13 selects the Python of a new .venv.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -qq install --constraint constraints.txt

RUN_EXTRAS := audio,midi,osc,editor
TEST_EXTRAS := $(RUN_EXTRAS),learn,test
TEST_PACKAGES := libportaudio2 jackd2 xvfb xdotool libgl1 libopengl0 libgl1-mesa-dri libegl1 libxcursor1 libxi6
QUALITY_PACKAGES := csound faust g++ rubberband-cli supercollider-server sonic-pi-samples
BENCH_PACKAGES := puredata-core supercollider-server csound faust g++ gcc libc6-dev libfftw3-dev

CONTRACTS := $(wildcard tests/nodes/test_*contract*.py)

# pip must not wait for input.
export PIP_NO_INPUT := 1

.PHONY: run test check-ruff check-mypy check-tests bench growth cores quality matching mixtures lessons challenges monkey picture docs \
	models kernels wheel app install-check fuzz storm fused settle kills soak flight guarded offline lint format lock hooks system clean
.DELETE_ON_ERROR:

run: $(VENV)/.run
	@$(BIN)/python -m nodegraph demo first_sound --window

# All checks run even if one fails; the static checks run in parallel with the tests.
test: $(VENV)/.test
	@tools/install-system $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory -j2 --keep-going check-ruff check-mypy check-tests

check-ruff: ; @$(BIN)/ruff check && $(BIN)/ruff format --check
check-mypy: ; @$(BIN)/mypy
# Two processes halve the time; tests with real devices run afterwards, one at a time. A process that dies is not
# replaced: its next file may end the new one as well, and then the run does not end.
check-tests:
	@$(BIN)/pytest -n 2 --dist loadfile --max-worker-restart 0 -m "not alone"; status=$$?; $(BIN)/pytest -m alone && exit $$status

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

lock: $(VENV)/.made
	@$(BIN)/python tools/lock '$(TEST_EXTRAS)'

hooks: $(VENV)/.test
	@$(PIP) 'pre-commit>=4'
	@$(BIN)/pre-commit install

system:
	@tools/install-system $(TEST_PACKAGES)

bench: $(VENV)/.run
	@tools/install-system $(BENCH_PACKAGES)
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.editor

growth: $(VENV)/.test
	@$(BIN)/python -m bench.growth

cores: $(VENV)/.test
	@$(BIN)/python -m bench.two_cores

quality: $(VENV)/.test
	@tools/install-system $(QUALITY_PACKAGES)
	@$(BIN)/python -m bench.quality

matching: $(VENV)/.test
	@$(BIN)/python -m bench.matching

mixtures: $(VENV)/.test
	@$(BIN)/python -m bench.mixtures parts
	@$(BIN)/python -m bench.mixtures loops

lessons: $(VENV)/.test
	@$(BIN)/python -m bench.lessons

challenges: $(VENV)/.test
	@$(BIN)/python -m bench.challenges

monkey: $(VENV)/.test
	@tools/install-system $(TEST_PACKAGES)
	@$(BIN)/python -m tests.editor.monkey --seconds 120

picture: $(VENV)/.test
	@tools/install-system $(TEST_PACKAGES)
	@$(BIN)/python -m tests.editor.picture
	@$(BIN)/python -m tests.editor.tour

docs: $(VENV)/.docs
	@$(BIN)/python -m tools.docs

models: $(VENV)/.test
	@tools/train-models

kernels: $(VENV)/.test
	@$(BIN)/python tools/build-kernels nodegraph/native/kernels

fuzz: $(VENV)/.test
	@$(BIN)/python -m tests.fuzz --inputs 100000

storm: $(VENV)/.test
	@$(BIN)/python -m tests.engine.storm_run --edits 10000 --live

fused: $(VENV)/.test
	@NODEGRAPH_RANDOM_PATCHES=1000 $(BIN)/pytest -q tests/fusion/test_tiers.py -k random_patch

settle: $(VENV)/.test
	@$(BIN)/python -m tests.fusion.settling --edits 10000

kills: $(VENV)/.test
	@$(BIN)/python -m tests.kills --kills 200

soak: $(VENV)/.test
	@tools/install-system $(TEST_PACKAGES)
	@$(BIN)/python -m tests.soak --minutes 30

flight: $(VENV)/.test
	@$(BIN)/python -m tests.recording.flight_helpers --seconds 60 --edits 200 --events 700

guarded: $(VENV)/.test
	@$(BIN)/python -m tests.engine.guarded 20 | tail -n 1
	@for guard in end start; do GUARD=$$guard $(BIN)/pytest -p tests.engine.guarded $(CONTRACTS) || exit; done

offline: $(VENV)/.test
	@NODEGRAPH_LONG_TESTS=1 $(BIN)/pytest tests/cli/test_no_network.py

wheel: kernels
	@$(BIN)/python -m hatchling build -d dist
	@ls -l dist

app: $(VENV)/.test
	@tools/install-system $(TEST_PACKAGES) desktop-file-utils
	@$(BIN)/python -m tests.delivery.app_check build/app

install-check: $(VENV)/.test
	@$(BIN)/python -m tests.delivery.install_check

clean:
	rm -rf nodegraph/native/kernels .venv .venv-bench build dist bench/.build bench/results .pytest_cache .mypy_cache .ruff_cache

# A stamp file for each set of extras, so that the second call of a target installs nothing.
$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing nodegraph [$(RUN_EXTRAS)] into $(VENV): about a minute the first time."
	@$(PIP) --editable '.[$(RUN_EXTRAS)]'
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml constraints.txt locked.txt
	@echo "Installing nodegraph [$(TEST_EXTRAS)] into $(VENV): about a minute the first time."
	@tools/install-tests $(BIN) '$(TEST_EXTRAS)'
	@touch $@

# The generator of the site is not needed by tests.
$(VENV)/.docs: $(VENV)/.test
	@$(PIP) --editable '.[docs]'
	@touch $@

$(VENV)/.made:
	@python=$$(tools/find-python) && "$$python" -m venv $(VENV)
	@touch $@
