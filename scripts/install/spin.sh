#!/usr/bin/env bash
# Installs spin and gcc, by which the tests check the model of the door (docs/spec/door.md). Does nothing when they are there.
# Debian and its relatives; needs root: sudo bash scripts/install/spin.sh
set -euo pipefail
source "$(dirname "$0")/debian.bash"

is_there() {
  command -v spin >/dev/null && gcc -E -include stdio.h -x c /dev/null >/dev/null 2>&1
}

is_there || install_debian spin.sh spin gcc libc6-dev
is_there
echo "spin is installed."
