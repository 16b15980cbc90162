# shellcheck shell=bash
# Caddy as Debian ships it, with everything of Examples/caddy: a template.

with_the_example_of_caddy() {
    fresh && with_servers || return 1
    example caddy/caddy.json.mustache /etc/discoveryd/caddy.json.mustache
    example caddy/output.conf /etc/discoveryd.conf.d/caddy.conf
    example caddy/unit.conf /etc/systemd/system/caddy.service.d/discoveryd.conf
    example polkit/50-discoveryd-reload.rules /etc/polkit-1/rules.d/50-discoveryd-reload.rules
    example caddy/sysctl.conf /etc/sysctl.d/60-caddy.conf
    in_box sysctl -q -p /etc/sysctl.d/60-caddy.conf || return 1
    in_box rm /etc/discoveryd.conf
    in_box systemctl daemon-reload
    in_box systemctl start caddy
}
without_caddy() {
    in_box systemctl stop caddy
    in_box rm -f /etc/polkit-1/rules.d/50-discoveryd-reload.rules
}
# What `discoveryd render` prints is what the file holds.
the_template_renders_as_the_file_is() {
    expect "discoveryd render to print what the file holds" in_box sh -c \
        'discoveryd render /etc/discoveryd/caddy.json.mustache | cmp - /run/discoveryd/caddy.json'
}
# A template that Caddy does not take, and one that is none.
a_bad_template_of_caddy_changes_nothing() {
    in_box cp /run/discoveryd/caddy.json /run/before
    in_box sed -i 's/"handler": "reverse_proxy"/"handler": "nowhere"/' /etc/discoveryd/caddy.json.mustache
    in_box systemctl reload discoveryd
    eventually 15 "STATUS= to say what Caddy says" status_has "caddy.json not updated: caddy ended with" || return 1
    in_box sed -i 's#{{/services}}#{{/service}}#' /etc/discoveryd/caddy.json.mustache
    in_box sh -c '! systemctl reload discoveryd'
    eventually 15 "STATUS= to say that the configuration is not in force" \
        status_has "the old configuration stays in force" || return 1
    expect "the log to say where" has "$(journal)" "/etc/discoveryd/caddy.json.mustache:25:13: [output" &&
        expect "the file to be as it was" in_box cmp /run/before /run/discoveryd/caddy.json &&
        expect "Caddy to serve" served
}

# ---- scenarios ----------------------------------------------------------------------------

caddy_serves_every_request_while_its_servers_come_and_go() {
    with_the_example_of_caddy && hurried Caddy caddy 5 12 && the_template_renders_as_the_file_is &&
        a_bad_template_of_caddy_changes_nothing
    local result=$?
    without_servers
    without_caddy
    return $result
}
