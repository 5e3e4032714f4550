#!/usr/bin/env bash
# The package in .build through its life in a Debian of its own: lintian, then installed, upgraded, removed and purged
# in a chroot that debootstrap makes, where units are verified and enabled; and at last booted with it. As root.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${OUT:=.build}" "${SUITE:=bookworm}"
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
deb=$OUT/tandem_${version}_$(dpkg --print-architecture).deb

step() { echo "-- $*"; }
fail() { echo "deb-check: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "only root can change its root"

step "lintian"
lintian --fail-on error,warning "$deb"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root
step "a fresh $SUITE"
debootstrap --variant=minbase --include=systemd,ca-certificates "$SUITE" "$root" >"$work/debootstrap.log" ||
  { tail -5 "$work/debootstrap.log"; exit 1; }

# Mounts and processes of a command end with it.
inside() {
  unshare --mount --pid --fork --mount-proc="$root/proc" chroot "$root" /usr/bin/env -i LC_ALL=C.UTF-8 \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}
quietly() { inside "$@" >"$work/log" 2>&1 || { tail -20 "$work/log"; fail "$*"; }; }
# Asks nothing: an edited configuration stays.
install() { quietly apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confdef \
  -o Dpkg::Options::=--force-confold "$@"; }
files() { inside find / -xdev \( -path /proc -o -path /var/lib/dpkg -o -path /var/cache/apt -o -path /var/lib/apt \
  -o -path /var/log -o -path /run/systemd -o -path /tmp \) -prune -o -print | sort; }
has() { [ -e "$root$1" ] || fail "$1 is missing"; }
hasnt() { [ ! -e "$root$1" ] || fail "$1 is still there"; }
mode() { [ "$(inside stat -c '%a %U:%G' "$1")" = "$2" ] || fail "$1 is $(inside stat -c '%a %U:%G' "$1"), not $2"; }

# The same package once more, as a later version whose own configuration has changed.
later=$version+later
dpkg-deb -R "$deb" "$work/later"
sed -i "s/^Version: .*/Version: $later/" "$work/later/DEBIAN/control"
echo "# A later default." >>"$work/later/etc/tandem/tandem.yaml"
cp "$deb" "$root/tmp/tandem.deb"
dpkg-deb -Znone --root-owner-group --build "$work/later" "$root/tmp/later.deb" >/dev/null
cp media/beep.mp4 "$root/tmp"

step "what it depends on"
quietly apt-get update
quietly apt-get satisfy -y --no-install-recommends "$(dpkg-deb -f "$deb" Depends)"
files >"$work/before"

step "install"
install /tmp/tandem.deb
for path in /usr/bin/tandem /usr/libexec/tandem-decode /etc/tandem/tandem.yaml /usr/share/man/man1/tandem.1.gz \
  /usr/share/man/man8/tandem-serve.8.gz /usr/share/tandem/models/light.yaml; do has "$path"; done
[ "$(inside tandem --version)" = "${version%-*}" ] || fail "another version runs"
[ "$(inside tandem embed --quiet --format ndjson --vectors none /tmp/beep.mp4 | wc -l)" -gt 0 ] || fail "no records"
inside tandem --help >"$work/help"
inside getent passwd tandem | grep -q ':/var/lib/tandem:/usr/sbin/nologin$' || fail "no user"
inside getent group tandem >/dev/null || fail "no group"
mode /var/lib/tandem "711 tandem:tandem"
mode /var/lib/tandem/models "755 root:root"
mode /run/tandem "750 tandem:tandem"
mode /etc/tandem/credentials "700 root:root"
quietly systemd-analyze verify --man=no tandem.service tandem.socket tandem-http.socket tandem@one.service
for unit in tandem.service tandem.socket tandem-http.socket; do
  [ "$(inside systemctl is-enabled $unit)" = enabled ] || fail "$unit is not enabled"
done
quietly dpkg --verify tandem
[ ! -s "$work/log" ] || fail "$(cat "$work/log")"

step "install again"
install --reinstall /tmp/tandem.deb

step "upgrade: what was edited, kept and disabled stays so"
echo "# Mine." >>"$root/etc/tandem/tandem.yaml"
echo kept >"$root/var/lib/tandem/state"
inside systemctl disable tandem.service 2>/dev/null
install /tmp/later.deb
[ "$(inside dpkg-query -W -f '${Version}' tandem)" = "$later" ] || fail "not upgraded"
grep -q "# Mine." "$root/etc/tandem/tandem.yaml" || fail "the edited configuration is gone"
has /etc/tandem/tandem.yaml.dpkg-dist
has /var/lib/tandem/state
for unit in tandem.service tandem.socket tandem-http.socket; do  # the sockets were disabled along
  [ "$(inside systemctl is-enabled $unit || true)" = disabled ] || fail "$unit was enabled again by the upgrade"
done

step "remove: configuration and state stay"
quietly apt-get remove -y tandem
hasnt /usr/bin/tandem
has /etc/tandem/tandem.yaml
has /var/lib/tandem/state

step "install and remove once more, then purge: nothing stays but the locked user"
install /tmp/tandem.deb
mkdir -p "$root/var/cache/tandem/tandem" "$root/var/lib/tandem/instances/one"
echo "{}" >"$root/etc/tandem/one.yaml"
quietly apt-get purge -y tandem
files >"$work/after"
diff "$work/before" "$work/after" || fail "the files before and after are not the same"
inside getent passwd tandem >/dev/null || fail "the user went, and its number with it"

if grep -q '^  serve ' "$work/help"; then
  step "boot"
  install /tmp/tandem.deb curl
  scripts/boot_check.sh "$root"
else
  step "not booted: this program has no daemon"
fi
echo "deb-check: all well"
