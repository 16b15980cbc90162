# shellcheck shell=bash
# The control socket and drains.

# ---- scenarios ----------------------------------------------------------------------------

the_control_socket_is_for_root_and_the_group_and_a_drain_outlives_a_restart() {
    fresh && in_box systemctl start discoveryd || return 1
    expect "the socket to be for its group" [ "$(in_box stat -c '%a %U %G' /run/discoveryd/control.sock)" = \
        "660 _discoveryd _discoveryd" ] &&
        expect "status to show the service" has "$(in_box discoveryd status)" "web-1  registered" &&
        expect "the list to be waited for" in_box discoveryd wait --service web --timeout 5s &&
        expect "others not to get in" [ "$(as_other 65534 drain; echo $?)" = 77 ] &&
        expect "curl to read the status" in_box curl -sf --unix-socket /run/discoveryd/control.sock \
            -o /dev/null http://discoveryd/v1/status &&
        expect "a member of the group to drain" as_other "$(in_box id -g _discoveryd)" drain &&
        eventually 5 "the list to show it" drains &&
        in_box systemctl restart discoveryd &&
        expect "it to drain still" drains &&
        expect "root to end it" in_box discoveryd undrain &&
        eventually 5 "the list to show that" in_box jq -e '.services.web[0].state == "up"' $list
}
as_other() { in_box setpriv --reuid=65534 --regid=65534 --groups="$1" discoveryd "$2" >/dev/null 2>&1; }
drains() { in_box jq -e '.services.web[0].state == "draining"' $list; }

a_stop_drains_for_longer_than_systemd_would_wait_and_a_restart_does_not() {
    fresh || return 1
    drop_in "[Service]\nTimeoutStopSec=2s\nWatchdogSec=2s\n"
    in_box sh -c 'printf "[lease]\ndrain = \"5s\"\n" >> /etc/discoveryd.conf'
    in_box systemctl start discoveryd || return 1
    local began=$SECONDS
    in_box systemctl restart discoveryd
    expect "the restart not to drain" [ $((SECONDS - began)) -lt 4 ] || return 1
    in_box systemctl stop --no-block discoveryd
    eventually 3 "the list to show that it drains" drains &&
        eventually 10 "the end" [ "$(in_box sh -c 'while systemctl is-active -q discoveryd ||
            [ "$(systemctl show -P ActiveState discoveryd)" = deactivating ]; do sleep 0.1; done; echo over')" = over ] &&
        expect "a good end" [ "$(show Result)" = success ] &&
        expect "nothing to be left" [ -z "$(etcdctl get --prefix services/)" ]
}

sixty_four_that_wait_for_a_day_lock_nobody_out() {
    fresh && in_box systemctl start discoveryd || return 1
    # As a member of the group, each with a connection of its own.
    in_box setpriv --reuid=65534 --regid=65534 --groups="$(in_box id -g _discoveryd)" /usr/bin/python3 -c '
import socket, time
waiting = [socket.socket(socket.AF_UNIX) for _ in range(64)]
for one in waiting:
    one.connect("/run/discoveryd/control.sock")
    one.sendall(b"GET /v1/wait?count=1000000&timeout=24h HTTP/1.1\r\nHost: localhost\r\n\r\n")
print("all wait", flush=True)
time.sleep(600)' >/tmp/waiters-$$ &
    local waiters=$!
    eventually 10 "all to wait" grep -q "all wait" "/tmp/waiters-$$" &&
        expect "root to see the status" in_box timeout 5 discoveryd status &&
        expect "root to reload" in_box timeout 5 discoveryd reload &&
        expect "root to drain" in_box timeout 5 discoveryd drain &&
        expect "root to end that" in_box timeout 5 discoveryd undrain &&
        expect "root to wait" in_box timeout 5 discoveryd wait --service web --timeout 3s &&
        expect "a member of the group to drain" as_other "$(in_box id -g _discoveryd)" drain &&
        expect "and to end that" as_other "$(in_box id -g _discoveryd)" undrain
    local result=$?
    kill $waiters 2>/dev/null
    rm -f "/tmp/waiters-$$"
    return $result
}
