#!/usr/bin/env bash
# Boots ROOT, a Debian in which the package and curl are installed, as a container, and takes the daemon through its
# life under systemd: boot_probe.sh. As root; nothing is registered, and the container ends with the check.
set -euo pipefail
root=$(realpath "${1:?usage: boot_check.sh ROOT}")
cd "$(dirname "$0")/.."
here=$root/var/tmp/tandem-check wants=$root/etc/systemd/system/multi-user.target.wants
rm -rf "$here"
mkdir -p "$here" "$wants"
chmod 1777 "$here"
cp scripts/boot_probe.sh media/beep.mp4 media/beep.ts "$here"
cat >"$root/etc/systemd/system/tandem-check.service" <<'UNIT'
[Unit]
After=multi-user.target tandem.service
[Service]
Type=oneshot
ExecStart=/bin/bash /var/tmp/tandem-check/boot_probe.sh
StandardOutput=append:/var/tmp/tandem-check/log
StandardError=inherit
ExecStopPost=/bin/systemctl poweroff --force --force
UNIT
ln -sf ../tandem-check.service "$wants/tandem-check.service"
# Memory may be locked on a machine, and libraries complain where it may not.
timeout 300 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network \
  --system-call-filter=@memlock --boot >"$here/boot.log" 2>&1 </dev/null || true
[ ! -e "$here/log" ] || cat "$here/log"
[ -e "$here/well" ] || {
  [ -s "$here/log" ] || tail -n 30 "$here/boot.log" >&2
  echo "boot-check: what is said last above is what failed" >&2
  exit 1
}
rm -rf "$here" "$root/srv/tandem-check" "$root/etc/tandem/check.yaml" "$root/etc/tandem/credentials/front-door" \
  "$root/etc/systemd/system/tandem-check.service" "$wants/tandem-check.service"
