# shellcheck shell=bash
# Checks of services under the shipped unit, with its hardening.

with_checked_nginx() {
    in_box rm -f /etc/systemd/system/nginx.service.d/discoveryd.conf
    in_box systemctl daemon-reload
    configure <<CONF
[[service]]
name = "web"
id = "web-1"
port = 8000
address = "10.0.0.5"
check = [
  { unit = "nginx.service" },
  { http = "http://127.0.0.1:8000/", interval = "1s", timeout = "1s", rise = 2, fall = 2 },
]
CONF
}
longest() { awk -F'|' '{ sub(/ s */, "", $4); if ($4 + 0 > most) most = $4 + 0 } END { print most }'; }

checked_by() {
    configure <<CONF
[[service]]
name = "web"
id = "web-1"
port = 8000
address = "10.0.0.5"
check = [{ exec = [$1], interval = "1s", rise = 1, fall = 1 }]
CONF
    in_box systemctl restart discoveryd
}
plugins=/usr/lib/nagios/plugins

# ---- scenarios ----------------------------------------------------------------------------

# ROUNDS=5 Tests/System/run.sh BINARY a_real_nginx_... makes the table of docs/HEALTH.md.
a_real_nginx_leaves_and_returns_as_its_checks_see_it() {
    fresh && with_other_host "" && with_checked_nginx || { without_web; return 1; }
    in_box systemctl start nginx discoveryd
    local table
    table=$(in_box python3 "$PWD/Tests/System/health_times.py" "$other_list" "${ROUNDS:-1}")
    local result=$?
    echo "$table" | sed 's/^/    /'
    in_box systemctl stop nginx
    without_web
    expect "all to be seen" [ $result = 0 ] &&
        expect "a stop and a crash to be seen in a second" [ "$(echo "$table" |
            grep -E 'stopped|crashed' | longest | cut -d. -f1)" -lt 1 ] &&
        expect "the rest in six" [ "$(echo "$table" | longest | cut -d. -f1)" -lt 6 ]
}

tcp_http_and_unit_checks_need_no_drop_in() {
    fresh && with_servers || return 1
    configure <<CONF
[[service]]
name = "web"
id = "web-1"
port = 8101
address = "10.0.0.5"
check = [
  { tcp = "127.0.0.1:8101", interval = "1s", rise = 1 },
  { http = "http://127.0.0.1:8102/x", contains = "web", interval = "1s", rise = 1 },
  { unit = "servers.service" },
]
CONF
    in_box systemctl start discoveryd
    eventually 10 "web to be registered" registered web-1 &&
        in_box systemctl stop servers &&
        eventually 5 "web to be taken out" not_registered web-1
    local result=$?
    without_servers
    return $result
}
not_registered() { [ -z "$(etcdctl get "services/web/$1")" ]; }

exec_checks_run_in_the_sandbox_and_what_they_need_more_is_a_drop_in() {
    fresh && with_servers || return 1
    local result=0
    # What connects somewhere, or reads files that all may read, needs nothing.
    for check in "\"$plugins/check_tcp\", \"-H\", \"127.0.0.1\", \"-p\", \"8101\"" \
        "\"$plugins/check_http\", \"-H\", \"127.0.0.1\", \"-p\", \"8101\"" \
        "\"$plugins/check_load\", \"-w\", \"999\", \"-c\", \"999\"" \
        "\"$plugins/check_disk\", \"-w\", \"1\", \"-c\", \"1\", \"-p\", \"/\""; do
        checked_by "$check"
        eventually 10 "$check to pass" registered web-1 || result=1
    done
    # What looks at the processes of others sees none of them.
    local processes="\"$plugins/check_procs\", \"-c\", \"1:\", \"-C\", \"systemd-journal\""
    checked_by "$processes"
    eventually 10 "check_procs to see nothing" status_has "0 processes" || result=1
    in_box install -D -m 0644 -t /etc/systemd/system/discoveryd.service.d "$PWD/Examples/exec-checks/processes.conf"
    in_box systemctl daemon-reload
    checked_by "$processes"
    eventually 10 "check_procs to pass with its drop-in" registered web-1 || result=1
    # What pings needs a capability.
    local ping="\"$plugins/check_ping\", \"-H\", \"127.0.0.1\", \"-w\", \"900,90%\", \"-c\", \"999,99%\", \"-p\", \"1\""
    checked_by "$ping"
    eventually 10 "check_ping to fail" status_has "check_ping" || result=1
    in_box install -D -m 0644 -t /etc/systemd/system/discoveryd.service.d "$PWD/Examples/exec-checks/ping.conf"
    in_box systemctl daemon-reload
    checked_by "$ping"
    eventually 10 "check_ping to pass with its drop-in" registered web-1 || result=1
    without_servers
    return $result
}
