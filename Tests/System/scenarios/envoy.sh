# shellcheck shell=bash
# Envoy, with everything of Examples/envoy.

with_the_example_of_envoy() {
    fresh && with_servers || return 1
    in_box install -D "$PWD/.build/tools/envoy/envoy" /usr/local/bin/envoy
    example envoy/envoy.yaml /etc/envoy/envoy.yaml
    example envoy/output.conf /etc/discoveryd.conf.d/envoy.conf
    example envoy/envoy.service /etc/systemd/system/envoy.service
    in_box rm /etc/discoveryd.conf
    in_box systemctl daemon-reload
    in_box systemctl start envoy && eventually 10 "Envoy to serve" served
}

# ---- scenarios ----------------------------------------------------------------------------

envoy_serves_every_request_while_its_servers_come_and_go() {
    with_the_example_of_envoy && hurried Envoy envoy never 3
    local result=$?
    without_servers
    in_box systemctl stop envoy
    return $result
}
