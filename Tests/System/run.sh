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

in_box() { "$box" exec "$@"; }
etcdctl() { in_box env ETCDCTL_API=3 etcdctl "$@"; }
show() { in_box systemctl show discoveryd -P "$1"; }
journal() { in_box journalctl -q -u discoveryd -o cat "$@"; }

# Waits for an event of another process, with a deadline: eventually SECONDS WHAT COMMAND...
eventually() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ]; then
            echo "    not in time: $what"
            return 1
        fi
        sleep 0.05
    done
}
expect() {
    local what=$1
    shift
    "$@" >/dev/null 2>&1 || {
        echo "    expected: $what"
        return 1
    }
}
has() { case $1 in *"$2"*) ;; *) return 1 ;; esac; }
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
fresh() {
    in_box systemctl stop discoveryd
    in_box systemctl reset-failed discoveryd 2>/dev/null
    in_box sh -c 'rm -rf /run/discoveryd /var/lib/discoveryd/* /etc/systemd/system/discoveryd.service.d'
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
    in_box systemd-sysusers || return 1
    in_box systemctl daemon-reload
}

# HAProxy as Debian ships it, with the drop-in of the example, and an output with more of its settings.
with_haproxy() {
    fresh || return 1
    in_box sh -c 'cat > /etc/haproxy/haproxy.cfg' <<CFG
global
    stats socket /run/haproxy-admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend in
    bind 127.0.0.1:8000
    default_backend web
CFG
    in_box sh -c 'cat > /etc/discoveryd.conf' <<CONF
[[output]]
path = "/run/discoveryd/haproxy.cfg"
format = "haproxy"
services = ["web"]
$1
CONF
    in_box mkdir -p /etc/systemd/system/haproxy.service.d
    in_box sh -c 'cat > /etc/systemd/system/haproxy.service.d/discoveryd.conf' \
        <Examples/haproxy-reload/haproxy.conf
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    in_box systemctl daemon-reload
    in_box systemctl restart haproxy || return 1
    eventually 5 "HAProxy to have the first server" haproxy_has 10.0.0.1
}
without_haproxy() {
    in_box systemctl disable --now haproxy-list.path 2>/dev/null
    in_box systemctl stop haproxy haproxy-list.service 2>/dev/null
    in_box sh -c 'rm -f /etc/systemd/system/haproxy-list.* /etc/polkit-1/rules.d/50-discoveryd-reload.rules'
}
haproxy_has() {
    has "$(in_box python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/haproxy-admin.sock")
s.sendall(b"show servers state\n")
print("".join(iter(lambda: s.recv(65536).decode(), "")))')" "$1"
}
checked='check = ["haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg", "-f", "{file}"]'
reloaded='reload = { unit = "haproxy.service", interval = "0s" }'

# ---- scenarios ----------------------------------------------------------------------------

the_unit_file_is_clean() {
    local said
    said=$(in_box systemd-analyze verify /usr/lib/systemd/system/discoveryd.service 2>&1)
    expect "verify to be silent, it said: $said" [ -z "$said" ] &&
        expect "an exposure of at most 1.5" in_box systemd-analyze security --offline=true \
            --threshold=15 /usr/lib/systemd/system/discoveryd.service
}

start_returns_only_when_the_file_is_there_and_the_service_registered() {
    fresh && in_box systemctl start discoveryd || return 1
    expect "the list to name web-1 at once" list_has web-1 &&
        expect "the key to be in etcd at once" registered web-1 &&
        expect "the daemon to run as _discoveryd" in_box sh -c \
            '[ "$(ps -o user= -p "$(systemctl show -P MainPID discoveryd)")" = _discov+ ] ||
             [ "$(stat -c %U /proc/"$(systemctl show -P MainPID discoveryd)")" = _discoveryd ]' &&
        expect "others to read the list" in_box setpriv --reuid=65534 --clear-groups cat $list
}

