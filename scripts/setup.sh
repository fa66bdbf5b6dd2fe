# Sourced by the scripts beside it: makes sure that what a build needs is there, and says what it installs.
# shellcheck shell=sh

say() { printf '==> %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# On macOS: say what would be done, and stop. Nothing here has been proved there.
stop_on_macos() {
    [ "$(uname -s)" = Darwin ] || return 0
    cat <<'EOF'
On macOS this script would
  1. check that the Rust toolchain (cargo) and the command line tools (cc; `xcode-select --install`) are there,
  2. build the workspace with `cargo build --workspace`,
  3. run what its name says, with the zones as local processes.
The zones' walls on macOS (Seatbelt) are not part of this version and nothing has been proved there, so it stops here.
To go on at your own risk: cargo build --workspace && ./target/debug/moltctl demo
EOF
    exit 0
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "this needs to be run once as root: $*"
    fi
}

# need COMMAND:PACKAGE ... : installs the Debian packages whose command is not there.
need() {
    missing=
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
    done
    install_packages $missing
}

# The same for servers that tests start by themselves: the packages' own services are neither started nor enabled.
need_unstarted() {
    missing=
    services=
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] && continue
        missing="$missing ${pair#*:}"
        services="$services ${pair%%:*}"
    done
    [ -n "$missing" ] || return 0
    say "the services of these packages are left off:$missing"
    # Debian asks this program before it starts a service. One that is there already is somebody's decision and stays.
    policy=/usr/sbin/policy-rc.d
    ours=
    if [ ! -e "$policy" ]; then
        as_root sh -c "printf '#!/bin/sh\\nexit 101\\n' >$policy && chmod 755 $policy"
        ours=yes
    fi
    installed=yes
    (install_packages $missing) || installed=
    [ -z "$ours" ] || as_root rm -f "$policy"
    [ -n "$installed" ] || fail "these packages could not be installed:$missing"
    for service in $services; do
        command -v systemctl >/dev/null && as_root systemctl disable --quiet "$service" 2>/dev/null || true
    done
}

install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "please install with your package manager: $*"
    say "installing system packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends --no-remove "$@" >/dev/null' sh "$@"
}

need_rust() {
    command -v cargo >/dev/null || fail "Rust is not installed; see https://rustup.rs, then run this again"
    # ring compiles a little C.
    need cc:gcc
    [ -e /usr/include/stdio.h ] || install_packages libc6-dev
}
