#!/usr/bin/env bash
# Sets up Convolab on this machine: system libraries (where apt-get and root allow), a virtual environment, packages.
#
#   scripts/setup.sh run  [DEBIAN_PACKAGE …]    what the program needs
#   scripts/setup.sh test [DEBIAN_PACKAGE …]    what its tests need besides
#
# VENV         where the virtual environment goes (.venv)
# PYTHON       the Python to build it with (the first of 3.11 to 3.14 that is found)
# TORCH_INDEX  a package index to take torch from, for example PyTorch's own for wheels without CUDA
#
# What is done is remembered; a second call takes a fraction of a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:-run}
case $purpose in
run | test) shift $(($# > 0)) ;;
*)
  echo "usage: scripts/setup.sh run|test [DEBIAN_PACKAGE …]" >&2
  exit 2
  ;;
esac
venv=${VENV:-.venv}

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# ------------------------------------------------------------------------------------------------ system libraries

# What Qt loads and its wheel does not bring: shared object, Debian's package. The first six are needed even off screen.
QT_LIBRARIES='
libglib-2.0.so.0 libglib2.0-0
libGL.so.1 libgl1
libEGL.so.1 libegl1
libxkbcommon.so.0 libxkbcommon0
libfontconfig.so.1 libfontconfig1
libdbus-1.so.3 libdbus-1-3
libxcb-cursor.so.0 libxcb-cursor0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-shape.so.0 libxcb-shape0
'

missing_packages() {
  local known library package
  known=$( (ldconfig -p || /sbin/ldconfig -p || true) 2>/dev/null)
  while read -r library package; do
    [[ -z $library || $known == *"$library "* ]] || echo "$package"
  done <<<"$QT_LIBRARIES"
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

apt_install() {
  say "installing system packages: $*"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

can_apt() { command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; }

system_libraries() {
  [[ $(uname -s) == Linux ]] && command -v apt-get >/dev/null || return 0
  local wanted=("$@") missing=()
  [[ $purpose == test ]] && wanted+=(xvfb xauth)
  mapfile -t missing < <(missing_packages ${wanted[@]+"${wanted[@]}"})
  ((${#missing[@]})) || return 0
  if can_apt; then
    apt_install "${missing[@]}" || say "apt-get failed; going on without: ${missing[*]}"
  else
    say "the window needs system packages; as root: apt-get install ${missing[*]}"
  fi
}

# ---------------------------------------------------------------------------------------------------------- Python

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  fail "Convolab needs Python 3.11 to 3.14 and found none; install one, or name it: PYTHON=/path/to/python make …"
}

virtual_environment() {
  if "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    return
  fi
  local python version
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then # Debian keeps them in a package apart
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    can_apt && apt_install "python$version-venv" ||
      fail "$python cannot make virtual environments; on Debian and Ubuntu, as root: apt-get install python$version-venv"
  fi
  say "making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
}

packages() {
  local stamp wanted extras=onnx
  [[ $purpose == test ]] && extras=test # which holds onnx as well
  stamp=$venv/.convolab-$extras
  wanted=$(cat pyproject.toml constraints.txt | cksum)
  if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    return
  fi
  if [[ $purpose == run && -f $venv/.convolab-test && $(<"$venv/.convolab-test") == "$wanted" ]]; then
    return
  fi
  local pip=("$venv/bin/python" -m pip --disable-pip-version-check install -c constraints.txt)
  [[ -t 1 ]] || pip+=(--quiet) # progress bars are for people
  say "installing Python packages (the first time: some minutes)"
  if [[ -n ${TORCH_INDEX:-} ]]; then
    "${pip[@]}" --index-url "$TORCH_INDEX" torch
  fi
  "${pip[@]}" -e ".[$extras]"
  echo "$wanted" >"$stamp"
  say "ready"
}

system_libraries "$@"
virtual_environment
packages