ask_for_page='
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect("/run/discoveryd/state/metrics.sock")
client.sendall(("GET /%s HTTP/1.0\r\n\r\n" % sys.argv[1]).encode())
print(b"".join(iter(lambda: client.recv(65536), b"")).decode())'
page() { in_box setpriv --reuid=65534 --clear-groups /usr/bin/python3 -c "$ask_for_page" "$1"; }
metrics_are_served_on_a_socket_inside_the_sandbox() {
    fresh || return 1
    standard_configuration
    in_box sh -c 'cat >> /etc/discoveryd.conf' <<CONF
[metrics]
listen = "unix:/run/discoveryd/state/metrics.sock"
CONF
    in_box systemctl start discoveryd || return 1
    local metrics
    metrics=$(page metrics)
    expect "to be ready" has "$(page readyz)" ready &&
        expect "to be alive" has "$(page healthz)" alive &&
        expect "web to be registered" has "$metrics" 'discoveryd_service_registered{service="web"} 1' &&
        expect "the memory in use to be known" grep -qE '^process_resident_memory_bytes [1-9]' <<<"$metrics" &&
        expect "the open files to be known" grep -qE '^process_open_fds [1-9]' <<<"$metrics" &&
        expect "the socket to be gone after a stop" in_box sh -c \
            'systemctl stop discoveryd && [ ! -e /run/discoveryd/state/metrics.sock ]'
}

a_unit_ordered_after_reads_the_file() {
    fresh || return 1
    in_box sh -c 'cat > /etc/systemd/system/reader.service' <<UNIT
[Unit]
Wants=discoveryd.service
After=discoveryd.service
[Service]
Type=oneshot
ExecStart=/usr/bin/jq -e .services.web[0].addr $list
UNIT
    in_box systemctl daemon-reload
    expect "the reader to succeed" in_box systemctl start reader
}

the_status_says_how_it_is() {
    fresh && in_box systemctl start discoveryd || return 1
    eventually 5 "STATUS= to name the service, the lease and etcd" status_has \
        "web registered, lease " || { show StatusText; return 1; }
    status_has "1 service, 1 endpoint at revision" && status_has "etcd 127.0.0.1:2379" &&
        eventually 5 "the status file to say current" in_box jq -e '.state == "current"' \
            /run/discoveryd/state/status.json
}

the_journal_has_fields() {
    fresh && in_box systemctl start discoveryd || return 1
    eventually 5 "a line found by its field" in_box sh -c \
        'journalctl -q -u discoveryd -o json DISCOVERYD_SERVICE=web | grep -q "\"PRIORITY\":\"5\""'
}

reload_applies_what_changed_and_leaves_the_rest_alone() {
    fresh && in_box systemctl start discoveryd || return 1
    local before
    before=$(etcdctl get services/web/web-1 -w json | jq -c '.kvs[0].mod_revision')
    in_box sh -c 'cat >> /etc/discoveryd.conf' <<CONF
[[service]]
name = "web"
id = "web-2"
port = 8081
address = "10.0.0.5"
[[output]]
path = "/run/discoveryd/second.json"
CONF
    expect "the reload to succeed" in_box systemctl reload discoveryd &&
        eventually 5 "web-2 to be registered" registered web-2 &&
        eventually 5 "the second file" in_box jq -e '.services.web | length == 2' /run/discoveryd/second.json &&
        expect "web-1 not to be touched" [ "$(etcdctl get services/web/web-1 -w json |
            jq -c '.kvs[0].mod_revision')" = "$before" ] &&
        expect "the removed output's file to stay" in_box test -e $list
}

a_faulty_file_is_refused_and_the_old_configuration_stays() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box sh -c 'echo "prot = 1" >> /etc/discoveryd.conf'
    expect "systemctl reload to fail" [ "$(in_box systemctl reload discoveryd >/dev/null 2>&1; echo $?)" != 0 ] &&
        expect "the fault to be said with its place" has "$(journal)" \
            '/etc/discoveryd.conf:8:1: [service "web"] unknown key "prot", did you mean "port"?' &&
        in_box systemctl kill -s HUP --kill-who=main discoveryd &&
        eventually 5 "STATUS= to say so" status_has "the new configuration was refused (1 faults)" &&
        expect "the daemon to go on" in_box systemctl is-active discoveryd &&
        expect "web-1 to stay" registered web-1
}

a_faulty_file_at_start_ends_with_78_and_is_not_tried_again() {
    fresh || return 1
    in_box sh -c 'echo "prot = 1" >> /etc/discoveryd.conf'
    in_box systemctl start discoveryd 2>/dev/null
    expect "exit status 78" [ "$(show ExecMainStatus)" = 78 ] &&
        expect "state failed" [ "$(show ActiveState)" = failed ]
}

