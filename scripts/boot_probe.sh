#!/bin/bash
# Runs in the container that boot_check.sh boots, as root: takes the daemon through its life under systemd, one line for
# each thing that it has proved. It ends at the first that is not so.
set -Eeuo pipefail
failed() {
  echo "FAILED at line $1: $2"
  journalctl --no-pager -t tandem -n 20
  systemctl status --no-pager tandem
}
trap 'failed "$LINENO" "$BASH_COMMAND"' ERR
here=/var/tmp/tandem-check
media=/srv/tandem-check  # beside the daemon's own folders: it only reads there
clip=$here/beep.mp4 stream=$here/beep.ts
http=/run/tandem/http.sock records=/run/tandem/records.sock

proved() { printf 'ok  %s\n' "$*"; }
is() { [ "$(systemctl show -P "$1" "${3-tandem.service}")" = "$2" ]; }
main() { systemctl show -P MainPID "${1-tandem.service}"; }
until_so() { # SECONDS COMMAND…
  local deadline=$((SECONDS + $1))
  until "${@:2}"; do [ "$SECONDS" -lt "$deadline" ] || return 1; sleep 0.2; done
}
# As somebody of the daemon's group, and nothing more.
client() { setpriv --reuid nobody --regid tandem --clear-groups "$@"; }
get() { client curl -sSf --max-time 10 --unix-socket "${2-$http}" "http://localhost$1"; }
put() { client curl -sSf --max-time 10 --unix-socket $http -X PUT -d "$2" "http://localhost/v1/sources/$1" >/dev/null; }
has_records() { [ "$(stored "$1" "${3-$http}" | wc -l)" -ge "$2" ]; }
# Source, epoch and window of what is durable, of the sources that begin so.
stored() {
  { client curl -sSN --max-time 1 --unix-socket "${2-$http}" 'http://localhost/v1/records?from=1:0&vectors=none' \
      2>/dev/null || true; } |
    sed -n 's/^{"source":"\([^"]*\)".*"epoch":\([0-9]*\),"window":\([0-9]*\),.*/\1 \2 \3/p' | { grep "^$1" || true; }
}
# The daemon is alive, and soon has its sources open.
ready() {
  [ "$(get /healthz "${1-$http}")" = ok ]
  until_so 5 is_open "${1-$http}" || { client curl -sS --unix-socket "${1-$http}" http://localhost/readyz; return 1; }
}
is_open() { [ "$(get /readyz "$1" 2>/dev/null)" = ok ]; }
socket() { [ "$(stat -c '%F %a %U:%G' "$1")" = "socket 660 tandem:tandem" ]; }
add() { cp "$clip" "$media/draft" && mkdir -p "$media/drop" && mv "$media/draft" "$media/drop/$1.mp4"; }
# What the daemon's own view of the file system makes of a command of root.
in_view() { nsenter -t "$(main)" -m -- "$@" >/dev/null 2>&1; }
drop_in() { # NAME, of the examples
  install -D -m 644 "/usr/share/doc/tandem/examples/systemd/$1.conf" -t /etc/systemd/system/tandem.service.d
  systemctl daemon-reload
}
exposure() { systemd-analyze security --no-pager "$1" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p'; }
no_drop_ins() { rm -rf /etc/systemd/system/tandem.service.d; systemctl daemon-reload; }

# MARK: Start

is ActiveState active
is NRestarts 0
[ "$(systemctl show -P Type tandem)" = notify ]
moment() { systemctl show -P "$1TimestampMonotonic" tandem; }
proved "ready $((($(moment ActiveEnter) - $(moment InactiveExit)) / 1000)) ms after its start"
socket $records
socket $http
ready
if setpriv --reuid nobody --regid nogroup --clear-groups curl -sS --unix-socket $http http://localhost/healthz \
  >/dev/null 2>&1; then false; fi
proved "healthz and readyz answer whoever is in the group tandem, and nobody else"

# MARK: The sandbox

workers=$(cat "/proc/$(main)"/task/*/children)
[ -n "$workers" ]
for process in $(main) $workers; do
  grep -q '^NoNewPrivs:	1$' "/proc/$process/status"
  grep -q '^Seccomp:	2$' "/proc/$process/status"
  [ "$(grep -c '^Cap...:	0000000000000000$' "/proc/$process/status")" = 5 ]
  [ "$(stat -c %U "/proc/$process")" = tandem ]
done
proved "it and its $(echo "$workers" | wc -w) worker: seccomp, no capability, no new privileges, the user tandem"
for path in /usr/bin/x /etc/x /srv/x /var/lib/tandem/models/x; do if in_view touch $path; then false; fi; done
in_view touch /var/lib/tandem/x
in_view rm /var/lib/tandem/x
in_view cp /bin/true /var/lib/tandem/x
if in_view /var/lib/tandem/x; then false; fi
in_view rm /var/lib/tandem/x
in_view test ! -e /dev/kmsg
[ "$(nsenter -t "$(main)" -m -- ls /home /root | tr -d '\n')" = "/home:/root:" ]
[ "$(wc -l <"/proc/$(main)/uid_map")" = 2 ]
proved "it writes to its state but runs nothing there; no models, devices, homes or other users for it"

# MARK: Sources

rm -rf $media
mkdir -p $media
chmod 755 $media
reader() { client perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) and connect(S, sockaddr_un($ARGV[0])) or die;
  syswrite(STDOUT, $piece) while sysread(S, $piece, 65536)' "$1" >"$here/$2" & }
reader $records read
add one
put drop "url: $media/drop"
until_so 10 has_records drop/one.mp4 3
proved "PUT /v1/sources: a watched folder gives $(stored drop/one.mp4 | wc -l) records of a file"
add two
until_so 10 has_records drop/two.mp4 3
proved "a file that is dropped into it: $(stored drop/two.mp4 | wc -l) records"
mkfifo -m 644 $media/pipe
put pipe "url: $media/pipe"
cat "$stream" >$media/pipe
until_so 10 has_records pipe 3
proved "a stream piped into a FIFO: $(stored pipe | wc -l) records"
until_so 5 grep -aq drop/two.mp4 "$here/read"
until_so 5 grep -aq pipe "$here/read"
[ "$(head -c 4 "$here/read" | od -An -tx1)" = " ff ff ff ff" ]
proved "records.sock: an Arrow stream of $(stat -c %s "$here/read") bytes so far"

client curl -sSf --unix-socket $http -X DELETE http://localhost/v1/sources/pipe  # readyz would wait for its next writer

# MARK: Reload

cp /etc/tandem/tandem.yaml $here/tandem.yaml
sed "s,^sources: {}.*,sources: {told: {url: $media/told.mp4}}," $here/tandem.yaml >/etc/tandem/tandem.yaml
cp "$clip" $media/told.mp4
before=$(main)
systemctl log-level debug
systemctl reload tandem
systemctl log-level info
journalctl --sync
notes=$(journalctl --no-pager -o cat _PID=1 | grep -o 'notification message from PID [0-9]* (\(RELOADING=1\|READY=1\)')
[ "$(echo "$notes" | sed 's/.*(//' | tr '\n' ' ')" = "RELOADING=1 READY=1 " ]
[ "$(main)" = "$before" ]
until_so 10 has_records told 3
proved "reload: RELOADING=1, READY=1, the same process, and a new source with records"
echo 'hop: [wrong' >/etc/tandem/tandem.yaml
systemctl reload tandem || true
is ActiveState active
ready
get /v1/sources | grep -q '"name":"told"'
proved "a wrong configuration is refused at a reload; the old one stays in force"
sed "s,^sources: {}.*,sources: {drop: {url: $media/drop}}," $here/tandem.yaml >/etc/tandem/tandem.yaml
systemctl reload tandem

# MARK: Ends

inode=$(stat -c %i $records)
acknowledged=$(stored drop)
systemctl kill -s KILL --kill-who=main tandem
until_so 10 is NRestarts 1
until_so 10 is ActiveState active
ready
[ "$(stat -c %i $records)" = "$inode" ]  # systemd's socket outlives the daemon
add three
until_so 10 has_records drop/three.mp4 3
[ "$(stored drop | head -n "$(echo "$acknowledged" | wc -l)")" = "$acknowledged" ]
[ -z "$(stored '' | sort | uniq -d)" ]
proved "killed: started again, goes on where it was, all records there and none twice"
before=$(main)
kill -STOP "$before"
since=$SECONDS
until_so 45 is NRestarts 2
until_so 10 is ActiveState active
ready
proved "hung: the watchdog had it started again after $((SECONDS - since)) s"
reader $records last
until_so 5 test -s $here/last
since=$(date +%s%N)
systemctl stop tandem 2>/dev/null
took=$((($(date +%s%N) - since) / 1000000))
is Result success
is ExecMainStatus 0
[ "$took" -lt 10000 ]
wait
[ "$(tail -c 8 $here/last | od -An -tx1)" = " ff ff ff ff 00 00 00 00" ]
proved "stopped in $took ms with success; the reader's stream is whole, with its end mark"

# MARK: Sockets and instances

is ActiveState active tandem.socket
is ActiveState active tandem-http.socket
ready
is ActiveState active
proved "tandem-http.socket: a request starts the daemon and is answered"
systemctl stop tandem 2>/dev/null
reader $records woken
until_so 10 is ActiveState active
until_so 5 test -s $here/woken
[ "$(stat -c %i $records)" = "$inode" ]
proved "tandem.socket: a reader starts the daemon and gets its stream"
sed "s,^sources: {}.*,sources: {other: {url: $media/told.mp4}}," $here/tandem.yaml >/etc/tandem/check.yaml
systemctl start tandem@check
socket /run/tandem-check/records.sock
ready /run/tandem-check/http.sock
until_so 10 has_records other 3 /run/tandem-check/http.sock
[ "$(stat -c '%a %U' /var/lib/tandem/instances/check)" = "711 tandem" ]
is ActiveState active
ready
systemctl reload tandem@check
systemctl stop tandem@check
is Result success tandem@check.service
proved "tandem@check: its own sockets, state and records, beside tandem.service"

# MARK: A guest in the daemon's place, with its whole sandbox

cat >$media/guest <<'GUEST'
refused() { if "$@" 2>/dev/null; then echo "allowed: $*" >&2; exit 1; fi; }
case $(uname -m) in x86_64) mmap=9 ;; aarch64) mmap=222 ;; esac
memory() { perl -e 'exit(syscall(0 + $ARGV[0], 0, 4096, 0 + $ARGV[1], 34, -1, 0) == -1)' $mmap $1; }
family() { perl -e 'socket(S, $ARGV[0], $ARGV[1], 0) or exit 1' "$@"; }
set -e
memory 3              # to read and write
refused memory 7      # and to run
family 1 1            # AF_UNIX
family 2 1            # AF_INET
refused family 16 3   # AF_NETLINK
refused family 17 3   # AF_PACKET
cp /bin/true /tmp/true
chmod 755 /tmp/true
refused /tmp/true
refused chmod 4755 /tmp/true
refused unshare --user true
refused unshare --mount true
refused setarch --addr-no-randomize true
refused chrt --fifo 1 true
renice -n 5 $$ >/dev/null 2>&1
[ "$(nice)" = 0 ]      # told that it did, and it did nothing
refused dmesg
refused ls /proc/1
GUEST
install -D -m 644 /dev/stdin /etc/systemd/system/tandem.service.d/guest.conf <<UNIT
[Service]
Type=oneshot
Restart=no
ExecStart=
ExecStart=/bin/sh $media/guest
UNIT
systemctl daemon-reload
systemctl stop tandem 2>/dev/null
systemctl start tandem
no_drop_ins
proved "whatever runs there: no code made or run from what it writes, no namespaces, set-uid, raw or other sockets"

# MARK: Drop-ins

proved "exposure $(exposure tandem.service), of an instance $(exposure tandem@check.service)"
for name in devices internet jit peer-uid credentials; do
  [ $name != credentials ] || install -D -m 600 <(echo secret) /etc/tandem/credentials/front-door
  drop_in $name
  systemctl restart tandem
  ready
  case $name in
    peer-uid) [ "$(wc -l <"/proc/$(main)/uid_map")" = 1 ] ;;
    credentials) in_view grep -qx secret /run/credentials/tandem.service/front-door ;;
    jit) is MemoryDenyWriteExecute no ;;
    devices) in_view test -e /dev/kmsg || is PrivateDevices no ;;
    internet) is IPAddressAllow "" ;;
  esac
  proved "$name.conf: ready, exposure $(exposure tandem.service)"
  no_drop_ins
done
drop_in peer-uid
sed "s,^  users: any,  users: 0," $here/tandem.yaml >/etc/tandem/tandem.yaml
systemctl restart tandem
curl -sSf --max-time 5 --unix-socket $http http://localhost/healthz >/dev/null
if get /healthz >/dev/null 2>&1; then false; fi
proved "peer-uid.conf with users: 0: root is served, others of the group are not"
no_drop_ins

# MARK: Faults

echo 'hop: [wrong' >/etc/tandem/tandem.yaml
if systemctl restart tandem 2>/dev/null; then false; fi
sleep 3  # longer than RestartSec
is ActiveState failed
is ExecMainStatus 78
cp $here/tandem.yaml /etc/tandem/tandem.yaml
systemctl reset-failed tandem
systemctl start tandem
ready
proved "a wrong configuration at the start: exit code 78, not tried again; mended, it starts"
systemctl stop tandem tandem.socket tandem-http.socket
[ ! -e $records ] && [ ! -e $http ]
journalctl --sync
if journalctl --no-pager -o cat -t tandem | grep -i 'thread priority\|Fatal error\|Crash:'; then false; fi
proved "nothing in the journal that should not be there"
touch $here/well
