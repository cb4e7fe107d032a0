#!/usr/bin/env bash
# Builds LiveKit 1.13.5, which the media tests start on their own. Does nothing when it is there.
# Needs Go 1.26 or newer (https://go.dev/dl) and takes two minutes: bash scripts/install/livekit.sh
set -euo pipefail

version=1.13.5
folder=${CALLGATE_LIVEKIT_DIR:-$HOME/.cache/callgate/livekit-v$version}
program=$folder/livekit-server

is_there() {
  [ -x "$program" ] && "$program" --version
}

refuse() {
  echo "livekit.sh: $1" >&2
  exit 1
}

# What go itself says, without fetching a newer one; LiveKit's go.mod asks for 1.26.
check_go() {
  command -v go >/dev/null || refuse "Go is missing. Install Go 1.26 or newer from https://go.dev/dl and run this again."
  local major minor
  IFS=. read -r major minor _ < <(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
  if [ "${major:-0}" -lt 1 ] || { [ "$major" -eq 1 ] && [ "${minor:-0}" -lt 26 ]; }; then
    refuse "this Go is $(GOTOOLCHAIN=local go env GOVERSION), LiveKit $version needs 1.26 or newer: https://go.dev/dl"
  fi
}

build() {
  echo "Building LiveKit $version in $folder..."
  mkdir -p "$folder"
  built=$(mktemp -d "$folder/build.XXXXXX")
  trap 'rm -rf "$built"' EXIT
  GOBIN=$built go install "github.com/livekit/livekit-server/cmd/server@v$version" ||
    refuse "Go could not build it; its own words stand above."
  # The program is called after its folder. In the same folder a rename is whole or not at all.
  mv "$built/server" "$program"
}

if ! is_there; then
  check_go
  build
  is_there
fi
