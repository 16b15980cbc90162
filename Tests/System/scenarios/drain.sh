# shellcheck shell=bash
# Services that leave the lists of others before they stop.

others=/run/discoveryd-other/endpoints.json

# A second host: another machine-id, files and sockets of its own, the unit otherwise as it is shipped.
# Its configuration is read from standard input.
other_host() {
    in_box sh -c 'cat > /etc/discoveryd-other.conf'
    in_box sh -c 'sed -e "s|^ExecStart=.*|ExecStart=/usr/sbin/discoveryd run -c /etc/discoveryd-other.conf \
            --status-file /run/discoveryd-other/state/status.json \
            --control-socket /run/discoveryd-other/control.sock|" \
        -e "s|^\(RuntimeDirectory=\).*|\1discoveryd-other discoveryd-other/state|" \
        -e "s|^StateDirectory=.*|StateDirectory=discoveryd-other\nBindReadOnlyPaths=/etc/machine-id-other:/etc/machine-id|" \
        /usr/lib/systemd/system/discoveryd.service > /etc/systemd/system/discoveryd-other.service
        systemd-id128 new > /etc/machine-id-other
        systemctl daemon-reload && systemctl restart discoveryd-other'
}
no_other_host() {
    in_box systemctl stop discoveryd-other
    in_box sh -c 'rm -rf /etc/systemd/system/discoveryd-other.service /run/discoveryd-other \
        /var/lib/discoveryd-other'
}

# A unit that runs the web server of the tests: web_unit NAME PORT SECONDS_TO_START
web_unit() {
    in_box sh -c "cat > /etc/systemd/system/$1.service" <<UNIT
[Service]
Type=notify
ExecStart=/usr/bin/python3 $PWD/Tests/System/web.py $2 $3
UNIT
}
web_checked='[[service]]
name = "web"
id = "web-1"
port = 8081
address = "127.0.0.1"
check = [{ unit = "web.service" }, { http = "http://127.0.0.1:8081/healthz", interval = "1s" }]'

# web.service on this host, the rest on the other.
with_web() {
    fresh || return 1
    printf 'outputs = []\n%s\n' "$web_checked" | configure
    web_unit web 8081 "$1"
    in_box systemctl daemon-reload
    in_box systemctl start web discoveryd || return 1
}
without_web() {
    in_box systemctl stop web web-other 2>/dev/null
    in_box systemctl disable -q discoveryd-drain@web 2>/dev/null
    in_box sh -c 'rm -f /etc/systemd/system/web.service /etc/systemd/system/web-other.service \
        /etc/systemd/system/discoveryd-drain@.service'
    in_box sh -c 'rm -rf /etc/systemd/system/discoveryd-drain@web.service.d'
    no_other_host
}
with_drain() {
    in_box install -m 0644 -t /etc/systemd/system "$PWD/Examples/drain/discoveryd-drain@.service"
    in_box sh -c 'mkdir -p /etc/systemd/system/discoveryd-drain@web.service.d
        printf "[Service]\nEnvironment=DRAIN=%s\n" '"$1"' > /etc/systemd/system/discoveryd-drain@web.service.d/time.conf
        systemctl daemon-reload'
    in_box systemctl enable -q --now discoveryd-drain@web
}
# HAProxy as Debian configures it, on the other host, which reloads it; web-2 is there.
with_haproxy_elsewhere() {
    web_unit web-other 8082 0
    in_box sh -c 'printf "frontend in\n    bind 127.0.0.1:8000\n    default_backend web\n" >> /etc/haproxy/haproxy.cfg'
    in_box sh -c 'mkdir -p /etc/systemd/system/haproxy.service.d
        sed s,/run/discoveryd/,/run/discoveryd-other/, > /etc/systemd/system/haproxy.service.d/discoveryd.conf
        systemctl daemon-reload' <Examples/haproxy/unit.conf
    in_box install -D -m 0644 -t /etc/polkit-1/rules.d "$PWD/Examples/polkit/50-discoveryd-reload.rules"
    in_box systemctl start web-other || return 1
    other_host <<CONF || return 1
[[service]]
name = "web"
id = "web-2"
port = 8082
address = "127.0.0.1"
[[output]]
path = "$others"
[[output]]
path = "/run/discoveryd-other/haproxy.cfg"
format = "haproxy"
services = ["web"]
reload = { unit = "haproxy.service" }
CONF
    eventually 10 "the other host to know web-1" others_have web-1 && in_box systemctl restart haproxy &&
        eventually 10 "HAProxy to answer" in_box python3 -c \
            'import urllib.request; urllib.request.urlopen("http://127.0.0.1:8000/")'
}
# Prints the requests, those that failed, the slowest in milliseconds, and what was seen, while web restarts.
restart_under_traffic() {
    local out
    out=$(mktemp)
    in_box rm -f /run/traffic-end
    in_box python3 "$PWD/Tests/System/traffic.py" 8000 /run/traffic-end >"$out" &
    local traffic=$!
    in_box sleep 1
    in_box systemctl restart web
    eventually 10 "web-1 to be back" in_box jq -e '.services.web[0] | .id == "web-1" and .state == "up"' $others
    in_box sh -c 'sleep 3; touch /run/traffic-end'
    wait $traffic
    cat "$out"
    rm "$out"
}
# What the other host's file said while a command ran, see there.
sightings() { in_box python3 "$PWD/Tests/System/sightings.py" $others '"web-1"' web "$@"; }
others_have() { in_box jq -e ".services.web | map(.id) | index(\"$1\")" $others; }

