# shellcheck shell=bash
# Traffic through a proxy while its servers come and go: what the scenarios of HAProxy, nginx and Envoy share.

servers="127.0.0.11:8080 127.0.0.12:8080 127.0.0.13:8080 127.0.0.14:8080 127.0.0.15:8080 127.0.0.16:8080
    127.0.0.17:8080 127.0.0.18:8080"
load=$PWD/Tests/System/load
changes=${changes:-200}
seed=${seed:-1}

# The examples as a user puts them in place: example FILE PLACE, below Examples/ and in the box.
example() { in_box install -D -m 0644 "$PWD/Examples/$1" "$2"; }

# Eight servers of "web", each a unit of its own, all of them in etcd.
with_servers() {
    local number=0
    for server in $servers; do
        number=$((number + 1))
        in_box systemd-run -q --unit="server-$server" "$load/server.py" "$server" &&
            etcdctl put "services/web/w$number" "$server" >/dev/null || return 1
    done
}
without_servers() { in_box systemctl stop client.service 'server-*.service' 2>/dev/null; }

# The servers that answer through the proxy now, in order.
served() {
    in_box python3 -c '
import urllib.request
def ask(): return urllib.request.urlopen("http://127.0.0.1:8000/", timeout=5).read().decode().split("\"")[1]
print("\n".join(sorted({ask() for _ in range(40)})))'
}
served_are() { [ "$(served)" = "$1" ]; }

# The list holds these servers, and no reload is owed for it: until then its reader may have any older one.
taken_up() {
    [ "$(listed)" = "$1" ] && in_box sh -c '! ls /run/discoveryd/.discoveryd/*.reload'
}
listed() {
    in_box find /run/discoveryd -maxdepth 1 -type f -exec grep -oE '127\.0\.0\.1[1-8]' {} + | sort | sed 's/$/:8080/'
}

# Two hundred changes under load: hurried PROXY UNIT INTERVAL PATIENCE, for a proxy on 127.0.0.1:8000 whose
# unit is reloaded at most once in so many seconds. A server goes on for a while after it has left etcd, as one
# that drains does, and is asked for at most PATIENCE seconds; in the end those that have left are ended.
# shellcheck disable=SC2086  # one word a server
hurried() {
    local proxy=$1 unit=$2 interval=$3 patience=$4 before began ended there allowed=0
    before=$(reloads "$unit")
    in_box systemd-run -q --unit=client "$load/client.py" 127.0.0.1:8000 /run/client.json || return 1
    began=$SECONDS
    ended=$(in_box "$load/changes.py" "$changes" "$seed" $servers) || return 1
    there=$(awk 'NF == 1 { print $1 }' <<<"$ended")
    eventually 30 "the list to be right, and taken up" taken_up "$there" &&
        eventually 15 "the traffic to go to those that are there" served_are "$there" || return 1
    [ "$interval" = never ] || allowed=$(((SECONDS - began) / interval + 1))
    before=$(($(reloads "$unit") - before))
    end_all_but "$there" || return 1
    in_box systemctl stop client
    echo -n "    $proxy, $changes changes: "
    in_box "$load/verdict.py" /run/client.json "$before" "$allowed" "$patience" <<<"$ended"
}
# shellcheck disable=SC2086  # one word a server
end_all_but() {
    for server in $servers; do
        has "$1" "$server" || in_box systemctl stop "server-$server" || return 1
    done
    for _ in 1 2 3 4 5; do
        expect "the traffic to go on without those that ended" served_are "$1" || return 1
    done
}
# One more server, when what the list is checked with refuses it: a_refused_list_changes_nothing FILE WORDS.
a_refused_list_changes_nothing() {
    local before
    before=$(served)
    etcdctl put services/web/w9 127.0.0.19:8080 >/dev/null
    eventually 15 "STATUS= to say why" status_has "$1 not updated: $2" &&
        expect "the old list to stay" in_box sh -c "! grep -q 127.0.0.19 /run/discoveryd/$1" &&
        expect "the traffic to go on" served_are "$before"
}
reloads() { in_box journalctl -q -u "$1" -o cat JOB_TYPE=reload JOB_RESULT=done | grep -c ''; }
