# shellcheck shell=bash
# nginx as Debian ships it, with everything of Examples/nginx.

with_the_example_of_nginx() {
    fresh && with_servers || return 1
    example nginx/nginx.conf /etc/nginx/nginx.conf
    example nginx/check.conf /etc/nginx/discoveryd-check.conf
    example nginx/output.conf /etc/discoveryd.conf.d/nginx.conf
    example nginx/unit.conf /etc/systemd/system/nginx.service.d/discoveryd.conf
    example polkit/50-discoveryd-reload.rules /etc/polkit-1/rules.d/50-discoveryd-reload.rules
    in_box rm /etc/discoveryd.conf
    in_box systemctl daemon-reload
    in_box systemctl start nginx
}
without_nginx() {
    in_box systemctl stop nginx
    in_box rm -f /etc/polkit-1/rules.d/50-discoveryd-reload.rules
}
# The check asks for a service that the list does not have.
a_bad_list_of_nginx_changes_nothing() {
    in_box sed -i 's#http://web;#http://nowhere;#' /etc/nginx/discoveryd-check.conf
    a_refused_list_changes_nothing upstreams.conf "sh ended with"
}

# ---- scenarios ----------------------------------------------------------------------------

nginx_serves_every_request_while_its_servers_come_and_go() {
    with_the_example_of_nginx && hurried nginx nginx 5 12 && a_bad_list_of_nginx_changes_nothing
    local result=$?
    without_servers
    without_nginx
    return $result
}
