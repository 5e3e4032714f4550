#!/usr/bin/env bash
# What the starter means, in figures (Tests/Meaning). Fetches 170 MB of weights and some 200 MB of media; nothing of it
# is kept but the weights.
set -euo pipefail
cd "$(dirname "$0")/.."
.build/release/tandem models pull starter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get -qq download tuxpaint-stamps-default && dpkg-deb -x tuxpaint-stamps-default_*.deb .)
python3 -m pip download -q --no-deps --no-binary iscc-samples -d "$work" iscc-samples==0.6.0
tar -xzf "$work"/iscc_samples-*.tar.gz -C "$work"
.venv/bin/python Tests/Meaning/meaning.py "$work/usr/share/tuxpaint/stamps" "$work"/iscc_samples-*/iscc_samples/files/video