stop_leaves_the_registry_and_keeps_the_file() {
    fresh && in_box systemctl start discoveryd || return 1
    local began=$SECONDS
    in_box systemctl stop discoveryd
    expect "the key to be gone" [ -z "$(etcdctl get services/web/web-1)" ] &&
        expect "the lease to be gone" has "$(etcdctl lease list)" "found 0 leases" &&
        expect "the file to stay" in_box test -e $list &&
        expect "a clean end" [ "$(show Result)" = success ] &&
        expect "at most 4 s" [ $((SECONDS - began)) -le 4 ] &&
        expect "the status file to say stopped" in_box jq -e '.state == "stopped"' \
            /run/discoveryd/state/status.json
}

revision() { etcdctl get --prefix services/ -w json | jq .header.revision; }

ten_restarts_in_a_row_are_not_seen_by_anybody() {
    fresh && in_box systemctl start discoveryd || return 1
    local before
    before=$(revision)
    for _ in 1 2 3 4 5 6 7 8 9 10; do in_box systemctl restart discoveryd || return 1; done
    expect "not one event in etcd" [ "$(revision)" = "$before" ] &&
        expect "web-1 to be registered" registered web-1 && expect "and in the list" list_has web-1
}

a_restart_under_another_time_to_live_takes_a_new_lease() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box sh -c 'mkdir -p /etc/discoveryd.conf.d &&
        printf "[lease]\nttl = \"20s\"\n" > /etc/discoveryd.conf.d/ttl.conf'
    in_box systemctl restart discoveryd
    expect "one lease" has "$(etcdctl lease list)" "found 1 leases" &&
        expect "web-1 to be registered" registered web-1
    local result=$?
    in_box rm -rf /etc/discoveryd.conf.d
    return $result
}

after_a_reboot_without_etcd_the_last_list_is_served() {
    fresh && in_box systemctl start discoveryd || return 1
    eventually 10 "the list to be kept" in_box grep -q web-1 /var/lib/discoveryd/last-list.json || return 1
    in_box systemctl stop discoveryd
    in_box systemctl stop etcd
    in_box rm -rf /run/discoveryd
    in_box systemctl start discoveryd || return 1
    expect "the list to be there" list_has web-1 &&
        eventually 5 "STATUS= to say since when it is true" status_has \
            "degraded: serving the list of an earlier run, true at 20" &&
        in_box systemctl start etcd &&
        eventually 30 "current when etcd comes" in_box jq -e '.state == "current"' \
            /run/discoveryd/state/status.json
}

a_crash_is_restarted_and_registered_again() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box systemctl kill -s KILL --kill-who=main discoveryd
    eventually 20 "registered again" status_has "web registered" &&
        eventually 5 "the list to name it" list_has web-1
}

a_daemon_that_hangs_is_restarted_by_the_watchdog() {
    fresh || return 1
    in_box mkdir -p /etc/systemd/system/discoveryd.service.d
    in_box sh -c 'printf "[Service]\nWatchdogSec=2s\n" > /etc/systemd/system/discoveryd.service.d/watchdog.conf'
    in_box systemctl daemon-reload
    in_box systemctl start discoveryd || return 1
    local before
    before=$(show MainPID)
    in_box systemctl kill -s STOP --kill-who=main discoveryd
    eventually 20 "a restart" has_restarted && expect "another process" [ "$(show MainPID)" != "$before" ] &&
        eventually 20 "registered again" status_has "web registered"
}
has_restarted() { [ "$(show NRestarts)" -ge 1 ] && [ "$(show ActiveState)" = active ]; }

an_absent_etcd_does_not_starve_the_watchdog_nor_change_the_file() {
    fresh || return 1
    in_box mkdir -p /etc/systemd/system/discoveryd.service.d
    in_box sh -c 'printf "[Service]\nWatchdogSec=1s\n" > /etc/systemd/system/discoveryd.service.d/watchdog.conf'
    in_box systemctl daemon-reload
    in_box systemctl start discoveryd || return 1
    local before
    before=$(in_box stat -c '%i %Y' $list)
    in_box systemctl stop etcd
    eventually 10 "STATUS= to say that the list is old" status_has "the list is old" || return 1
    in_box sleep 5
    expect "no restart" [ "$(show NRestarts)" = 0 ] &&
        expect "the file untouched" [ "$(in_box stat -c '%i %Y' $list)" = "$before" ] &&
        in_box systemctl start etcd &&
        eventually 30 "registered when etcd is back" status_has "web registered" &&
        eventually 10 "current again" in_box jq -e '.state == "current"' /run/discoveryd/state/status.json
}

