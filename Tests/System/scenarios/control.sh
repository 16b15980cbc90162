# shellcheck shell=bash
# The control socket and drains.

# ---- scenarios ----------------------------------------------------------------------------

the_control_socket_is_for_root_and_the_group() {
    fresh && in_box systemctl start discoveryd || return 1
    expect "the socket to be for its group" [ "$(in_box stat -c '%a %U %G' /run/discoveryd/control.sock)" = \
        "660 _discoveryd _discoveryd" ] &&
        expect "status to show the service" has "$(in_box discoveryd status)" "web-1  registered" &&
        expect "the list to be waited for" in_box discoveryd wait --service web --timeout 5s &&
        expect "others not to get in" [ "$(as_other 65534 drain; echo $?)" = 77 ] &&
        expect "curl to read the status" in_box curl -sf --unix-socket /run/discoveryd/control.sock \
            -o /dev/null http://discoveryd/v1/status &&
        expect "a member of the group to drain" as_other "$(in_box id -g _discoveryd)" drain &&
        eventually 15 "the list to show it" drains &&
        expect "root to end it" in_box discoveryd undrain &&
        eventually 15 "the list to show that" in_box jq -e '.services.web[0].state == "up"' $list
}
as_other() { in_box setpriv --reuid=65534 --regid=65534 --groups="$1" discoveryd "$2" >/dev/null 2>&1; }
drains() { in_box jq -e '.services.web[0].state == "draining"' $list; }

a_stop_drains_for_longer_than_systemd_would_wait_and_a_restart_does_not() {
    fresh || return 1
    drop_in "[Service]\nTimeoutStopSec=2s\nWatchdogSec=5s\n"
    in_box sh -c 'printf "[lease]\ndrain = \"15s\"\n" >> /etc/discoveryd.conf'
    in_box systemctl start discoveryd || return 1
    local began=$SECONDS
    in_box systemctl restart discoveryd
    expect "the restart not to drain" [ $((SECONDS - began)) -lt 12 ] || return 1
    in_box systemctl stop --no-block discoveryd
    eventually 10 "the list to show that it drains" drains &&
        eventually 40 "the end" [ "$(in_box sh -c 'while systemctl is-active -q discoveryd ||
            [ "$(systemctl show -P ActiveState discoveryd)" = deactivating ]; do sleep 0.1; done; echo over')" = over ] &&
        expect "a good end" [ "$(show Result)" = success ] &&
        expect "nothing to be left" [ -z "$(etcdctl get --prefix services/)" ]
}

explain_tells_of_earlier_runs_from_the_journal_to_whom_may_read_it() {
    fresh && in_box systemctl start discoveryd && in_box discoveryd drain web >/dev/null &&
        in_box discoveryd undrain web >/dev/null && in_box systemctl restart discoveryd || return 1
    local told
    told=$(in_box discoveryd explain web/web-1)
    expect "the instance to be explained: $told" has "$told" "of this host: registered" &&
        expect "the drain of the earlier run: $told" has "$told" "log  draining: web" &&
        expect "this run: $told" has "$told" "continued" || return 1
    told=$(as_member explain web/web-1)
    expect "a member to be told that he may not read the journal: $told" has "$told" "member of systemd-journal" &&
        expect "a member to see this run: $told" has "$told" "continued" || return 1
    told=$(in_box discoveryd explain web/web-1 -o json)
    expect "lines in JSON: $told" jq -e '.journal[0].message and (.journal_error | not)' <<<"$told"
}
as_member() { in_box setpriv --reuid=65534 --regid=65534 --groups="$(in_box id -g _discoveryd)" discoveryd "$@" 2>&1; }
