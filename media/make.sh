#!/usr/bin/env bash
# Makes the test media in media/fixtures: all of it, or only the files that are named.
#   media/make.sh [--list] [NAME…]
# A file that exists is kept; each is written under a temporary name and renamed, so several runs may
# overlap. Needs ffmpeg 5.1 or later. $TANDEM_FIXTURES names another folder.
# The recipes are the functions `make:NAME` in media/recipes; each writes to the path it is given.
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fixtures=${TANDEM_FIXTURES:-$here/fixtures}

main() {
  for part in "$here"/recipes/*.sh; do
    # shellcheck source=/dev/null
    source "$part"
  done
  mkdir -p "$fixtures"
  if [[ ${1-} == --list ]]; then
    names
  elif (($#)); then
    for name in "$@"; do make_one "$name"; done
  else
    make_one base.nut
    names | xargs -P "$(nproc)" -n 1 bash "$here/make.sh"
  fi
}

names() { declare -F | sed -n 's/^declare -f make://p'; }

make_one() {
  [[ -e $fixtures/$1 ]] && return
  declare -F "make:$1" >/dev/null || { echo "make.sh: no recipe for $1" >&2; return 64; }
  local temporary=$fixtures/.$BASHPID.$1
  "make:$1" "$temporary"
  if [[ -e $fixtures/$1 ]]; then rm -rf "$temporary"; else mv -T "$temporary" "$fixtures/$1"; fi
}

# Prints the path of a fixture, made first if it is missing: what recipes build upon.
need() {
  make_one "$1"
  echo "$fixtures/$1"
}

ff() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }

main "$@"