a_start_without_etcd_becomes_degraded_and_then_right() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box systemctl stop discoveryd
    in_box systemctl stop etcd
    in_box systemctl start discoveryd || return 1
    eventually 5 "STATUS= to say degraded" status_has "degraded: serving the list of an earlier run" &&
        expect "the old list to be there" in_box test -e $list &&
        expect "the status file to say degraded" in_box jq -e '.state == "degraded"' \
            /run/discoveryd/state/status.json &&
        in_box systemctl start etcd &&
        eventually 30 "registered when etcd comes" status_has "web registered" &&
        eventually 5 "the list to name it" list_has web-1
}

a_start_without_etcd_and_without_a_list_waits_and_says_why() {
    fresh || return 1
    in_box systemctl stop etcd
    in_box systemctl start --no-block discoveryd
    eventually 10 "STATUS= to say what it waits for" status_has "waiting for etcd" || return 1
    in_box sleep 5
    expect "still starting after the timeout" [ "$(show ActiveState)" = activating ] &&
        in_box systemctl start etcd &&
        eventually 30 "active when etcd comes" in_box systemctl is-active discoveryd &&
        expect "the list to be there" in_box test -e $list
}

a_list_is_checked_in_the_sandbox_and_the_unit_reloaded_by_the_rule_of_polkit() {
    with_haproxy "$checked
$reloaded" || return 1
    in_box install -D -m 0644 -t /etc/polkit-1/rules.d "$PWD/Examples/polkit/50-discoveryd-reload.rules"
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    eventually 15 "HAProxy to have the new server" haproxy_has 10.0.0.2 || return 1
    in_box sed -i 's/default_backend.*/default_backend nowhere/' /etc/haproxy/haproxy.cfg
    etcdctl put services/web/w3 10.0.0.3:80 >/dev/null
    eventually 10 "STATUS= to say what HAProxy says" status_has "haproxy.cfg stays old: haproxy ended with" &&
        expect "the old file to stay" in_box sh -c '! grep -q 10.0.0.3 /run/discoveryd/haproxy.cfg' &&
        expect "HAProxy to run" haproxy_has 10.0.0.2
    local result=$?
    without_haproxy
    return $result
}

without_the_right_to_reload_the_file_is_written_and_the_remedy_said() {
    with_haproxy "$reloaded" || return 1
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    eventually 10 "STATUS= to say it" status_has "haproxy.service has not taken up the new files: cannot reload" &&
        expect "the file to be new" in_box grep -q 10.0.0.2 /run/discoveryd/haproxy.cfg &&
        expect "HAProxy to have the old list" [ -z "$(haproxy_has 10.0.0.2 && echo new)" ] || return 1
    # What is owed outlives the daemon.
    in_box install -D -m 0644 -t /etc/polkit-1/rules.d "$PWD/Examples/polkit/50-discoveryd-reload.rules"
    in_box systemctl restart discoveryd
    eventually 15 "the next run to do it" haproxy_has 10.0.0.2
    local result=$?
    without_haproxy
    return $result
}

a_path_unit_reloads_without_any_right_of_ours() {
    with_haproxy "$checked" || return 1
    in_box install -m 0644 -t /etc/systemd/system "$PWD"/Examples/path-unit/haproxy-list.path \
        "$PWD"/Examples/path-unit/haproxy-list.service
    in_box systemctl daemon-reload
    in_box systemctl enable --now haproxy-list.path 2>/dev/null
    for number in 2 3 4; do
        etcdctl put "services/web/w$number" "10.0.0.$number:80" >/dev/null
        eventually 15 "HAProxy to have server $number" haproxy_has "10.0.0.$number" || return 1
    done
    without_haproxy
}

a_file_belongs_to_whom_the_drop_in_lets_it() {
    fresh || return 1
    in_box sh -c 'cat > /etc/discoveryd.conf' <<CONF
[[output]]
path = "$list"
owner = "haproxy"
group = "haproxy"
mode = "0640"
CONF
    in_box systemctl start --no-block discoveryd
    eventually 10 "STATUS= to say the remedy" status_has "Examples/owner/owner.conf" || return 1
    in_box install -D -m 0644 -t /etc/systemd/system/discoveryd.service.d "$PWD/Examples/owner/owner.conf"
    in_box systemctl daemon-reload
    in_box systemctl restart --no-block discoveryd
    eventually 10 "the file to be HAProxy's" in_box sh -c \
        '[ "$(stat -c "%U:%G %a" /run/discoveryd/endpoints.json)" = "haproxy:haproxy 640" ]'
    local result=$?
    in_box sh -c 'rm -r /etc/systemd/system/discoveryd.service.d && systemctl daemon-reload'
    return $result
}

