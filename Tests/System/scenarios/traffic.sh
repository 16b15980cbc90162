# shellcheck shell=bash
# Proxies under load, with the files of Examples/, while the servers behind them come and go.

ports="8101 8102 8103 8104"
with_servers() {
    # shellcheck disable=SC2086  # one word a port
    in_box systemd-run -q --unit=servers python3 "$PWD/Tests/System/traffic.py" serve $ports &&
        eventually 10 "the servers to answer" in_box curl -sf http://127.0.0.1:8104/
}
begin_load() {
    in_box rm -f /run/load.json
    in_box systemd-run -q --unit=load -p StandardOutput=file:/run/load.json \
        python3 "$PWD/Tests/System/traffic.py" load "http://127.0.0.1:8000/"
}
end_load() {
    in_box systemctl stop load
    in_box cat /run/load.json
}
without_servers() { in_box systemctl stop load servers 2>/dev/null; in_box systemctl reset-failed load servers 2>/dev/null; }
counted() { in_box jq -r ".$1" /run/load.json; }
reloads_of() { in_box journalctl -q -u "$1" -o cat --grep '^Reloaded ' --since "@$2" | wc -l; }

# So many changes of what is behind the proxy: the first server stays, each of the others leaves and
# comes back, over and over. Whoever leaves goes on answering for a while, as a drained server does.
change() {
    in_box env ETCDCTL_API=3 bash -c '
        for number in $(seq '"$1"'); do
            port=810$((2 + number / 2 % 3))
            if [ $((number % 2)) = 0 ]; then
                etcdctl put services/web/w${port#810} 127.0.0.1:$port
            else
                etcdctl del services/web/w${port#810}
            fi >/dev/null || exit 1
            sleep 0.06
        done'
}
put_servers() {
    for port in $ports; do
        etcdctl put "services/web/w${port#810}" "127.0.0.1:$port" >/dev/null || return 1
    done
}
asked_polkit() {
    in_box install -D -m 0644 -t /etc/polkit-1/rules.d "$PWD/Examples/polkit/50-discoveryd-reload.rules"
}
# 200 changes under load: says what was counted, and holds the reloads to what the output's interval lets.
withstands() {
    local unit=$1 interval=$2 began
    began=$(in_box date +%s)
    begin_load && change 200 || return 1
    local seconds=$(($(in_box date +%s) - began))
    # The last changes are taken up as well.
    in_box sleep "$interval"
    end_load >/dev/null
    local reloads
    reloads=$(reloads_of "$unit" "$began")
    echo "    $unit: 200 changes in $seconds s, $reloads reloads," \
        "$(counted requests) requests, $(counted failed) failed, $(counted asked_again) asked again"
    expect "requests to be made" [ "$(counted requests)" -gt 1000 ] &&
        expect "no request to fail, but: $(counted faults)" [ "$(counted failed)" = 0 ] &&
        expect "reloads to be made" [ "$reloads" -ge 2 ] &&
        expect "at most one reload in $interval s" [ "$reloads" -le $((seconds / interval + 2)) ]
}

# ---- scenarios ----------------------------------------------------------------------------

haproxy_loses_no_request_over_two_hundred_changes() {
    fresh && with_servers || return 1
    in_box install -m 0644 "$PWD/Examples/haproxy/haproxy.cfg" /etc/haproxy/haproxy.cfg
    in_box install -D -m 0644 "$PWD/Examples/haproxy-reload/haproxy.conf" \
        /etc/systemd/system/haproxy.service.d/discoveryd.conf
    in_box install -m 0644 "$PWD/Examples/haproxy-reload/backends.conf" /etc/discoveryd.conf
    asked_polkit
    put_servers
    in_box systemctl daemon-reload
    in_box systemctl start haproxy &&
        eventually 10 "HAProxy to serve" in_box curl -sf http://127.0.0.1:8000/ &&
        withstands haproxy.service 5 && a_list_that_haproxy_refuses_changes_nothing
    local result=$?
    without_servers
    without_haproxy
    return $result
}
a_list_that_haproxy_refuses_changes_nothing() {
    in_box sh -c 'echo nonsense >> /etc/haproxy/haproxy.cfg'
    etcdctl put services/web/w9 127.0.0.1:8109 >/dev/null
    eventually 10 "STATUS= to say what HAProxy says" status_has "haproxy.cfg stays old" &&
        expect "the old file to stay" in_box sh -c '! grep -q 8109 /run/discoveryd/haproxy.cfg' &&
        expect "HAProxy to serve" in_box curl -sf http://127.0.0.1:8000/
}

nginx_loses_no_request_over_two_hundred_changes() {
    fresh && with_servers || return 1
    in_box install -m 0644 "$PWD/Examples/nginx/nginx.conf" /etc/nginx/nginx.conf
    in_box install -m 0755 -t /usr/local/bin "$PWD/Examples/nginx-reload/check-upstreams"
    in_box install -D -m 0644 "$PWD/Examples/nginx-reload/nginx.service.conf" \
        /etc/systemd/system/nginx.service.d/discoveryd.conf
    in_box install -m 0644 "$PWD/Examples/nginx-reload/upstreams.conf" /etc/discoveryd.conf
    asked_polkit
    put_servers
    in_box systemctl daemon-reload
    in_box systemctl start nginx &&
        eventually 10 "nginx to serve" in_box curl -sf http://127.0.0.1:8000/ &&
        withstands nginx.service 5 && a_list_that_nginx_refuses_changes_nothing
    local result=$?
    without_servers
    in_box systemctl stop nginx
    return $result
}
# A directive that the list may not have, as a later nginx might find one of ours.
a_list_that_nginx_refuses_changes_nothing() {
    in_box sed -i 's/^    include/    no_such_directive on; include/' /usr/local/bin/check-upstreams
    etcdctl put services/web/w9 127.0.0.1:8109 >/dev/null
    eventually 10 "STATUS= to say what nginx says" status_has 'unknown directive "no_such_directive"' &&
        expect "the old file to stay" in_box sh -c '! grep -q 8109 /run/discoveryd/upstreams.conf' &&
        expect "nginx to serve" in_box curl -sf http://127.0.0.1:8000/
}
