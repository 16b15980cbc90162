# shellcheck shell=bash
# Units and scripts that are told the addresses, with everything of Examples/env.

with_the_example_of_env() {
    fresh || return 1
    example env/output.conf /etc/discoveryd.conf.d/env.conf
    example env/web-client.service /etc/systemd/system/web-client.service
    in_box rm /etc/discoveryd.conf
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    etcdctl put services/web/w2 "[2001:db8::2]:80" >/dev/null
    in_box systemctl daemon-reload
}
env_is() {
    local value
    value=$(in_box systemd-run -q --pipe --wait -p EnvironmentFile=/run/discoveryd/services.env printenv WEB_ADDRS) &&
        [ "$value" = "$1" ]
}

# ---- scenarios ----------------------------------------------------------------------------

a_unit_and_a_script_are_told_the_addresses() {
    with_the_example_of_env || return 1
    # It starts discoveryd, and is started when the file is there.
    expect "the example to succeed" in_box systemctl start web-client &&
        expect "it to be told both" [ "$(in_box journalctl -q -u web-client -o cat -g '^web is at')" = \
            "$(printf 'web is at %s\n' 10.0.0.1:80 '[2001:db8::2]:80')" ] || return 1
    expect "a unit of one's own to be told" [ "$(in_box systemd-run -q --pipe --wait -p DynamicUser=yes \
        -p EnvironmentFile=/run/discoveryd/services.env printenv WEB_ADDRS)" = "10.0.0.1:80 [2001:db8::2]:80" ] &&
        expect "a script to be told" [ "$(in_box "$PWD/Examples/env/web-client.sh" | grep -c '^web is at')" = 2 ] ||
        return 1
    etcdctl del services/web/w1 >/dev/null
    eventually 15 "the next start to be told what is left" env_is "[2001:db8::2]:80" || return 1
    etcdctl del services/web/w2 >/dev/null
    eventually 15 "nothing to be left, as an empty value" env_is ""
}

a_script_reads_lines_and_a_program_makes_a_file_in_the_sandbox() {
    fresh || return 1
    configure <<'CONF'
[[output]]
path = "/run/discoveryd/endpoints"
format = "lines"
[[output]]
path = "/run/discoveryd/web.txt"
format = "command"
services = ["web"]
command = ["jq", "-r", ".services.web[].addr"]
CONF
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    in_box systemctl start discoveryd &&
        eventually 15 "the program's file" program_has "$(printf '10.0.0.%s:80\n' 1 2)" || return 1
    expect "the lines to be read word by word" [ "$(in_box sh -c 'while read -r service address; do
        echo "$service is at $address"; done </run/discoveryd/endpoints')" = \
        "$(printf 'web is at 10.0.0.%s:80\n' 1 2)" ] || return 1
    etcdctl del services/web/w1 >/dev/null
    eventually 15 "the program to be asked again" program_has 10.0.0.2:80
}
program_has() { [ "$(in_box cat /run/discoveryd/web.txt)" = "$1" ]; }
