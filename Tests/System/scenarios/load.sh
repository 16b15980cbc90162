# shellcheck shell=bash
# Traffic through a proxy while its servers come and go: what the scenarios of HAProxy, nginx and Envoy share.

servers="127.0.0.11:8080 127.0.0.12:8080 127.0.0.13:8080 127.0.0.14:8080 127.0.0.15:8080 127.0.0.16:8080
    127.0.0.17:8080 127.0.0.18:8080"
load=$PWD/Tests/System/load

# The examples as a user puts them in place: example FILE PLACE, below Examples/ and in the box.
example() { in_box install -D -m 0644 "$PWD/Examples/$1" "$2"; }

# Eight servers of "web", all of them in etcd. They answer until the scenario ends, whatever etcd holds.
# shellcheck disable=SC2086  # one word a server
with_servers() {
    in_box systemd-run -q --unit=servers "$load/backends.py" $servers || return 1
    local number=0
    for server in $servers; do
        number=$((number + 1))
        etcdctl put "services/web/w$number" "$server" >/dev/null || return 1
    done
}
without_servers() { in_box systemctl stop client.service servers.service 2>/dev/null; }

# The servers that answer through the proxy now, in order.
served() {
    in_box python3 -c '
import urllib.request
def ask(): return urllib.request.urlopen("http://127.0.0.1:8000/", timeout=5).read().decode().split("\"")[1]
print("\n".join(sorted({ask() for _ in range(40)})))'
}
served_are() { [ "$(served)" = "$1" ]; }

# Two hundred changes under load: hurried PROXY UNIT INTERVAL, for a proxy on 127.0.0.1:8000 whose unit is
# reloaded at most once in so many seconds. Says what was counted, and leaves it in counted.
# shellcheck disable=SC2086  # one word a server
hurried() {
    local proxy=$1 unit=$2 interval=$3 before began there reloads allowed
    before=$(reloads "$unit")
    in_box systemd-run -q --unit=client "$load/client.py" 127.0.0.1:8000 /run/client.json || return 1
    began=$SECONDS
    there=$(in_box "$load/changes.py" "${changes:-200}" "${seed:-1}" $servers) || return 1
    eventually 30 "the traffic to go to those that are there" served_are "$there" || return 1
    reloads=$(($(reloads "$unit") - before))
    allowed=0
    [ "$interval" = never ] || allowed=$(((SECONDS - began) / interval + 1))
    in_box systemctl stop client
    counted=$(in_box cat /run/client.json)
    echo "    $proxy: ${changes:-200} changes, $(jq -r '"\(.requests) requests in \(.seconds) s, " +
        "\([.failed[]] | add // 0) failed, \(.retried) sent again on a new connection"' <<<"$counted")," \
        "$reloads reloads of $allowed allowed"
    expect "each server to have been asked" [ "$(jq '.by | length' <<<"$counted")" = 8 ] &&
        expect "no request to fail, but $(jq -c .failed <<<"$counted")" [ "$(jq '.failed | length' <<<"$counted")" = 0 ] &&
        expect "not more reloads than the interval allows" [ "$reloads" -le "$allowed" ]
}
reloads() { in_box journalctl -q -u "$1" -o cat JOB_TYPE=reload JOB_RESULT=done | grep -c ''; }
