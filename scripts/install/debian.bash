# Sourced by the scripts beside it, never run.

# install_debian <script> <package>...: installs Debian packages, or ends with a sentence when it cannot.
install_debian() {
  local script=$1
  shift
  if ! command -v apt-get >/dev/null; then
    echo "$script knows Debian and its relatives only. Install these by your own means: $*" >&2
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "Installing needs root: sudo bash scripts/install/$script" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  # Several scripts in a row refresh the package lists once.
  local refreshed=/run/callgate-apt-refreshed
  if [ -z "$(find "$refreshed" -mmin -60 2>/dev/null)" ]; then
    apt-get update -q
    touch "$refreshed"
  fi
  apt-get install -y -q --no-install-recommends "$@"
}
