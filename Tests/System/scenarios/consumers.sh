# shellcheck shell=bash
# Programs that take up a change by themselves, with the files of Examples/.

# The [[output]] that stands in the comment at the head of an example.
output_of() { sed -n 's/^#   //p' "$1" | sed -n '/^\[\[output\]\]/,$p'; }
with_output_of() { fresh && output_of "$1" | configure; }

targets() {
    in_box curl -sf http://127.0.0.1:9090/api/v1/targets |
        jq -r '.data.activeTargets | map(select(.health == "up").discoveredLabels.__address__) | sort | join(" ")'
}
targets_are() { [ "$(targets)" = "$1" ]; }

resolve='
import socket, struct, sys
name = b"".join(bytes([len(label)]) + label.encode() for label in sys.argv[1].split(".")) + b"\0"
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(2)
client.sendto(struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1), ("127.0.0.1", 53))
answer = client.recv(4096)
count, place = struct.unpack_from("!H", answer, 6)[0], 12 + len(name) + 4
found = []
for _ in range(count):
    found.append(socket.inet_ntoa(answer[place + 12:place + 16]))
    place += 16
print(" ".join(sorted(found)))'
resolved() { in_box /usr/bin/python3 -c "$resolve" "$1"; }
resolves() { [ "$(resolved "$1")" = "$2" ]; }

envoy=.build/tools/envoy/envoy
served_by() { [ "$(in_box curl -sf http://127.0.0.1:8000/)" = "$1" ]; }
# Answers with its name.
with_named_server() {
    in_box systemd-run -q --unit="server-$1" python3 -c '
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Answer).serve_forever()' "$1" "$2"
}

# ---- scenarios ----------------------------------------------------------------------------

prometheus_scrapes_three_endpoints_and_forgets_one_that_leaves() {
    with_output_of Examples/prometheus/prometheus.yml && with_servers || return 1
    in_box install -m 0644 "$PWD/Examples/prometheus/prometheus.yml" /etc/prometheus/prometheus.yml
    # As in the example, and quicker.
    in_box sh -c 'printf "global: { scrape_interval: 1s }\n" >> /etc/prometheus/prometheus.yml'
    for number in 1 2 3; do etcdctl put "services/web/w$number" "127.0.0.1:810$number" >/dev/null; done
    in_box systemctl start discoveryd prometheus &&
        eventually 30 "three targets to be up" targets_are "127.0.0.1:8101 127.0.0.1:8102 127.0.0.1:8103" &&
        etcdctl del services/web/w2 >/dev/null &&
        eventually 15 "the one that left to be forgotten" targets_are "127.0.0.1:8101 127.0.0.1:8103" &&
        expect "no reload, and no complaint" [ -z "$(in_box journalctl -q -u prometheus -o cat |
            grep -E 'level=(warn|error)|Loading configuration file' | tail -n +2)" ]
    local result=$?
    [ $result = 0 ] || in_box journalctl -q -u prometheus -o cat | tail -20
    in_box systemctl stop prometheus
    without_servers
    return $result
}

dnsmasq_resolves_what_is_there_and_forgets_what_leaves() {
    with_output_of Examples/dnsmasq/discoveryd.conf || return 1
    in_box install -D -m 0644 "$PWD/Examples/dnsmasq/discoveryd.service.conf" \
        /etc/systemd/system/discoveryd.service.d/dnsmasq.conf
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    in_box systemctl daemon-reload
    in_box systemctl start discoveryd &&
        in_box systemd-run -q --unit=dnsmasq dnsmasq --keep-in-foreground --no-resolv \
            --conf-file="$PWD/Examples/dnsmasq/discoveryd.conf" &&
        eventually 10 "the name to be known" resolves web.discoveryd.internal 10.0.0.1 &&
        etcdctl put services/web/w2 10.0.0.2:80 >/dev/null &&
        eventually 5 "both to be known" resolves web.discoveryd.internal "10.0.0.1 10.0.0.2" &&
        eventually 5 "each to have its own name" resolves w2.web.discoveryd.internal 10.0.0.2 &&
        etcdctl del services/web/w1 >/dev/null &&
        eventually 5 "the one that left to be forgotten" resolves web.discoveryd.internal 10.0.0.2
    local result=$?
    in_box systemctl stop dnsmasq
    return $result
}

a_unit_gets_its_addresses_from_an_environment_file() {
    with_output_of Examples/env/web-client.service || return 1
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    etcdctl put services/web/w2 '{"Addr":"[2001:db8::1]:81"}' >/dev/null
    in_box install -m 0644 -t /etc/systemd/system "$PWD/Examples/env/web-client.service"
    in_box systemctl daemon-reload
    # It starts discoveryd, and is started when the file is there.
    in_box systemctl start web-client || return 1
    local said
    said=$(in_box journalctl -q -u web-client -o cat)
    expect "the unit to be told both" has "$said" "web is at 10.0.0.1:80" &&
        expect "the unit to be told both" has "$said" "web is at [2001:db8::1]:81" &&
        expect "a transient unit to get the same" [ "$(in_box systemd-run -q --wait --pipe \
            -p EnvironmentFile=/run/discoveryd/services.env printenv WEB_ADDRS)" = \
            "10.0.0.1:80 [2001:db8::1]:81" ] &&
        expect "a script to get the same" has "$(in_box sh "$PWD/Examples/env/web-client.sh")" \
            "web is at [2001:db8::1]:81"
}

envoy_follows_its_endpoints_by_itself() {
    with_output_of Examples/envoy/envoy.yaml || return 1
    with_named_server one 8101 && with_named_server two 8102 || return 1
    etcdctl put services/web/w1 127.0.0.1:8101 >/dev/null
    in_box systemctl start discoveryd &&
        in_box systemd-run -q --unit=envoy "$PWD/$envoy" --log-level warn -c "$PWD/Examples/envoy/envoy.yaml" &&
        eventually 20 "Envoy to serve" served_by one &&
        etcdctl put services/web/w2 127.0.0.1:8102 >/dev/null &&
        etcdctl del services/web/w1 >/dev/null &&
        eventually 10 "Envoy to follow" served_by two
    local result=$?
    in_box systemctl stop envoy server-one server-two
    return $result
}
