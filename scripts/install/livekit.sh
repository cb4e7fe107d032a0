#!/usr/bin/env bash
# Builds LiveKit 1.13.5, which the media tests start on their own. Does nothing when it is there.
# Needs Go 1.26 or newer (https://go.dev/dl) and takes two minutes: bash scripts/install/livekit.sh
set -euo pipefail

version=1.13.5
folder=${CALLGATE_LIVEKIT_DIR:-$HOME/.cache/callgate/livekit-v$version}
program=$folder/livekit-server

if [ ! -x "$program" ]; then
  if ! command -v go >/dev/null; then
    echo "livekit.sh: Go is missing. Install Go 1.26 or newer from https://go.dev/dl and run this again." >&2
    exit 1
  fi
  echo "Building LiveKit $version in $folder..."
  mkdir -p "$folder"
  built=$(mktemp -d "$folder/build.XXXXXX")
  trap 'rm -rf "$built"' EXIT
  # The program is called after its folder; it is moved when it is whole.
  if ! GOBIN=$built go install "github.com/livekit/livekit-server/cmd/server@v$version"; then
    echo "livekit.sh: Go could not build it. LiveKit $version needs Go 1.26 or newer; this is $(go version)." >&2
    exit 1
  fi
  mv "$built/server" "$program"
fi
"$program" --version
