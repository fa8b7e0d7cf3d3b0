#!/usr/bin/env bash
# Label Studio in an environment of its own, with an empty catalogue, made once; prints the directory of both.
#
# label-studio.lock was written by `uv pip compile --generate-hashes --no-emit-index-url` from label-studio==1.23.2
# without opencv-python-headless, openai and datamodel-code-generator, which the import of tasks does not load.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV # the project's environment stays out of it
directory=$(realpath -m "${MOORAGE_SERVERS:-${HOME:?set HOME or MOORAGE_SERVERS}/.cache/moorage-servers}/label-studio")
say() { printf 'label-studio: %s\n' "$*" >&2; }

mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9 # test processes side by side make it once
stamp=$directory/made-from
want=$(sha256sum label-studio.lock environment.sh | sha256sum)
if [[ ! -f $stamp || $(<"$stamp") != "$want" ]]; then
  say "Making its environment (about 700 MB and two minutes, once) ..."
  began=$SECONDS
  rm -rf "$stamp" "$directory/empty"
  python3 -m venv --clear "$directory/venv"
  "$directory/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
    -r label-studio.lock 2> >(grep -v WARNING >&2)
  "$directory/venv/bin/python" importing.py prepare "$directory/empty" >"$directory/prepare.log" 2>&1 || {
    tail -n 30 "$directory/prepare.log" >&2
    exit 1
  }
  printf '%s' "$want" >"$stamp"
  say "Made it in $((SECONDS - began)) s."
fi
echo "$directory"
