#!/usr/bin/env bash
# Installs LiveKit's Python SDK, with which the tests join as one more client, into a virtual environment in the cache
# folder. Does nothing when it is there. Needs Python 3.9 or newer with venv: on Debian, as root, installed too.
set -euo pipefail
source "$(dirname "$0")/debian.bash"

VERSION=1.2.1
FOLDER="$HOME/.cache/callgate/python-livekit"

is_there() {
  "$FOLDER/bin/python" -c "import livekit.rtc as sdk; assert sdk.__version__ == '$VERSION'" 2>/dev/null
}

install() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_debian python-livekit.sh python3 python3-venv
  mkdir -p "$(dirname "$FOLDER")"
  python3 -m venv --clear "$FOLDER"
  "$FOLDER/bin/python" -m pip install --quiet --disable-pip-version-check "livekit==$VERSION"
}

is_there || install
is_there
echo "LiveKit's Python SDK $VERSION is installed in $FOLDER."
