#!/bin/bash
# The Debian package in a bare Debian 12 under a real systemd: installed, upgraded, removed, as an administrator does it.
# Root needed; each scenario has a throw-away box (see Tests/System/systemd-box) on an overlay of a root that debootstrap
# made.
#
#   Tests/Package/run.sh [SCENARIO...]      PACKAGE=FILE: another package than the newest in .build/deb
set -u
cd "$(dirname "$0")/../.."
box=Tests/System/systemd-box
root=$PWD/.build/package-root
work=$(mktemp -d "${TMPDIR:-/tmp}/discoveryd-package.XXXXXX")
package=$(readlink -f "${PACKAGE:-$(ls -t .build/deb/*.deb 2>/dev/null | head -n 1)}")
[ -f "$package" ] || { echo "there is no package; run 'make deb' first" >&2; exit 1; }
export SDBOX=package-$$ SDBOX_ROOT=$root SDBOX_BIND=$work
list=/run/discoveryd/endpoints.json
failures=0

# shellcheck source=Tests/System/box.sh
. Tests/System/box.sh
# Milliseconds since the epoch.
now() { echo $((${EPOCHREALTIME/./} / 1000)); }
# Says how long something took: took WHAT SINCE LIMIT, all in milliseconds.
took() {
    local spent=$(($(now) - $2))
    echo "    $1: $spent ms"
    [ $spent -le "$3" ] || {
        echo "    expected: at most $3 ms"
        return 1
    }
}

# apt in the box; what it says is in $said.
apt() {
    said=$(in_box env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" 2>&1)
    local status=$?
    printf '%s\n' "$said" >>"$work/apt.log"
    return $status
}
says() {
    has "$said" "$1" || {
        echo "    expected to be said: $1; said was"
        printf '%s\n' "$said" | tail -n 15 | sed 's/^/    | /'
        return 1
    }
}
# The same package as another version, whose path it prints.
as_version() {
    local file=$work/discoveryd_$1.deb
    if [ ! -f "$file" ]; then
        [ -d "$work/tree" ] || dpkg-deb -R "$package" "$work/tree" || return 1
        sed -i "s/^Version: .*/Version: $1/" "$work/tree/DEBIAN/control"
        dpkg-deb --root-owner-group -Znone -b "$work/tree" "$file" >/dev/null || return 1
    fi
    echo "$file"
}

is_active() { [ "$(show ActiveState)" = active ]; }
is_starting() { has "active activating" "$(show ActiveState)"; }
nothing_has_failed() {
    local failed
    failed=$(in_box systemctl list-units --failed --plain --no-legend)
    [ -z "$failed" ] || {
        echo "    failed: $failed"
        return 1
    }
}
with_etcd() { apt install etcd-server etcd-client && eventually 10 "etcd to answer" etcdctl endpoint health; }
configure() {
    in_box sh -c 'cat > /etc/discoveryd.conf' <<CONF
[[service]]
name = "web"
id = "web-1"
port = 8080
address = "10.0.0.5"
CONF
}
listed() { in_box grep -q '"addr":"10.0.0.5:8080"' $list; }
registered() { has "$(etcdctl get services/web/web-1)" 10.0.0.5; }
# A host with the package, an etcd, and a service that is registered.
with_service() {
    with_etcd && apt install "$(as_version 1.0-1)" && configure && in_box systemctl restart discoveryd &&
        eventually 10 "the service to be in etcd and in the list" eval 'registered && listed'
}

for file in Tests/Package/scenarios/*.sh; do
    # shellcheck source=/dev/null
    . "$file"
done
# A scenario is a function of several lines behind the heading; what it is made of stands above.
scenarios=${*:-$(sed -n -s '/^# ---- scenarios/,$s/^\([a-z0-9_]*\)() {$/\1/p' Tests/Package/scenarios/*.sh)}

Tests/Package/make-root.sh "$root" || exit 1
echo "package: ${package##*/}"
trap '"$box" down >/dev/null 2>&1; rm -rf "$work"' EXIT
cp "$package" "$work/discoveryd.deb"
count=0
for scenario in $scenarios; do
    count=$((count + 1))
    : >"$work/apt.log"
    if ! "$box" up >/dev/null; then
        echo "the box could not be set up"
        exit 1
    fi
    if $scenario; then
        echo "ok - ${scenario//_/ }"
    else
        echo "NOT OK - ${scenario//_/ }"
        tail -n 30 "$work/apt.log" | sed 's/^/    apt | /'
        in_box journalctl -q -u discoveryd -o cat -n 15 | sed 's/^/    | /'
        failures=$((failures + 1))
    fi
    "$box" down >/dev/null 2>&1
done
echo "$((count - failures)) passed, $failures failed"
[ $failures = 0 ]
