#!/usr/bin/env bash
# Opens the window where there is a display; elsewhere trains the bundled example in the terminal.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${VENV:-.venv}/bin/python
if [[ $(uname -s) == Linux && -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
  echo 'No display here (DISPLAY and WAYLAND_DISPLAY are not set): training the bundled example instead.'
  exec "$python" app.py demo "$@"
fi
exec "$python" app.py "$@"
