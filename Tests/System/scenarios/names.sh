# shellcheck shell=bash
# dnsmasq with everything of Examples/dnsmasq, as a unit like Debian's.

# As Debian's package has it; only the program is installed.
a_unit_of_dnsmasq() {
    in_box sh -c 'cat > /etc/systemd/system/dnsmasq.service' <<UNIT
[Unit]
Wants=nss-lookup.target
Before=nss-lookup.target
After=network.target
[Service]
ExecStart=dnsmasq --keep-in-foreground --pid-file --user=dnsmasq --local-service \
    --conf-dir=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new
UNIT
}
with_the_example_of_dnsmasq() {
    fresh || return 1
    example dnsmasq/tmpfiles.conf /etc/tmpfiles.d/discoveryd-hosts.conf
    example dnsmasq/output.conf /etc/discoveryd.conf.d/dnsmasq.conf
    example dnsmasq/discoveryd.conf /etc/dnsmasq.d/discoveryd.conf
    in_box systemd-tmpfiles --create discoveryd-hosts.conf
    in_box rm /etc/discoveryd.conf
    a_unit_of_dnsmasq
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    in_box systemctl daemon-reload
    in_box systemctl start dnsmasq discoveryd
}
# The addresses of a name, sorted; or the code that dnsmasq answers with.
resolve() {
    in_box "$PWD/Tests/System/dig.py" +short @127.0.0.1 "$1.discoveryd.internal" | sed 's/^; //' | paste -sd ' '
}
resolves() { [ "$(resolve "$1")" = "$2" ]; }
dnsmasq_forgets_and_learns() {
    etcdctl del services/web/w2 >/dev/null
    eventually 15 "the one that left to be gone from the service" resolves web 10.0.0.1 &&
        expect "and its name" resolves w2.web NXDOMAIN || return 1
    etcdctl del services/web/w1 >/dev/null
    eventually 15 "the last to be gone" resolves web NXDOMAIN || return 1
    etcdctl put services/web/w3 10.0.0.3:80 >/dev/null
    eventually 15 "a new one to be known" resolves w3.web 10.0.0.3 &&
        in_box systemctl restart discoveryd &&
        etcdctl put services/web/w4 10.0.0.4:80 >/dev/null &&
        eventually 15 "one to be known after a restart of ours" resolves web "10.0.0.3 10.0.0.4"
}

# ---- scenarios ----------------------------------------------------------------------------

dnsmasq_knows_the_names_of_those_that_are_there() {
    with_the_example_of_dnsmasq &&
        eventually 15 "the service's addresses" resolves web "10.0.0.1 10.0.0.2" &&
        expect "the instance's address" resolves w2.web 10.0.0.2 || return 1
    local result=0
    dnsmasq_forgets_and_learns || result=1
    in_box systemctl stop dnsmasq
    return $result
}
