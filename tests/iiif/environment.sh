#!/usr/bin/env bash
# The public validator of IIIF servers in an environment of its own, made once; prints its directory.
#
# iiif-validator.lock was written by `uv pip compile --generate-hashes --no-emit-index-url` from iiif-validator==1.0.5
# without python-magic, which needs a library of the system and serves the tests of PDF and JPEG 2000 only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV # the project's environment stays out of it
directory=$(realpath -m "${MOORAGE_SERVERS:-${HOME:?set HOME or MOORAGE_SERVERS}/.cache/moorage-servers}/iiif-validator")

mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9 # test processes side by side make it once
stamp=$directory/made-from
want=$(sha256sum iiif-validator.lock environment.sh | sha256sum)
if [[ ! -f $stamp || $(<"$stamp") != "$want" ]]; then
  rm -f "$stamp"
  python3 -m venv --clear "$directory/venv"
  "$directory/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
    -r iiif-validator.lock 2> >(grep -v WARNING >&2)
  printf '%s' "$want" >"$stamp"
fi
echo "$directory"
