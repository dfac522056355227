# What a fresh Debian 12 needs to build, run and test: configs/deps.txt.
# `make deps` installs it; the stamp makes that a one-time step.
DEPS := $(shell sed 's/\#.*//' configs/deps.txt)

.PHONY: deps
deps: $(B)/.deps

$(B)/.deps: configs/deps.txt
	@mkdir -p $(B)
	@missing=$$(for p in $(DEPS); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | \
			grep -q 'install ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		if [ -n "$(SUDO)" ] && ! command -v sudo >/dev/null; then \
			echo "packages are missing and sudo is not here. As root, run:"; \
			echo "  apt-get update && apt-get install -y" $$missing; exit 1; fi; \
		$(SUDO) apt-get -qq update && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends $$missing; fi
	@touch $@
