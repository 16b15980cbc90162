# shellcheck shell=bash
# The pages of docs/ that tell what to do: each command is run as it stands, in the order of the page, on a host as the
# package leaves it; see page.py. (The package itself, and the lines with apt-get, are tested by "make test-package".)

# The name and the address that the pages show, the examples where the package puts them, and what Debian ships.
as_the_pages_have_it() {
    fresh || return 1
    in_box hostname host-a
    in_box sh -c 'ip link add veth0 type veth peer name veth1 && ip addr add 10.0.0.5/24 dev veth0 &&
        ip link set veth0 up && ip link set veth1 up && ip route add default via 10.0.0.1' || return 1
    in_box rm -rf /usr/share/doc/discoveryd/examples
    in_box mkdir -p /usr/share/doc/discoveryd
    in_box cp -r "$PWD/Examples" /usr/share/doc/discoveryd/examples
    in_box install -m 0644 "$PWD/etc/discoveryd.conf" /etc/discoveryd.conf
    for file in /etc/haproxy/haproxy.cfg /etc/nginx/nginx.conf; do in_box sh -c "cat > $file" <$file; done
    in_box systemctl start nginx discoveryd
}
# The service that the page of the first service leaves behind.
with_web_as_the_pages_leave_it() {
    in_box mkdir -p /etc/discoveryd.conf.d
    in_box sh -c 'cat > /etc/discoveryd.conf.d/web.conf' <<'CONF'
[[service]]
name = "web"
port = 80
check = [{ unit = "nginx.service" }]
CONF
    in_box systemctl reload discoveryd
}
as_before_the_pages() {
    in_box systemctl stop haproxy nginx prometheus envoy dnsmasq 2>/dev/null
    in_box sh -c 'rm -f /etc/nginx/conf.d/discoveryd.conf /etc/polkit-1/rules.d/50-discoveryd-reload.rules \
        /etc/systemd/system/haproxy.service.d/discoveryd.conf /etc/systemd/system/nginx.service.d/discoveryd.conf \
        /etc/systemd/system/dnsmasq.service /etc/tmpfiles.d/discoveryd-hosts.conf /etc/dnsmasq.d/discoveryd.conf
        ip link del veth0'
    in_box hostname "$SDBOX"
}
followed() { Tests/System/page.py "docs/$1" "$box" exec; }
page_of_a_consumer() {
    as_the_pages_have_it && with_web_as_the_pages_leave_it && followed "$1"
    local result=$?
    as_before_the_pages
    return $result
}

# ---- scenarios ----------------------------------------------------------------------------

the_page_of_the_first_service_does_what_it_says() {
    as_the_pages_have_it && followed FIRST-SERVICE.md
    local result=$?
    as_before_the_pages
    return $result
}
the_page_of_haproxy_does_what_it_says() {
    page_of_a_consumer HAPROXY.md
}
the_page_of_nginx_does_what_it_says() {
    page_of_a_consumer NGINX.md
}
the_page_of_envoy_does_what_it_says() {
    in_box install -D "$PWD/.build/tools/envoy/envoy" /usr/local/bin/envoy
    page_of_a_consumer ENVOY.md
}
the_page_of_prometheus_does_what_it_says() {
    as_the_pages_have_it && followed PROMETHEUS.md
    local result=$?
    as_before_the_pages
    return $result
}
the_page_of_dnsmasq_does_what_it_says() {
    a_unit_of_dnsmasq
    in_box systemctl daemon-reload
    in_box sh -c "command -v dig >/dev/null || ln -s '$PWD/Tests/System/dig.py' /usr/local/bin/dig"
    page_of_a_consumer DNSMASQ.md
}
