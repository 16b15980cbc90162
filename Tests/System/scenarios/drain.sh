# shellcheck shell=bash
# A service that stops and restarts, seen from another host: a second daemon with a machine id of its own,
# under the same hardened unit, which feeds an HAProxy.

other_list=/run/other/endpoints.json
other_has() { in_box jq -e ".services.web | map(select(.id == \"$1\" and .state == \"$2\")) | length == 1" $other_list; }
other_lacks() { in_box jq -e "(.services.web // []) | map(.id) | index(\"$1\") | not" $other_list; }

with_other_host() {
    in_box sh -c 'systemd-id128 new > /etc/other-machine-id
        sed -e "s#discoveryd run#discoveryd run -c /etc/other.conf --status-file /run/other/state/status.json --control-socket /run/other/control.sock#" \
            -e "s#^RuntimeDirectory=.*#RuntimeDirectory=other other/state#" -e "s#^StateDirectory=.*#StateDirectory=other#" \
            -e "s#^User=.*#&\nBindReadOnlyPaths=/etc/other-machine-id:/etc/machine-id#" \
            /usr/lib/systemd/system/discoveryd.service > /etc/systemd/system/other.service
        cat > /etc/other.conf' <<CONF
[[output]]
path = "$other_list"
$1
CONF
    in_box systemctl daemon-reload
    in_box systemctl start other
}
# web.service takes three seconds to start, as many do.
with_web() {
    in_box sh -c "cat > /etc/systemd/system/web.service" <<UNIT
[Service]
ExecStartPre=sleep 3
ExecStart=python3 $PWD/Tests/System/traffic.py serve 8101
UNIT
    configure <<CONF
[[service]]
name = "web"
id = "web-1"
port = 8101
address = "127.0.0.1"
check = [{ unit = "web.service" }, { http = "http://127.0.0.1:8101/", interval = "1s", rise = 1 }]
CONF
    in_box systemctl daemon-reload
    in_box systemctl start web discoveryd
}
with_drained_web() {
    with_web || return 1
    in_box install -m 0644 -t /etc/systemd/system "$PWD/Examples/drain/discoveryd-drain@.service"
    in_box systemctl daemon-reload
    in_box systemctl enable -q --now discoveryd-drain@web.service
}
without_web() {
    in_box systemctl disable -q discoveryd-drain@web.service 2>/dev/null
    in_box systemctl stop load web other server-two haproxy 2>/dev/null
    in_box sh -c 'rm -f /etc/systemd/system/web.service /etc/systemd/system/discoveryd-drain@.service /etc/systemd/system/other.service
        rm -rf /etc/systemd/system/web.service.d /etc/systemd/system/haproxy.service.d /etc/polkit-1/rules.d/50-discoveryd-reload.rules'
    in_box systemctl reset-failed load 2>/dev/null
    in_box systemctl daemon-reload
}
web_runs() { in_box curl -sf http://127.0.0.1:8101/; }

# An HAProxy on the other host, with web-1 and a second server that stays.
with_proxy() {
    in_box install -m 0644 "$PWD/Examples/haproxy/haproxy.cfg" /etc/haproxy/haproxy.cfg
    in_box mkdir -p /etc/systemd/system/haproxy.service.d
    sed 's#/run/discoveryd/#/run/other/#; s#discoveryd.service#other.service#' Examples/haproxy-reload/haproxy.conf |
        in_box sh -c 'cat > /etc/systemd/system/haproxy.service.d/discoveryd.conf'
    asked_polkit
    with_other_host "$(sed 's#/run/discoveryd/#/run/other/#' Examples/haproxy-reload/backends.conf)" || return 1
    in_box systemd-run -q --unit=server-two python3 "$PWD/Tests/System/traffic.py" serve 8102
    etcdctl put services/web/web-2 127.0.0.1:8102 >/dev/null
    in_box systemctl start haproxy &&
        eventually 20 "HAProxy to have both" in_box sh -c 'grep -q 8101 /run/other/haproxy.cfg && grep -q 8102 /run/other/haproxy.cfg' &&
        in_box sleep 5
}
# Restarts web under load and says what its users saw.
restart_under_load() {
    begin_load && in_box sleep 2 && in_box systemctl restart web && in_box sleep 12
    end_load >/dev/null
    echo "    systemctl restart web $1: $(counted requests) requests, $(counted failed) failed" \
        "$(counted faults)"
}

# ---- scenarios ----------------------------------------------------------------------------

a_stop_is_seen_by_another_host_before_the_process_has_gone() {
    fresh && with_other_host "" && with_drained_web &&
        eventually 15 "the other host to list web-1" other_has web-1 up || { without_web; return 1; }
    in_box systemctl stop --no-block web
    eventually 3 "the other host to see that it drains" other_has web-1 draining &&
        expect "web to go on answering" web_runs &&
        eventually 15 "the other host to see that it is gone" other_lacks web-1 &&
        expect "web to have stopped" [ "$(in_box systemctl is-active web)" != active ] &&
        in_box systemctl start web &&
        eventually 10 "it to be back in service" other_has web-1 up
    local result=$?
    without_web
    return $result
}

a_restart_fails_no_request_behind_haproxy_and_without_a_drain_it_does() {
    fresh && with_drained_web && with_proxy || { without_web; return 1; }
    restart_under_load "with discoveryd-drain@web"
    local result=0
    expect "no request to fail" [ "$(counted failed)" = 0 ] || result=1
    in_box systemctl disable -q --now discoveryd-drain@web.service
    in_box discoveryd undrain web >/dev/null
    eventually 15 "web-1 to be back" other_has web-1 up || result=1
    in_box sleep 8
    restart_under_load "without"
    expect "some to fail, or this would prove nothing" [ "$(counted failed)" -gt 0 ] || result=1
    without_web
    return $result
}

a_host_that_goes_down_leaves_before_its_service_stops() {
    fresh && with_other_host "" && with_web || { without_web; return 1; }
    in_box sh -c 'printf "[lease]\ndrain = \"2s\"\n" >> /etc/discoveryd.conf'
    in_box install -D -m 0644 "$PWD/Examples/drain/after-web.conf" \
        /etc/systemd/system/discoveryd.service.d/after-web.conf
    # One transaction stops both, as a shutdown does.
    in_box sh -c 'echo "[Unit]" > /etc/systemd/system/all.target
        mkdir -p /etc/systemd/system/web.service.d
        printf "[Unit]\nPartOf=all.target\n" |
            tee /etc/systemd/system/web.service.d/all.conf > /etc/systemd/system/discoveryd.service.d/all.conf'
    in_box systemctl daemon-reload
    in_box systemctl start all.target
    in_box systemctl restart discoveryd
    eventually 15 "the other host to list web-1" other_has web-1 up || { without_web; return 1; }
    in_box systemctl stop --no-block all.target
    eventually 3 "the other host to see that it drains" other_has web-1 draining &&
        expect "web to go on answering" web_runs &&
        eventually 5 "the other host to see that it is gone" other_lacks web-1 &&
        eventually 5 "web to stop then" in_box sh -c '! systemctl is-active -q web'
    local result=$?
    without_web
    return $result
}
