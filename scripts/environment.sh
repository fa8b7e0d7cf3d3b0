#!/usr/bin/env bash
# Makes a virtual environment from a lock file, once: environment.sh DIRECTORY LOCK PYTHON
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
directory=$1 lock=$2 python=$3
say() { printf '%s\n' "$*" >&2; }

stamp=$directory/.made-from
want=$(sha256sum "$lock" pyproject.toml scripts/environment.sh | sha256sum)
[[ -f $stamp && $(<"$stamp") == "$want" ]] && {
  say "Environment $directory ... found that of the last run."
  exit 0
}

say "Environment $directory: making it from $lock (about a minute, once) ..."
began=$SECONDS
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

# Runs a step silently; where it fails: its last lines, and what to do.
step() {
  local said
  said=$("$@" 2>&1) && return
  local failed=$?
  say "The environment $directory could not be made. The last lines of ${*:1:3}:"
  grep -v '^WARNING' <<<"$said" | tail -n 6 | sed 's/^/  /' >&2 || true
  (($(df -Pk "$directory" | awk 'NR == 2 { print $4 }') < 20000)) && said+=' No space left'
  case $said in
    *'No space left'* | *'Errno 28'* | *'Disk quota'*)
      say "There is no space: the environment needs 700 MB in $PWD, and some more in ${TMPDIR:-/tmp} meanwhile. Free some, then try again." ;;
    *'Permission denied'* | *'Read-only file system'*)
      say "You may not write in $PWD. Work in a copy of your own." ;;
    *'Max retries'* | *'ConnectionError'* | *'Temporary failure'* | *'NewConnectionError'* | *'timed out'* | *'Could not find a version'* | *'No matching distribution'*)
      say "pip could not reach its package index. Look at the network; behind a proxy set HTTPS_PROXY, with an index of your own PIP_INDEX_URL. Then try again." ;;
    *'do not match the hashes'*)
      say "A package differs from the one that was locked. Nothing of it was installed. Look at what stands between you and the package index." ;;
    *) say "Mend that, then try again." ;;
  esac
  exit "$failed"
}

pip=("$directory/bin/python" -m pip install --quiet --disable-pip-version-check)
step "$python" -m venv --clear "$directory"
step "${pip[@]}" --no-compile --require-hashes -r "$lock"
"$directory/bin/python" -m compileall -qq -j 0 "$directory/lib" || true # on all cores, where pip takes one
step "${pip[@]}" --no-deps --editable .
printf '%s' "$want" >"$stamp"
say "Environment $directory ... made ($((SECONDS - began)) s)"