# ---- scenarios ----------------------------------------------------------------------------

a_stop_of_web_is_seen_by_another_host_as_draining_and_then_gone() {
    with_web 0 && other_host <<CONF || return 1
[[output]]
path = "$others"
CONF
    with_drain 6s && eventually 10 "the other host to know web-1" others_have web-1 || return 1
    local seen
    seen=$(sightings systemctl stop web)
    sed 's/{.*"state":\("[a-z]*"\).*/\1/; s/^/    # /' <<<"$seen"
    expect "draining while the process was there" grep -q '^[0-9]* alive .*"state":"draining"' <<<"$seen" &&
        expect "it to be gone then" grep -q ' gone$' <<<"$seen" &&
        expect "the stop to have waited" awk '$3 == "gone" { exit !($1 >= 6000) }' <<<"$seen" || return 1
    # It starts in service again, also when the drain was not asked for: what is not there hinders nothing.
    in_box systemctl start web
    eventually 10 "it to be up again" in_box jq -e '.services.web[0].state == "up"' $others || return 1
    in_box systemctl stop discoveryd
    local began=$SECONDS
    expect "a stop without discoveryd to succeed" in_box systemctl stop web &&
        expect "and not to wait" [ $((SECONDS - began)) -le 4 ]
    local result=$?
    without_web
    return $result
}

when_the_host_goes_down_discoveryd_leaves_before_web() {
    with_web 0 && other_host <<CONF || return 1
[[output]]
path = "$others"
CONF
    in_box sh -c 'printf "[lease]\ndrain = \"1s\"\n" >> /etc/discoveryd.conf'
    in_box install -D -m 0644 -t /etc/systemd/system/discoveryd.service.d "$PWD/Examples/drain/after-web.conf"
    # One transaction stops both, as the end of the system does.
    in_box sh -c 'for unit in web discoveryd; do mkdir -p "/etc/systemd/system/$unit.service.d"
        printf "[Unit]\nPartOf=host.target\n" > "/etc/systemd/system/$unit.service.d/host.conf"; done
        printf "[Unit]\nWants=web.service discoveryd.service\n" > /etc/systemd/system/host.target
        systemctl daemon-reload; systemctl restart discoveryd; systemctl start host.target'
    eventually 10 "the other host to know web-1" others_have web-1 || return 1
    local seen
    # The second waits for what the first has begun.
    seen=$(sightings sh -c 'systemctl stop host.target; systemctl stop web')
    sed 's/{.*"state":\("[a-z]*"\).*/\1/; s/^/    # /' <<<"$seen"
    expect "draining while web was there" grep -q '^[0-9]* alive .*"state":"draining"' <<<"$seen" &&
        expect "it to be gone then" grep -q ' gone$' <<<"$seen" &&
        expect "discoveryd to have ended first" in_box sh -c '
            ended() { systemctl show -P InactiveEnterTimestampMonotonic "$1"; }
            [ "$(ended discoveryd)" -le "$(ended web)" ]'
    local result=$?
    in_box sh -c 'rm -r /etc/systemd/system/host.target /etc/systemd/system/web.service.d'
    without_web
    return $result
}

a_restart_of_web_behind_haproxy_fails_no_request_when_it_drains_first() {
    with_web 4 && with_haproxy_elsewhere || return 1
    local without with
    without=$(restart_under_traffic)
    with_drain 6s
    with=$(restart_under_traffic)
    echo "    # requests, failed, slowest (ms): without the drain $without"
    echo "    # requests, failed, slowest (ms): with the drain $with"
    expect "requests to fail without it" awk '{ exit !($2 > 0) }' <<<"$without" &&
        expect "none to fail with it" awk '{ exit !($1 > 500 && $2 == 0) }' <<<"$with"
    local result=$?
    without_web
    without_haproxy
    return $result
}
