# shellcheck shell=bash
# HAProxy as Debian ships it, with everything of Examples/haproxy.

with_the_example_of_haproxy() {
    fresh && with_servers || return 1
    example haproxy/haproxy.cfg /etc/haproxy/haproxy.cfg
    example haproxy/output.conf /etc/discoveryd.conf.d/haproxy.conf
    example haproxy/unit.conf /etc/systemd/system/haproxy.service.d/discoveryd.conf
    example haproxy/discoveryd-unit.conf /etc/systemd/system/discoveryd.service.d/haproxy.conf
    example polkit/50-discoveryd-reload.rules /etc/polkit-1/rules.d/50-discoveryd-reload.rules
    in_box rm /etc/discoveryd.conf
}
# The same for those who do not want the socket to be used.
with_reloads_alone() {
    in_box sed -i '/^runtime/d' /etc/discoveryd.conf.d/haproxy.conf
    in_box rm -r /etc/systemd/system/discoveryd.service.d
}
started_haproxy() {
    in_box systemctl daemon-reload
    in_box systemctl start haproxy
}
without_haproxy() {
    in_box systemctl stop haproxy
    in_box rm -f /etc/polkit-1/rules.d/50-discoveryd-reload.rules
}
a_bad_list_of_haproxy_changes_nothing() {
    in_box sed -i 's/default_backend.*/default_backend nowhere/' /etc/haproxy/haproxy.cfg
    a_refused_list_changes_nothing haproxy.cfg "haproxy ended with"
}
haproxy_is_told() {
    in_box python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/haproxy/admin.sock")
s.sendall(sys.argv[1].encode() + b"\n")
while data := s.recv(65536): sys.stdout.write(data.decode())' "$1" >/dev/null
}
runtime_is() { in_box discoveryd status -o json | jq -e ".outputs[0].runtime == \"$1\"" >/dev/null; }
# What an administrator has set is left and said, and a change of options is checked and reloaded.
what_is_set_by_hand_is_left() {
    haproxy_is_told "set server web/w1 state maint"
    eventually 15 "STATUS= to say what is set by hand" status_has "set by hand: web/w1 is in state maint" || return 1
    haproxy_is_told "set server web/w1 state ready"
}
has_reloads_beyond() { [ "$(reloads haproxy)" -gt "$1" ]; }
other_options_take_a_reload() {
    local before
    before=$(reloads haproxy)
    in_box sed -i 's/^server_options.*/server_options = "check inter 1s"/' /etc/discoveryd.conf.d/haproxy.conf
    in_box systemctl reload discoveryd
    eventually 20 "a reload" has_reloads_beyond "$before" &&
        eventually 15 "the process to be current" runtime_is current
}
a_process_that_cannot_be_asked_is_said() {
    in_box systemctl stop haproxy
    etcdctl put services/web/w9 127.0.0.19:8080 >/dev/null
    eventually 15 "status to say it" runtime_is unreachable &&
        in_box systemctl start haproxy && eventually 15 "it to be current again" runtime_is current
}

# ---- scenarios ----------------------------------------------------------------------------

haproxy_follows_its_servers_without_a_reload() {
    with_the_example_of_haproxy && started_haproxy && hurried "HAProxy, runtime API" haproxy never 3 &&
        expect "HAProxy to be current" runtime_is current &&
        what_is_set_by_hand_is_left && other_options_take_a_reload && a_process_that_cannot_be_asked_is_said
    local result=$?
    without_servers
    without_haproxy
    return $result
}
haproxy_serves_every_request_while_its_servers_come_and_go() {
    with_the_example_of_haproxy && with_reloads_alone && started_haproxy && hurried HAProxy haproxy 5 12 &&
        a_bad_list_of_haproxy_changes_nothing
    local result=$?
    without_servers
    without_haproxy
    return $result
}
