#!/usr/bin/env bash
# The Python of the tests, in .venv; made anew when the requirements change.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=$(sha256sum Tests/Path/requirements.txt)
[ "$(cat .venv/made-from 2>/dev/null)" = "$wanted" ] && exit 0
python3 -m venv --clear .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r Tests/Path/requirements.txt
echo "$wanted" > .venv/made-from
