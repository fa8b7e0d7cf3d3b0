#!/usr/bin/env bash
# Makes a virtual environment from a lock file, once: environment.sh DIRECTORY LOCK PYTHON
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
directory=$1 lock=$2 python=$3
say() { printf '%s\n' "$*" >&2; }

stamp=$directory/.made-from
want=$(sha256sum "$lock" pyproject.toml scripts/environment.sh | sha256sum)
[[ -f $stamp && $(<"$stamp") == "$want" ]] && exit 0

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  say "Python 3.11 or newer is needed; '$python' is not. Try: make PYTHON=python3.11 ..."
  exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "Installing python3-venv ..."
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-venv >/dev/null
  else
    say "Python's venv module is missing. Run: sudo apt-get install python3-venv"
    exit 1
  fi
fi

say "Making the environment $directory from $lock (about a minute, once) ..."
began=$SECONDS
"$python" -m venv --clear "$directory"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" 2> >(grep -v WARNING >&2)
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable . 2> >(grep -v WARNING >&2)
printf '%s' "$want" >"$stamp"
say "Made $directory in $((SECONDS - began)) s."
