#!/usr/bin/env bash
# Installs what the documented cURL commands use: curl, and perl's URI::Escape. Does nothing when they are there.
# Debian and its relatives; needs root: sudo bash scripts/install/seed-tools.sh
set -euo pipefail
source "$(dirname "$0")/debian.bash"

is_there() {
  command -v curl >/dev/null && perl -MURI::Escape -e 1 2>/dev/null
}

is_there || install_debian seed-tools.sh curl perl liburi-perl
is_there
echo "curl and perl's URI::Escape are installed."
