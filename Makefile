# The door. `make demo` shows discoveryd at work; `make test` proves it.

PREFIX ?= /usr
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
# systemd reads this one in /usr and /usr/local only.
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian's zsh looks for those of packages in a place of its own.
ZSHDIR ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
EXAMPLESDIR ?= $(PREFIX)/share/doc/discoveryd/examples
BINARY ?= .build/dist/discoveryd
SWIFT ?= swift
FLAGS = -Xswiftc -warnings-as-errors --explicit-target-dependency-import-check error
# So many tests at once: each waits for real programs most of the time, and more of them starve one
# another. What only computes runs by itself.
ATONCE = SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8
OURS = Package.swift Examples Tests $(filter-out Sources/EtcdAPI, $(wildcard Sources/*))

.PHONY: help demo test fuzz mustache-spec build lint format benchmark benchmark-quick benchmark-soak install install-files uninstall dist deb release test-package clean

help:
	@echo "make demo      install what is needed, build, and run 'discoveryd dev'"
	@echo "make test      install what is needed, build, and run every test"
	@echo "make fuzz      feed every parser with millions of hostile inputs (FUZZ=5000000)"
	@echo "make mustache-spec SPEC=DIR  run the test cases of Mustache's specification, JSON files that DIR holds"
	@echo "make build     build everything, tests included"
	@echo "make lint      check format, imports, shell scripts, and links and examples in the pages"
	@echo "make format    format the Swift sources"
	@echo "make benchmark build the release binary and measure it beside a program in Go (about 20 minutes)"
	@echo "make benchmark-quick  the same in a minute or two, to see that it works"
	@echo "make benchmark-soak   half an hour of changes: does the memory stay flat?"
	@echo "make dist      build the release binary: $(BINARY)"
	@echo "make deb       build the release binary and its Debian package, in .build/deb"
	@echo "make release   archive, package, bill of materials and their sums, in .build/release"
	@echo "make test-package  install, upgrade and remove the package in a bare Debian 12 (as root; about 5 minutes after the build)"
	@echo "make install   put the release binary and its files in place (DESTDIR=, PREFIX=)"
	@echo "make uninstall take them away again; the configuration stays"

demo:
	dev/install-packages.sh build
	@test -x .build/debug/discoveryd || echo "The first build takes 5 to 10 minutes on two cores, most of it for the packages; the next ones take seconds."
	@dev/progress "building discoveryd" $(SWIFT) build --product discoveryd
	.build/debug/discoveryd dev

# Hostile bytes for each parser: a minute a million, about.
FUZZ ?= 5000000
fuzz:
	dev/install-packages.sh
	$(MAKE) build
	DISCOVERYD_FUZZ=$(FUZZ) $(SWIFT) test --skip-build $(FLAGS) --filter FuzzTests

# The specification's own files are none of ours; MustacheTests has cases of its own for all that they cover.
mustache-spec:
	@test -d "$(SPEC)" || { echo "usage: make mustache-spec SPEC=DIR, where the specification's JSON files are" >&2; exit 1; }
	$(SWIFT) build --product discoveryd $(FLAGS)
	dev/mustache-spec .build/debug/discoveryd "$(SPEC)"

test:
	dev/install-packages.sh
	$(MAKE) lint build
	$(ATONCE) dev/failures-last $(SWIFT) test --skip-build $(FLAGS) --skip 'SimulationTests|FuzzTests'
	DISCOVERYD_SEEDS=2000 dev/failures-last $(SWIFT) test --skip-build $(FLAGS) --filter 'SimulationTests|FuzzTests'
	dev/check-docs --program .build/debug/discoveryd
	dev/failures-last Tests/System/run.sh .build/debug/discoveryd
	dev/failures-last Tests/Page/run.py .build/debug/discoveryd
	dev/failures-last Tests/Faults/run.py .build/debug/discoveryd
	dev/failures-last Tests/Dashboard/run.py .build/debug/discoveryd

build:
	$(SWIFT) build --build-tests $(FLAGS)
	@# Tests build these; with all of their libraries in the cache that takes a moment, and no core from others.
	command -v go >/dev/null && mkdir -p .build/go-programs && for program in Tests/*/Go/*; do \
		(cd $$program && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$(CURDIR)/.build/go-cache \
			go build -o $(CURDIR)/.build/go-programs/ .); done || true

lint:
	$(SWIFT) format lint --strict --recursive --configuration .swift-format $(OURS)
	dev/check-walls.sh
	dev/check-shell.sh
	dev/check-docs
	dev/state-diagrams --check

format:
	$(SWIFT) format --in-place --recursive --configuration .swift-format $(OURS)

benchmark:
	dev/install-packages.sh
	$(MAKE) dist
	Benchmarks/run.py --write-table $(BINARY)

benchmark-quick:
	dev/install-packages.sh
	$(MAKE) dist
	cd Benchmarks/peer && GO111MODULE=off GOPATH=/usr/share/gocode go test .
	Benchmarks/run.py --quick $(BINARY)

benchmark-soak:
	dev/install-packages.sh
	$(MAKE) dist
	Benchmarks/soak.py $(BINARY)

# How the release is linked: by the toolchain's lld. Swift would take gold, which knows no packed relocations (RELR, for
# which the host needs glibc 2.36: 18 KB where 2 MB were) and puts constants among the variables. Nothing is exported: what
# --static-swift-stdlib exports are 48,000 names that nobody looks up. No $ORIGIN: a library beside the binary is none of
# ours.
LINKED = --static-swift-stdlib --disable-local-rpath -Xswiftc -use-ld=lld \
	-Xlinker --no-export-dynamic -Xlinker -z -Xlinker now -Xlinker -z -Xlinker pack-relative-relocs \
	-Xlinker -T -Xlinker $(CURDIR)/dev/constants.ld
# A generic type is had from its accessor, not by its name: to check what is required of one that has a name the runtime
# goes through all conformances of the program, and that was half of the instructions up to READY=1.
NAMELESS = -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors

# A section for each function: the linker leaves out those that nothing calls, and of those that are the same, byte for
# byte, keeps one, as most of what Swift makes for generic types and enums is. 35 MB are 30 by that. Nothing in the
# program asks whether two functions are one and the same; an address in a backtrace may have several names.
SECTIONED = -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections -Xcc -fdata-sections \
	-Xlinker --icf=all -Xlinker -O2

# The same program wherever it was built: no path of this tree is in it. C's assertions name their file, and so do the
# types of C++'s lambdas.
PLACELESS = -Xcc -ffile-prefix-map=$(CURDIR)=. -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=.

# Swift's own libraries inside, symbols outside: it runs where Swift is not installed.
dist:
	dev/install-packages.sh build
	@dev/progress "building the release" \
		$(SWIFT) build -c release --product discoveryd --scratch-path .build/dist-build $(LINKED) $(NAMELESS) $(SECTIONED) $(PLACELESS)
	dev/strip-binary .build/dist-build/release/discoveryd .build/dist/discoveryd
	@ls -l .build/dist/discoveryd
	@ldd .build/dist/discoveryd

deb: dist
	dev/install-packages.sh package
	dev/make-deb

# A tree with changes, and other packages than packaging/components.json lists, are no release: said before the build,
# and by dev/make-release of what was built.
release:
	dev/install-packages.sh package
	@case $$(dev/version commit) in *-dirty) echo "no release of a tree with changes:" >&2; git status --short >&2; exit 1;; esac
	test -e Package.resolved || dev/components resolve
	dev/components check
	$(MAKE) dist
	dev/make-release

test-package: deb
	Tests/Package/run.sh

install:
	@test -x $(BINARY) || { echo "$(BINARY) is missing; run 'make dist' first" >&2; exit 1; }
	$(MAKE) install-files
	$(UPDATE_CATALOG)

# What journalctl -x reads; the package that DESTDIR is for does it where it is installed.
UPDATE_CATALOG = test -n "$(DESTDIR)" || journalctl --update-catalog

# What the shell $(1) completes, as the program itself tells, into the file $(2).
define install-completions
install -d $(dir $(2))
$(BINARY) --generate-completion-script $(1) | sed '1{/^#!/d}' >$(2)
test -s $(2)
chmod 0644 $(2)
endef

install-files:
	install -D -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/sbin/discoveryd
	install -D -m 0644 packaging/discoveryd.service $(DESTDIR)$(UNITDIR)/discoveryd.service
	sed -i 's|=/usr/sbin/discoveryd|=$(PREFIX)/sbin/discoveryd|' $(DESTDIR)$(UNITDIR)/discoveryd.service
	install -D -m 0644 packaging/discoveryd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/discoveryd.conf
	install -D -m 0644 packaging/discoveryd.8 $(DESTDIR)$(PREFIX)/share/man/man8/discoveryd.8
	install -D -m 0644 packaging/discoveryd.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/discoveryd.conf.5
	install -D -m 0644 packaging/discoveryd-formats.5 $(DESTDIR)$(PREFIX)/share/man/man5/discoveryd-formats.5
	install -D -m 0644 packaging/discoveryd.catalog $(DESTDIR)$(CATALOGDIR)/discoveryd.catalog
	$(call install-completions,bash,$(DESTDIR)$(BASHDIR)/discoveryd)
	$(call install-completions,zsh,$(DESTDIR)$(ZSHDIR)/_discoveryd)
	$(call install-completions,fish,$(DESTDIR)$(FISHDIR)/discoveryd.fish)
	@# All but the one that is a target of Package.swift.
	cd Examples && find . -path ./EtcdWalkThrough -prune -o -type f -not -name '.*' -printf '%P\n' | while read -r file; do \
		mode=0644; test ! -x "$$file" || mode=0755; \
		install -D -m $$mode "$$file" "$(abspath $(DESTDIR)$(EXAMPLESDIR))/$$file" || exit 1; done
	install -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/discoveryd.conf.d
	test -e $(DESTDIR)$(SYSCONFDIR)/discoveryd.conf || \
		install -D -m 0644 etc/discoveryd.conf $(DESTDIR)$(SYSCONFDIR)/discoveryd.conf

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/discoveryd $(DESTDIR)$(UNITDIR)/discoveryd.service \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/discoveryd.conf $(DESTDIR)$(CATALOGDIR)/discoveryd.catalog \
		$(DESTDIR)$(PREFIX)/share/man/man8/discoveryd.8 $(DESTDIR)$(PREFIX)/share/man/man5/discoveryd.conf.5 \
		$(DESTDIR)$(PREFIX)/share/man/man5/discoveryd-formats.5 \
		$(DESTDIR)$(BASHDIR)/discoveryd $(DESTDIR)$(ZSHDIR)/_discoveryd $(DESTDIR)$(FISHDIR)/discoveryd.fish
	rm -rf $(DESTDIR)$(EXAMPLESDIR)
	$(UPDATE_CATALOG)

clean:
	rm -rf .build