a_credential_of_the_unit_logs_in_also_after_a_reload() {
    fresh || return 1
    in_box sh -c 'printf secret > /etc/etcd-password && chmod 0600 /etc/etcd-password'
    in_box mkdir -p /etc/systemd/system/discoveryd.service.d
    in_box sh -c 'printf "[Service]\nLoadCredential=etcd:/etc/etcd-password\n" > /etc/systemd/system/discoveryd.service.d/user.conf'
    in_box systemctl daemon-reload
    in_box sh -c 'printf "[etcd]\nusername = \"discoveryd\"\npassword_file = \"credential:etcd\"\n" >> /etc/discoveryd.conf'
    local result=0
    users_on && login_works || result=1
    users_off
    return $result
}
users_on() { etcdctl_lines "role add discoveryd" "user add discoveryd:secret" "user add root:root" "role add root" \
    "role grant-permission discoveryd --prefix=true readwrite services/" \
    "user grant-role discoveryd discoveryd" "user grant-role root root" "auth enable"; }
users_off() { etcdctl_lines "--user=root:root auth disable" "user delete discoveryd" "user delete root" \
    "role delete discoveryd" "role delete root"; }
# shellcheck disable=SC2086  # one word an argument
etcdctl_lines() { for line in "$@"; do etcdctl $line >/dev/null || return 1; done; }
login_works() { in_box systemctl start discoveryd && expect "the list to name web-1" list_has web-1 &&
    expect "the reload to succeed" in_box systemctl reload discoveryd &&
    eventually 5 "the reload to be applied" has_reloaded &&
    expect "the password to be said nowhere" [ -z "$(journal | grep secret)" ]; }
has_reloaded() { journal | grep -q 'configuration reloaded'; }

the_control_socket_is_for_root_and_the_group_and_a_drain_outlives_a_restart() {
    fresh && in_box systemctl start discoveryd || return 1
    expect "the socket to be for its group" [ "$(in_box stat -c '%a %U %G' /run/discoveryd/control.sock)" = \
        "660 _discoveryd _discoveryd" ] &&
        expect "status to show the service" has "$(in_box discoveryd status)" "web-1  registered" &&
        expect "the list to be waited for" in_box discoveryd wait --service web --timeout 5s &&
        expect "others not to get in" [ "$(as_other 65534 drain; echo $?)" = 77 ] &&
        expect "a member of the group to drain" as_other "$(in_box id -g _discoveryd)" drain &&
        eventually 5 "the list to show it" drains &&
        in_box systemctl restart discoveryd &&
        expect "it to drain still" drains &&
        expect "root to end it" in_box discoveryd undrain &&
        eventually 5 "the list to show that" in_box jq -e '.services.web[0].state == "up"' $list
}
as_other() { in_box setpriv --reuid=65534 --regid=65534 --groups="$1" discoveryd "$2" >/dev/null 2>&1; }
drains() { in_box jq -e '.services.web[0].state == "draining"' $list; }

a_stop_drains_for_longer_than_systemd_would_wait_and_a_restart_does_not() {
    fresh || return 1
    in_box mkdir -p /etc/systemd/system/discoveryd.service.d
    in_box sh -c 'printf "[Service]\nTimeoutStopSec=2s\nWatchdogSec=2s\n" > /etc/systemd/system/discoveryd.service.d/stop.conf'
    in_box systemctl daemon-reload
    in_box sh -c 'printf "[lease]\ndrain = \"5s\"\n" >> /etc/discoveryd.conf'
    in_box systemctl start discoveryd || return 1
    local began=$SECONDS
    in_box systemctl restart discoveryd
    expect "the restart not to drain" [ $((SECONDS - began)) -lt 4 ] || return 1
    in_box systemctl stop --no-block discoveryd
    eventually 3 "the list to show that it drains" drains &&
        eventually 10 "the end" [ "$(in_box sh -c 'while systemctl is-active -q discoveryd ||
            [ "$(systemctl show -P ActiveState discoveryd)" = deactivating ]; do sleep 0.1; done; echo over')" = over ] &&
        expect "a good end" [ "$(show Result)" = success ] &&
        expect "nothing to be left" [ -z "$(etcdctl get --prefix services/)" ]
}

# ---- running ------------------------------------------------------------------------------

scenarios=${*:-$(sed -n '/^# ---- scenarios/,/^# ---- running/p' "$0" | sed -n 's/^\([a-z0-9_]*\)() {$/\1/p')}
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
