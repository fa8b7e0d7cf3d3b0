#!/usr/bin/env bash
# Installs the Debian packages that the tests need when root; otherwise says which are missing.
set -euo pipefail
say() { printf '%s\n' "$*" >&2; }

packages=(postgresql-15 nginx-light chromium fonts-dejavu-core)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
((${#missing[@]})) || exit 0
if [[ $(id -u) != 0 ]]; then
  say "The tests need Debian packages that are missing. Run: sudo apt-get install ${missing[*]}"
  exit 1
fi
say "Installing for the tests: ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
# No cluster of the distribution is started: the tests start their own.
mkdir -p /etc/postgresql-common
[[ -f /etc/postgresql-common/createcluster.conf ]] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
