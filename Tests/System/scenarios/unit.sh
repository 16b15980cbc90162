# shellcheck shell=bash
# The unit as it is shipped: its sandbox, its start, what it says.

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
    eventually 15 "STATUS= to name the service, the lease and etcd" status_has \
        "web registered, lease " || { show StatusText; return 1; }
    status_has "1 service, 1 endpoint at revision" && status_has "etcd 127.0.0.1:2379" &&
        eventually 15 "the status file to say current" in_box jq -e '.state == "current"' \
            /run/discoveryd/state/status.json
}

the_journal_has_fields() {
    fresh && in_box systemctl start discoveryd || return 1
    eventually 15 "a line found by its field" in_box sh -c \
        'journalctl -q -u discoveryd -o json DISCOVERYD_SERVICE=web | grep -q "\"PRIORITY\":\"5\""'
}

check_warns_when_the_limits_do_not_fit_into_the_memory_of_the_unit() {
    fresh || return 1
    local with_defaults with_more
    with_defaults=$(in_box /usr/sbin/discoveryd check 2>&1) || return 1
    in_box sh -c 'printf "[limits]\nbytes = \"1G\"\n" >> /etc/discoveryd.conf'
    with_more=$(in_box /usr/sbin/discoveryd check 2>&1) || return 1
    expect "the defaults to fit, check said: $with_defaults" [ "${with_defaults/MemoryMax/}" = "$with_defaults" ] &&
        expect "1G not to fit, check said: $with_more" has "$with_more" "MemoryMax= of the unit is 512 MB" &&
        drop_in '[Service]\nMemoryMax=infinity\n' &&
        expect "no limit to fit everything" in_box sh -c \
            '! /usr/sbin/discoveryd check 2>&1 | grep MemoryMax'
}
