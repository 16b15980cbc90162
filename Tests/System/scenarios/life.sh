# shellcheck shell=bash
# Restarts, stops, crashes and faulty files.

# ---- scenarios ----------------------------------------------------------------------------

a_faulty_file_is_refused_and_the_old_configuration_stays() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box sh -c 'echo "prot = 1" >> /etc/discoveryd.conf'
    expect "systemctl reload to fail" [ "$(in_box systemctl reload discoveryd >/dev/null 2>&1; echo $?)" != 0 ] &&
        expect "the fault to be said with its place" has "$(journal)" \
            '/etc/discoveryd.conf:8:1: [service "web"] unknown key "prot", did you mean "port"?' &&
        in_box systemctl kill -s HUP --kill-who=main discoveryd &&
        eventually 15 "STATUS= to say so" status_has "configuration reload failed with 1 error" &&
        expect "the daemon to go on" in_box systemctl is-active discoveryd &&
        expect "web-1 to stay" registered web-1
}

a_faulty_file_at_start_ends_with_78_and_is_not_tried_again() {
    fresh || return 1
    in_box sh -c 'echo "prot = 1" >> /etc/discoveryd.conf'
    in_box systemctl start discoveryd 2>/dev/null
    expect "exit status 78" [ "$(show ExecMainStatus)" = 78 ] &&
        expect "state failed" [ "$(show ActiveState)" = failed ]
}

stop_leaves_the_registry_and_keeps_the_file() {
    fresh && in_box systemctl start discoveryd || return 1
    local began=$SECONDS
    in_box systemctl stop discoveryd
    expect "the key to be gone" [ -z "$(etcdctl get services/web/web-1)" ] &&
        expect "the lease to be gone" has "$(etcdctl lease list)" "found 0 leases" &&
        expect "the file to stay" in_box test -e $list &&
        expect "a clean end" [ "$(show Result)" = success ] &&
        expect "at most 4 s" [ $((SECONDS - began)) -le 4 ] &&
        expect "the status file to say stopped" in_box jq -e '.state == "stopped"' \
            /run/discoveryd/state/status.json
}

revision() { etcdctl get --prefix services/ -w json | jq .header.revision; }

a_restart_of_the_unit_is_not_seen_by_anybody() {
    fresh && in_box systemctl start discoveryd || return 1
    local before
    before=$(revision)
    in_box systemctl restart discoveryd || return 1
    expect "not one event in etcd" [ "$(revision)" = "$before" ] &&
        expect "web-1 to be registered" registered web-1 && expect "and in the list" list_has web-1
}

a_restart_under_another_time_to_live_takes_a_new_lease() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box sh -c 'mkdir -p /etc/discoveryd.conf.d &&
        printf "[lease]\nttl = \"20s\"\n" > /etc/discoveryd.conf.d/ttl.conf'
    in_box systemctl restart discoveryd
    expect "one lease" has "$(etcdctl lease list)" "found 1 leases" &&
        expect "web-1 to be registered" registered web-1
    local result=$?
    in_box rm -rf /etc/discoveryd.conf.d
    return $result
}

a_crash_is_restarted_and_registered_again() {
    fresh && in_box systemctl start discoveryd || return 1
    in_box systemctl kill -s KILL --kill-who=main discoveryd
    eventually 20 "registered again" status_has "web registered" &&
        eventually 15 "the list to name it" list_has web-1
}

a_daemon_that_hangs_is_restarted_by_the_watchdog() {
    fresh || return 1
    drop_in "[Service]\nWatchdogSec=2s\n"
    in_box systemctl start discoveryd || return 1
    local before
    before=$(show MainPID)
    in_box systemctl kill -s STOP --kill-who=main discoveryd
    eventually 20 "a restart" has_restarted && expect "another process" [ "$(show MainPID)" != "$before" ] &&
        eventually 20 "registered again" status_has "web registered"
}
has_restarted() { [ "$(show NRestarts)" -ge 1 ] && [ "$(show ActiveState)" = active ]; }
