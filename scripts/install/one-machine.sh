#!/usr/bin/env bash
# Installs Caddy, coturn and systemd's tools, by which the tests try deploy/one. Does nothing when they are there.
# Debian and its relatives; needs root: sudo bash scripts/install/one-machine.sh
set -euo pipefail
source "$(dirname "$0")/debian.bash"

is_there() {
  command -v caddy >/dev/null && command -v turnserver >/dev/null && command -v systemd-analyze >/dev/null
}

# Debian starts what it installs; the tests start their own, on loopback.
quietly() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap "rm -f $policy" EXIT
  fi
  install_debian one-machine.sh caddy coturn systemd
}

is_there || quietly
is_there
echo "Caddy, coturn and systemd-analyze are installed."
