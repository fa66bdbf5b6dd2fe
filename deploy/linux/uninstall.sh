#!/bin/sh
# Stops Moltbot and removes its programs, units and rules. Your data stays where it is, and so do the users that own it.
# Run it as root. With DESTDIR=DIR it cleans another root and stops nothing.
set -eu
root=${DESTDIR:-}

say() { printf '==> %s\n' "$*"; }
fail() { printf 'uninstall.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "run this as root"
units='moltbot.target moltbot.slice moltbot-zones.slice moltbot-executor.service moltbot-control-plane.service
    moltbot-planner.service moltbot-reader@.service moltbot-doorkeeper.service moltbot-egress.service moltbot-alert@.service'

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    say "stopping"
    systemctl --quiet disable --now moltbot.target moltbot-doorkeeper.service 2>/dev/null || true
    systemctl stop moltbot.slice 'moltbot-*.service' 'moltbot-reader@*.service' 2>/dev/null || true
    # The rules go last: until here they hold whoever still runs.
    nft delete table inet moltbot 2>/dev/null || true
fi
say "removing programs, units and rules"
for unit in $units; do rm -f "$root/usr/local/lib/systemd/system/$unit"; done
rm -f "$root/usr/local/lib/sysusers.d/moltbot.conf" "$root/usr/local/lib/tmpfiles.d/moltbot.conf"
rm -f "$root/usr/local/bin/moltctl"
rm -rf "$root/usr/local/lib/moltbot" "$root/usr/local/share/doc/moltbot" "$root/run/moltbot"
if [ -f "$root/etc/apparmor.d/moltbot" ]; then
    [ -z "$root" ] && command -v apparmor_parser >/dev/null && apparmor_parser --remove /etc/apparmor.d/moltbot 2>/dev/null || true
    rm -f "$root/etc/apparmor.d/moltbot"
fi
[ -n "$root" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload

say "left in place:"
for kept in /var/lib/moltbot /etc/moltbot /etc/systemd/system/moltbot-executor.service.d; do
    [ ! -e "$root$kept" ] || echo "    $root$kept"
done
echo "    the users moltbot-*, who own files there"
echo "Your record, keys and mail are in $root/var/lib/moltbot. To be rid of them for good: rm -r $root/var/lib/moltbot"
