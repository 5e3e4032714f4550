#!/usr/bin/env bash
# What `make install` does: lays the built programs and all that goes with them into DESTDIR, below PREFIX.
# A configuration that is there already stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${DESTDIR=}" "${PREFIX:=/usr/local}" "${SYSCONFDIR:=/etc}"
: "${TANDEM:=.build/release/tandem}" "${WORKER:=.build/release/tandem-decode}" "${CONFIG:=configs/tandem.yaml}"
umask 022

for file in "$TANDEM" "$WORKER" "$CONFIG"; do
  [ -f "$file" ] || { echo "$file is missing: make build" >&2; exit 66; }
done
to=$DESTDIR$PREFIX
doc=$to/share/doc/tandem

# The units and pages speak of /usr.
text() { # SOURCE TARGET
  install -d "$(dirname "$2")"
  sed "s,/usr/\(bin\|libexec\|share/doc\)/,$PREFIX/\1/,g" "$1" > "$2"
  chmod 644 "$2"
}

install -D -m 755 "$TANDEM" "$to/bin/tandem"
install -D -m 755 "$WORKER" "$to/libexec/tandem-decode"

units=$to/lib/systemd/system
for unit in systemd/*.service systemd/*.socket; do text "$unit" "$units/$(basename "$unit")"; done
sed -f systemd/instance.sed "$units/tandem.service" > "$units/tandem@.service"
chmod 644 "$units/tandem@.service"
for drop_in in systemd/drop-ins/*.conf; do text "$drop_in" "$doc/examples/systemd/$(basename "$drop_in")"; done
install -D -m 644 systemd/tandem.sysusers "$to/lib/sysusers.d/tandem.conf"
install -D -m 644 systemd/tandem.tmpfiles "$to/lib/tmpfiles.d/tandem.conf"

config=$DESTDIR$SYSCONFDIR/tandem/tandem.yaml
[ -e "$config" ] || install -D -m 644 "$CONFIG" "$config"
install -d -m 700 "$DESTDIR$SYSCONFDIR/tandem/credentials"

install -d "$to/share/tandem/models"
install -m 644 configs/models/* "$to/share/tandem/models"

for page in man/*.[1-8]; do text "$page" "$to/share/man/man${page##*.}/$(basename "$page")"; done
install -m 644 -D -t "$doc" README.md CHANGELOG.md
install -m 644 -D -t "$doc/docs" docs/*.md
find configs -maxdepth 1 -name '*.yaml' -exec install -m 644 -D -t "$doc/examples" {} +

completions() { # SHELL TARGET
  install -d "$(dirname "$2")"
  "$TANDEM" --generate-completion-script "$1" | sed '1{/^#!/d}' > "$2"
  chmod 644 "$2"
}
completions bash "$to/share/bash-completion/completions/tandem"
completions zsh "$to/share/zsh/vendor-completions/_tandem"
completions fish "$to/share/fish/vendor_completions.d/tandem.fish"
