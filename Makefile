# The habits of this house. Both `make run` and `make test` install what is missing first.
.PHONY: run test setup setup-test build unit path lint format fixtures parity meaning bench bench-daemon bench-models \
  soak install deb deb-check clean

PACKAGES = libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev libopenblas-dev libutf8proc-dev libssl-dev pkg-config curl
TEST_PACKAGES = ffmpeg python3 python3-venv systemd mandoc gcc libc6-dev
DEB_PACKAGES = dpkg-dev binutils
DEB_TEST_PACKAGES = lintian debootstrap systemd-container
# Products by oneDNN too, where it is installed (Debian: libdnnl-dev).
TRAITS = $(if $(wildcard /usr/include/dnnl.h),--traits OneDNN)
TANDEM ?= .build/release/tandem
CLIP = media/beep.mp4

run: setup build
	$(TANDEM) embed --table --quiet $(CLIP)
	$(TANDEM) inspect $(CLIP) --plot plot.png
	@echo "The picture of $(CLIP) is in plot.png."

test: setup setup-test lint build unit path

setup:
	@bash scripts/install.sh $(PACKAGES)

setup-test:
	@bash scripts/install.sh $(TEST_PACKAGES)
	@bash scripts/venv.sh

# With Swift's libraries inside: it starts sooner, and runs where Swift is not installed.
build:
	swift build -c release --static-swift-stdlib $(TRAITS)

# Unit tests, in release since the numbers are: in a folder of their own, for they need testable modules.
unit:
	swift test -c release $(TRAITS) --scratch-path .build-test -Xswiftc -enable-testing --disable-xctest

# End to end: real media through the program.
path:
	OMP_NUM_THREADS=1 .venv/bin/pytest -q -n 2 --dist loadfile Tests/Path

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

fixtures:
	media/make.sh

# Every family and tokenizer against its original, at real sizes: fetches torch and transformers.
parity: setup setup-test
	bash scripts/parity.sh

# What the starter model means, beside chance: fetches weights and media.
meaning: setup build setup-test
	bash scripts/meaning.sh

# The full counts of what `make test` runs a slice of: crashes of the store, kills of the daemon, reloads, late joins.
soak: setup setup-test build
	TANDEM_STORE_ROUNDS=10000 swift test -c release $(TRAITS) --scratch-path .build-test -Xswiftc -enable-testing \
	  --disable-xctest --filter StoreTests
	TANDEM_LONG=1 TANDEM_KILLS=200 TANDEM_RELOADS=1000 TANDEM_JOINS=50 OMP_NUM_THREADS=1 \
	  .venv/bin/pytest -q Tests/Path/test_serve*.py Tests/Path/test_live.py

# Ratios against ffmpeg, side by side in one run.
bench: build setup-test
	.venv/bin/python Tests/Bench/bench.py

# The daemon: its start, its rest, 32 live sources at once, 100 readers.
bench-daemon: build setup-test
	.venv/bin/python Tests/Bench/daemon.py

# Ratios against torch, ONNX Runtime, OpenVINO, and a pipeline in Python made of them.
bench-models: build setup-test
	bash scripts/bench_models.sh

# What is built, and all that goes with it, below PREFIX (/usr/local) in DESTDIR: for packagers, and where dpkg is not.
install:
	scripts/lay_out.sh

# The Debian package, in .build.
deb: setup build
	@bash scripts/install.sh $(DEB_PACKAGES)
	scripts/deb.sh

# The package through its life in a fresh Debian: installed, upgraded, removed, purged, booted. As root; some minutes.
deb-check: deb
	@bash scripts/install.sh $(DEB_TEST_PACKAGES)
	scripts/deb_check.sh

clean:
	rm -rf .build .build-test .venv .venv-bench media/fixtures
