# shellcheck shell=bash
# Prometheus as Debian ships it, with everything of Examples/prometheus.

with_the_example_of_prometheus() {
    fresh && with_servers || return 1
    example prometheus/prometheus.yml /etc/prometheus/prometheus.yml
    example prometheus/output.conf /etc/discoveryd.conf.d/prometheus.conf
    in_box rm /etc/discoveryd.conf
    for number in 4 5 6 7 8; do etcdctl del "services/web/w$number" >/dev/null; done
    in_box systemctl start discoveryd prometheus
}
# The targets of a health, with the service that they are labelled with.
targets() {
    in_box python3 -c '
import json, sys, urllib.request
page = urllib.request.urlopen("http://127.0.0.1:9090/api/v1/targets", timeout=5)
for target in json.load(page)["data"]["activeTargets"]:
    if target["health"] == sys.argv[1]: print(target["labels"]["service"], target["labels"]["instance"])
' "$1" 2>/dev/null | sort
}
scrapes() { [ "$(targets up)" = "$(printf 'web %s\n' "$@")" ]; }
# Of the Prometheus that runs; another scenario may have had one before.
prometheus_journal() {
    in_box journalctl -q -o cat "_SYSTEMD_INVOCATION_ID=$(in_box systemctl show prometheus -P InvocationID)"
}

# ---- scenarios ----------------------------------------------------------------------------

prometheus_scrapes_who_is_there_without_a_reload() {
    with_the_example_of_prometheus &&
        eventually 30 "three healthy targets" scrapes 127.0.0.11:8080 127.0.0.12:8080 127.0.0.13:8080 || return 1
    local began=$SECONDS
    etcdctl del services/web/w2 >/dev/null
    eventually 15 "one to leave" scrapes 127.0.0.11:8080 127.0.0.13:8080 &&
        echo "    Prometheus: the target that left etcd left /api/v1/targets within $((SECONDS - began + 1)) s" &&
        expect "none to be there unwell" [ -z "$(targets down)$(targets unknown)" ] &&
        expect "no reload" [ "$(prometheus_journal | grep -c 'Completed loading of configuration file')" = 1 ] &&
        expect "no error in its journal" [ -z "$(prometheus_journal | grep -E 'level=(warn|error)')" ]
    local result=$?
    [ $result = 0 ] || prometheus_journal | tail -5
    in_box systemctl stop prometheus
    without_servers
    return $result
}
