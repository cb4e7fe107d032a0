#!/usr/bin/env bash
# Installs everything that the tests use and npm does not bring. Does nothing for what is there.
# Debian and its relatives; needs root: sudo bash scripts/install/all.sh
set -euo pipefail
cd "$(dirname "$0")"

for script in *.sh; do
  [ "$script" = all.sh ] || bash "$script"
done
