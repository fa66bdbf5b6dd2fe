#!/bin/sh
# Installs Moltbot as services of this machine: programs, users, folders, units, egress rules. Run it as root, from anywhere.
# Run it again for an upgrade; what is there already is kept, and the second run of the same version changes nothing.
#
#   install.sh [--from DIR] [--no-start]
#
#   --from DIR   where the built programs are (default: target/release of this source tree, else target/debug)
#   --no-start   install, and leave it to you to start moltbot.target
#   DESTDIR=DIR  install into another root, such as the image of one machine (its keys are made there): nothing is started,
#                and the kernel of this machine is not touched
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
root=${DESTDIR:-}
from=
start=yes
programs='moltctl moltbot-executor moltbot-connectors moltbot-control-plane moltbot-planner moltbot-reader moltbot-doorkeeper'

say() { printf '==> %s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --from) [ $# -ge 2 ] || fail "--from needs a folder"; from=$2; shift 2 ;;
        --no-start) start=no; shift ;;
        *) fail "unknown argument '$1'; see the first lines of $0" ;;
    esac
done
[ "$(uname -s)" = Linux ] || fail "this is for Linux with systemd"
[ "$(id -u)" = 0 ] || fail "run this as root: it makes users, units and firewall rules"
for tool in systemctl systemd-sysusers systemd-tmpfiles systemd-analyze; do
    command -v "$tool" >/dev/null || fail "'$tool' is missing: this needs systemd (Debian: apt install systemd)"
done
[ -x "$root/usr/sbin/nft" ] || [ -x /usr/sbin/nft ] || fail "/usr/sbin/nft is missing (Debian: apt install nftables)"
if [ -z "$from" ]; then
    from=$tree/target/release
    [ -x "$from/moltctl" ] || from=$tree/target/debug
fi
for program in $programs; do
    [ -x "$from/$program" ] || fail "'$from/$program' is not built: cargo build --release --workspace, or name another folder with --from"
done
# A unit that systemd would half understand is a wall with a hole; so nothing is replaced before these are seen to be whole.
[ -z "$root" ] && [ ! -d /run/systemd/system ] && fail "systemd does not run here; to prepare an image set DESTDIR"

# put FILE PLACE MODE: only what differs is written, and by a rename, so that a program which runs is not disturbed.
put() {
    place=$root$2
    if [ -f "$place" ] && cmp -s "$1" "$place" && [ "$(stat -c %a "$place")" = "$3" ]; then return 0; fi
    mkdir -p "$(dirname "$place")"
    install -m "$3" "$1" "$place.new"
    mv -f "$place.new" "$place"
    changed=yes
    echo "    $2"
}

# The zones are started with `--sandbox require`: better said now than found in the journal.
kernel=$(uname -r | cut -d- -f1)
if [ -z "$root" ] && [ "$(printf '%s\n' 6.12 "$kernel" | sort -V | head -n 1)" != 6.12 ]; then
    say "Linux $kernel is older than 6.12 and has not all of the walls: zones will not start until you take a newer kernel, or
    let them start without those walls; README.md beside this script says how, and what holds them then"
fi

changed=no
say "programs, from $from"
for program in $programs; do put "$from/$program" "/usr/local/lib/moltbot/$program" 755; done
if [ "$(readlink "$root/usr/local/bin/moltctl" 2>/dev/null || true)" != ../lib/moltbot/moltctl ]; then
    mkdir -p "$root/usr/local/bin"
    ln -sfn ../lib/moltbot/moltctl "$root/usr/local/bin/moltctl"
    echo "    /usr/local/bin/moltctl"
fi
say "units, users, folders and rules"
for unit in "$here"/systemd/*; do put "$unit" "/usr/local/lib/systemd/system/$(basename "$unit")" 644; done
put "$here/sysusers/moltbot.conf" /usr/local/lib/sysusers.d/moltbot.conf 644
put "$here/tmpfiles/moltbot.conf" /usr/local/lib/tmpfiles.d/moltbot.conf 644
put "$here/nftables/moltbot.nft" /usr/local/lib/moltbot/moltbot.nft 644
put "$here/README.md" /usr/local/share/doc/moltbot/README.md 644
# Yours from then on.
[ -e "$root/etc/moltbot/egress.nft" ] || put "$here/nftables/egress.nft" /etc/moltbot/egress.nft 644

# Lifts, for our programs alone, what keeps them from raising their own walls (Ubuntu since 23.10).
if [ -f "$here/apparmor/moltbot" ] && [ -d "$root/etc/apparmor.d" ]; then
    say "AppArmor profile"
    put "$here/apparmor/moltbot" /etc/apparmor.d/moltbot 644
    if [ -z "$root" ] && command -v apparmor_parser >/dev/null && [ -d /sys/module/apparmor ]; then
        apparmor_parser --replace /etc/apparmor.d/moltbot || fail "AppArmor does not take /etc/apparmor.d/moltbot"
    fi
fi

say "users"
systemd-sysusers ${root:+--root="$root"} moltbot.conf
say "the home, /var/lib/moltbot"
# Folders first and with their owners, then what is missing in them, then the owners of that.
tmpfiles() { systemd-tmpfiles ${root:+--root="$root"} --create moltbot.conf; }
tmpfiles
"$from/moltctl" init --system --home "$root/var/lib/moltbot"
tmpfiles

if [ -n "$root" ]; then
    say "installed below $root; nothing was started"
    exit 0
fi
systemctl daemon-reload
systemctl --quiet enable moltbot.target
if [ "$start" = no ]; then
    say "installed; start it with: systemctl start moltbot.target"
elif [ "$changed" = yes ] && systemctl --quiet is-active moltbot.target; then
    say "restarting with what changed"
    systemctl restart moltbot-egress.service
    systemctl restart moltbot.target
    systemctl start moltbot.target
else
    systemctl start moltbot.target
fi
say "done. How everything is: moltctl --home /var/lib/moltbot status; what happened: journalctl -u 'moltbot*'"
