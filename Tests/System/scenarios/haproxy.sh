# shellcheck shell=bash
# HAProxy as Debian ships it, with everything of Examples/haproxy.

with_the_example_of_haproxy() {
    fresh && with_servers || return 1
    example haproxy/haproxy.cfg /etc/haproxy/haproxy.cfg
    example haproxy/output.conf /etc/discoveryd.conf.d/haproxy.conf
    example haproxy/unit.conf /etc/systemd/system/haproxy.service.d/discoveryd.conf
    example polkit/50-discoveryd-reload.rules /etc/polkit-1/rules.d/50-discoveryd-reload.rules
    in_box rm /etc/discoveryd.conf
    in_box systemctl daemon-reload
    in_box systemctl start haproxy
}
a_bad_list_of_haproxy_changes_nothing() {
    in_box sed -i 's/default_backend.*/default_backend nowhere/' /etc/haproxy/haproxy.cfg
    a_refused_list_changes_nothing haproxy.cfg "haproxy ended with"
}

# ---- scenarios ----------------------------------------------------------------------------

haproxy_serves_every_request_while_its_servers_come_and_go() {
    with_the_example_of_haproxy && hurried HAProxy haproxy 5 12 && a_bad_list_of_haproxy_changes_nothing
    local result=$?
    without_servers
    without_haproxy
    return $result
}
