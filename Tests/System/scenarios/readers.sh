# shellcheck shell=bash
# Programs that read the files, reloaded and allowed to.

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
        <Examples/haproxy/unit.conf
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    in_box systemctl daemon-reload
    in_box systemctl restart haproxy || return 1
    eventually 15 "HAProxy to have the first server" haproxy_has 10.0.0.1
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

a_list_is_checked_in_the_sandbox_and_the_unit_reloaded_by_the_rule_of_polkit() {
    with_haproxy "$checked
$reloaded" || return 1
    in_box install -D -m 0644 -t /etc/polkit-1/rules.d "$PWD/Examples/polkit/50-discoveryd-reload.rules"
    # It reads its rules when it starts; that it sees new ones by itself takes as long as it takes.
    in_box systemctl try-restart polkit
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    eventually 15 "HAProxy to have the new server" haproxy_has 10.0.0.2 || return 1
    in_box sed -i 's/default_backend.*/default_backend nowhere/' /etc/haproxy/haproxy.cfg
    etcdctl put services/web/w3 10.0.0.3:80 >/dev/null
    eventually 10 "STATUS= to say what HAProxy says" status_has "haproxy.cfg not updated: haproxy ended with" &&
        expect "the old file to stay" in_box sh -c '! grep -q 10.0.0.3 /run/discoveryd/haproxy.cfg' &&
        expect "HAProxy to run" haproxy_has 10.0.0.2
    local result=$?
    without_haproxy
    return $result
}

without_the_right_to_reload_the_file_is_written_and_the_remedy_said() {
    with_haproxy "$reloaded" || return 1
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    eventually 10 "STATUS= to say it" status_has "haproxy.service still uses the old file: cannot reload" &&
        expect "the file to be new" in_box grep -q 10.0.0.2 /run/discoveryd/haproxy.cfg &&
        expect "HAProxy to have the old list" [ -z "$(haproxy_has 10.0.0.2 && echo new)" ] || return 1
    # What is owed outlives the daemon.
    in_box install -D -m 0644 -t /etc/polkit-1/rules.d "$PWD/Examples/polkit/50-discoveryd-reload.rules"
    in_box systemctl try-restart polkit
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

# The directory is HAProxy's own, which has made what files are staged in: everything that is staged there it
# could swap for a link before it is given to somebody.
a_staging_directory_of_another_user_is_not_used() {
    fresh || return 1
    in_box install -d -o haproxy -g _discoveryd -m 0775 /srv/lists
    in_box install -d -o haproxy -g _discoveryd -m 0777 /srv/lists/.discoveryd
    configure <<CONF
[[output]]
path = "/srv/lists/web.json"
owner = "haproxy"
group = "haproxy"
mode = "0640"
CONF
    in_box install -D -m 0644 -t /etc/systemd/system/discoveryd.service.d "$PWD/Examples/owner/owner.conf"
    drop_in '[Service]\nReadWritePaths=/srv/lists\n'
    in_box systemctl start --no-block discoveryd
    local result=0
    if eventually 10 "STATUS= to say whose it is" \
        status_has "/srv/lists/.discoveryd belongs to another user, number $(in_box id -u haproxy)"; then
        in_box rm -r /srv/lists/.discoveryd
        eventually 15 "the file to be HAProxy's" in_box sh -c \
            '[ "$(stat -c "%U:%G %a" /srv/lists/web.json)" = "haproxy:haproxy 640" ]' || result=1
        expect "what files are staged in to be discoveryd's alone" in_box sh -c \
            '[ "$(stat -c "%U %a" /srv/lists/.discoveryd)" = "_discoveryd 700" ]' || result=1
    else
        result=1
    fi
    in_box rm -r /srv/lists
    return $result
}

a_file_belongs_to_a_group_with_less() {
    fresh || return 1
    configure <<CONF
[[output]]
path = "$list"
group = "haproxy"
mode = "0640"
CONF
    # As the example says: without the lines of CAP_CHOWN, with the group.
    in_box mkdir -p /etc/systemd/system/discoveryd.service.d
    { grep -v CAP_CHOWN Examples/owner/owner.conf && echo SupplementaryGroups=haproxy; } |
        in_box sh -c 'cat > /etc/systemd/system/discoveryd.service.d/owner.conf'
    in_box systemctl daemon-reload
    expect "a start" in_box systemctl start discoveryd &&
        expect "the file to be of the group" [ "$(in_box stat -c '%U:%G %a' $list)" = "_discoveryd:haproxy 640" ] &&
        expect "a member to read it" in_box setpriv --reuid=haproxy --regid=haproxy --init-groups cat $list
    local result=$?
    in_box sh -c 'rm -r /etc/systemd/system/discoveryd.service.d && systemctl daemon-reload'
    return $result
}
