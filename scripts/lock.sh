#!/usr/bin/env bash
# Writes requirements/*.lock anew from pyproject.toml: every version and hash, no address of a registry.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python3 -m venv .cache/lock && .cache/lock/bin/python -m pip install --quiet uv
compile() { # LOCK EXTRA...
  local lock=$1
  shift
  .cache/lock/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    pyproject.toml "$@" -o "requirements/$lock.lock"
}
compile dev --extra server --extra heif --extra rolesanywhere --group dev
compile server --extra server --extra heif --extra rolesanywhere -c requirements/dev.lock
compile base -c requirements/dev.lock
