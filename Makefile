# make demo   builds hetl and, with it, the whole example project
# make test   runs every test, with a PostgreSQL of its own
# make site   drives the documentation site in headless Chromium
# make lint   formatting and lints, as CI has them
# make install [PREFIX=~/.local]

target  := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),$(CURDIR)/target)
release := $(target)/release
library := $(if $(filter Darwin,$(shell uname -s)),libduckdb.dylib,libduckdb.so)
PREFIX  ?= $(HOME)/.local

.PHONY: demo test site lint release library install

demo: release
	cd project && "$(release)/hetl" build

test:
	scripts/test.sh

# The documentation site in a browser.
site: library
	cargo build
	scripts/site.sh "$(target)/debug/hetl"

lint: library
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

# The executable finds the library beside itself.
release: library
	cargo build --release
	cmp -s ".duckdb/$(library)" "$(release)/$(library)" || cp ".duckdb/$(library)" "$(release)/$(library)"

library:
	scripts/duckdb-library.sh

# … or in the lib folder beside its own.
install: release
	mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/lib"
	install -m 755 "$(release)/hetl" "$(DESTDIR)$(PREFIX)/bin/hetl"
	install -m 644 ".duckdb/$(library)" "$(DESTDIR)$(PREFIX)/lib/$(library)"
