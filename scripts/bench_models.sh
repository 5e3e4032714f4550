#!/usr/bin/env bash
# Encoders against the runtimes that a Python user has. Needs some GB of disk.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-bench
if [ ! -e "$venv/ready" ]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install -q 'torch==2.13.0+cpu' transformers==5.23.0 onnxruntime openvino onnx onnxscript av numpy \
    scipy safetensors pillow
  "$venv/bin/pip" install -q --no-deps torchvision==0.28.0  # with it pip would fetch another torch
  touch "$venv/ready"
fi
"$venv/bin/python" Tests/Bench/models.py
"$venv/bin/python" Tests/Bench/pipeline.py
