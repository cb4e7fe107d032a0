#!/usr/bin/env bash
# Installs Chromium and Firefox ESR, in which the tests run LiveKit's browser SDK. Does nothing when they are there.
# Debian and its relatives; needs root: sudo bash scripts/install/browsers.sh
set -euo pipefail
source "$(dirname "$0")/debian.bash"

is_there() {
  command -v chromium >/dev/null && command -v firefox-esr >/dev/null
}

is_there || install_debian browsers.sh chromium firefox-esr
is_there
echo "Chromium and Firefox ESR are installed."
