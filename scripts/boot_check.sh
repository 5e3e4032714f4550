#!/usr/bin/env bash
# Boots ROOT, a Debian in which the package is installed, as a container, and takes the daemon through its life under
# systemd. As root; nothing is registered, and the container ends with the check.
set -euo pipefail
root=${1:?usage: boot_check.sh ROOT}
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
cat >"$root/etc/systemd/system/tandem-check.service" <<'UNIT'
[Unit]
After=multi-user.target tandem.service
[Service]
Type=oneshot
ExecStart=/bin/sh -ex /var/tmp/tandem-check
StandardOutput=file:/var/tmp/tandem-check.log
StandardError=inherit
ExecStopPost=/bin/systemctl poweroff --force --force
UNIT
ln -sf ../tandem-check.service "$root/etc/systemd/system/multi-user.target.wants/tandem-check.service"
rm -f "$root/var/tmp/tandem-check.well"
cat >"$root/var/tmp/tandem-check" <<'PROBE'
is() { test "$(systemctl show -P "$1" "$2")" = "$3"; }
socket() { test "$(stat -c '%F %a %G' "$1")" = "socket 660 tandem"; }
sleep 2
is ActiveState tandem.service active
socket /run/tandem/records.sock
socket /run/tandem/http.sock
systemctl reload tandem
is ActiveState tandem.service active
before=$(stat -c %i /run/tandem/records.sock)
systemctl restart tandem
is ActiveState tandem.service active
test "$(stat -c %i /run/tandem/records.sock)" = "$before"  # systemd's socket outlives the daemon
systemctl kill -s KILL --kill-who=main tandem
sleep 5
is ActiveState tandem.service active
is NRestarts tandem.service 1
cp /etc/tandem/tandem.yaml /etc/tandem/check.yaml
systemctl start tandem@check
socket /run/tandem-check/records.sock
systemctl stop tandem@check
is Result tandem@check.service success
systemctl stop tandem.service
is Result tandem.service success
touch /var/tmp/tandem-check.well
PROBE
timeout 300 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --boot \
  >"$root/var/tmp/tandem-boot.log" 2>&1 </dev/null || true
[ -e "$root/var/tmp/tandem-check.well" ] || {
  tail -n 20 "$root/var/tmp/tandem-boot.log" "$root/var/tmp/tandem-check.log" >&2
  echo "boot-check: the last line above is what failed" >&2
  exit 1
}
rm -rf "$root"/var/tmp/tandem-* "$root/etc/tandem/check.yaml" "$root/etc/systemd/system/tandem-check.service" \
  "$root/etc/systemd/system/multi-user.target.wants/tandem-check.service"
