#!/usr/bin/env bash
# Installs PostgreSQL, whose programs the tests start on their own. Does nothing when they are there.
# Debian and its relatives; needs root: sudo bash scripts/install/postgres.sh
set -euo pipefail
source "$(dirname "$0")/debian.bash"

is_there() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null
}

is_there || install_debian postgres.sh postgresql
is_there
echo "PostgreSQL is installed."
