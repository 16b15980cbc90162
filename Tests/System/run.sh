#!/bin/bash
# The shipped unit under a real systemd, with Debian's own etcd: what an administrator sees.
# Root needed; everything happens in a throw-away box (see systemd-box) on an overlay of /.
#
#   Tests/System/run.sh BINARY [SCENARIO...]
set -u
cd "$(dirname "$0")/../.."
binary=$(readlink -f "${1:?usage: run.sh BINARY [SCENARIO...]}")
shift
export SDBOX=discoveryd-$$
box=Tests/System/systemd-box
list=/run/discoveryd/endpoints.json
failures=0

# shellcheck source=Tests/System/box.sh
. Tests/System/box.sh
journal() { in_box journalctl -q -u discoveryd -o cat "$@"; }

status_has() { has "$(show StatusText)" "$1"; }
list_has() { in_box jq -e ".services.web | map(.id) | index(\"$1\")" $list; }
list_lacks() { in_box jq -e "(.services.web // []) | map(.id) | index(\"$1\") | not" $list; }
registered() { has "$(etcdctl get "services/web/$1")" Addr; }

configure() { in_box sh -c 'cat > /etc/discoveryd.conf'; }
standard_configuration() {
    configure <<CONF
[start]
timeout = "3s"
[[service]]
name = "web"
id = "web-1"
port = 8080
address = "10.0.0.5"
CONF
}
# A drop-in of the unit, until the next fresh(): drop_in TEXT.
drop_in() {
    in_box mkdir -p /etc/systemd/system/discoveryd.service.d
    printf '%b' "$1" | in_box sh -c 'cat > /etc/systemd/system/discoveryd.service.d/scenario.conf'
    in_box systemctl daemon-reload
}
fresh() {
    in_box systemctl stop discoveryd
    in_box systemctl reset-failed discoveryd 2>/dev/null
    in_box sh -c 'rm -rf /run/discoveryd /var/lib/discoveryd/* /etc/systemd/system/discoveryd.service.d /etc/discoveryd.conf.d'
    in_box systemctl daemon-reload
    in_box systemctl start etcd || return 1
    etcdctl del --prefix services/ >/dev/null
    standard_configuration
}

install_into_box() {
    "$box" up >/dev/null || return 1
    local stage
    stage=$(mktemp -d) || return 1
    make -s install-files DESTDIR="$stage" PREFIX=/usr BINARY="$binary" || return 1
    # A debug build finds Swift's libraries where the toolchain is; the sandbox may hide that.
    mkdir -p "$stage/usr/local/lib/swift-runtime"
    ldd "$binary" | awk '/swift|Foundation|dispatch|Blocks/ { print $3 }' |
        xargs -r cp -t "$stage/usr/local/lib/swift-runtime"
    tar -C "$stage" -c usr etc | in_box tar -C / -x --no-same-owner --no-overwrite-dir || return 1
    rm -rf "$stage"
    in_box sh -c 'echo /usr/local/lib/swift-runtime > /etc/ld.so.conf.d/swift.conf && ldconfig' || return 1
    in_box systemd-sysusers && in_box journalctl --update-catalog || return 1
    in_box systemctl daemon-reload
}

# ---- running ------------------------------------------------------------------------------

for file in Tests/System/scenarios/*.sh; do
    # shellcheck source=/dev/null
    . "$file"
done
# A scenario is a function of several lines behind the heading; what it is made of stands above.
scenarios=${*:-$(sed -n -s '/^# ---- scenarios/,$s/^\([a-z0-9_]*\)() {$/\1/p' Tests/System/scenarios/*.sh)}
trap '"$box" down >/dev/null 2>&1' EXIT
install_into_box || { echo "the box could not be set up"; exit 1; }
count=0
for scenario in $scenarios; do
    count=$((count + 1))
    if $scenario; then
        echo "ok - ${scenario//_/ }"
    else
        echo "NOT OK - ${scenario//_/ }"
        journal -n 25 | sed 's/^/    | /'
        failures=$((failures + 1))
    fi
done
echo "$((count - failures)) passed, $failures failed"
[ $failures = 0 ]
