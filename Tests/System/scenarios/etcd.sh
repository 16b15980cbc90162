# shellcheck shell=bash
# etcd away, back, and with users.

# ---- scenarios ----------------------------------------------------------------------------

an_absent_etcd_does_not_starve_the_watchdog_nor_change_the_file() {
    fresh || return 1
    drop_in "[Service]\nWatchdogSec=3s\n"
    in_box systemctl start discoveryd || return 1
    local before
    before=$(in_box stat -c '%i %Y' $list)
    in_box systemctl stop etcd
    eventually 10 "STATUS= to say that the list is old" status_has "endpoint list may be stale" || return 1
    in_box sleep 9
    expect "no restart" [ "$(show NRestarts)" = 0 ] &&
        expect "the file untouched" [ "$(in_box stat -c '%i %Y' $list)" = "$before" ] &&
        in_box systemctl start etcd &&
        eventually 30 "registered when etcd is back" status_has "web registered" &&
        eventually 20 "current again" in_box jq -e '.state == "current"' /run/discoveryd/state/status.json
}

a_start_without_etcd_becomes_degraded_and_then_right() {
    fresh && in_box systemctl start discoveryd || return 1
    eventually 10 "the list to be kept" in_box grep -q web-1 /var/lib/discoveryd/last-list.json || return 1
    in_box systemctl stop discoveryd
    in_box systemctl stop etcd
    in_box systemctl start discoveryd || return 1
    eventually 15 "STATUS= to say since when its list is true" status_has \
        "degraded: serving the endpoint list of an earlier run, as of 20" &&
        expect "the old list to be there" in_box test -e $list &&
        expect "the status file to say degraded" in_box jq -e '.state == "degraded"' \
            /run/discoveryd/state/status.json &&
        in_box systemctl start etcd &&
        eventually 30 "registered when etcd comes" status_has "web registered" &&
        eventually 15 "the list to name it" list_has web-1
}

a_start_without_etcd_and_without_a_list_ends_degraded_and_lists_when_etcd_comes() {
    fresh || return 1
    in_box systemctl stop etcd
    # As a newcomer types it, and on a host that has no etcd yet.
    in_box timeout 60 systemctl enable --now discoveryd || return 1
    expect "STATUS= to say what is awaited" status_has "degraded: no files yet, waiting for etcd" &&
        expect "the log to say what to do" journal_says "start etcd, or set endpoints in" &&
        expect "no file" in_box test ! -e $list &&
        expect "a reload to be taken" in_box systemctl reload discoveryd &&
        in_box systemctl start etcd &&
        eventually 15 "a list when etcd comes" in_box test -e $list &&
        eventually 20 "registered" status_has "web registered"
}
journal_says() { journal | grep -q "$1"; }

a_start_that_is_to_wait_for_a_list_waits_and_says_why() {
    fresh || return 1
    in_box systemctl stop etcd
    in_box sh -c 'printf "when_etcd_is_away = \"wait\"\n" > /etc/discoveryd.conf.new &&
        sed "/^\[start\]/r /etc/discoveryd.conf.new" -i /etc/discoveryd.conf'
    in_box systemctl start --no-block discoveryd
    eventually 10 "STATUS= to say what it waits for" status_has "waiting for etcd" || return 1
    in_box sleep 5
    expect "still starting after the timeout" [ "$(show ActiveState)" = activating ] &&
        in_box systemctl start etcd &&
        eventually 30 "active when etcd comes" in_box systemctl is-active discoveryd &&
        expect "the list to be there" in_box test -e $list
}

a_credential_of_the_unit_logs_in_also_after_a_reload() {
    fresh || return 1
    in_box sh -c 'printf secret > /etc/etcd-password && chmod 0600 /etc/etcd-password'
    drop_in "[Service]\nLoadCredential=etcd:/etc/etcd-password\n"
    in_box sh -c 'printf "[etcd]\nusername = \"discoveryd\"\npassword_file = \"credential:etcd\"\n" >> /etc/discoveryd.conf'
    local result=0
    users_on && login_works || result=1
    users_off
    return $result
}
users_on() { etcdctl_lines "role add discoveryd" "user add discoveryd:secret" "user add root:root" "role add root" \
    "role grant-permission discoveryd --prefix=true readwrite services/" \
    "user grant-role discoveryd discoveryd" "user grant-role root root" "auth enable"; }
users_off() { etcdctl_lines "--user=root:root auth disable" "user delete discoveryd" "user delete root" \
    "role delete discoveryd" "role delete root"; }
# shellcheck disable=SC2086  # one word an argument
etcdctl_lines() { for line in "$@"; do etcdctl $line >/dev/null || return 1; done; }
login_works() { in_box systemctl start discoveryd && expect "the list to name web-1" list_has web-1 &&
    expect "the reload to succeed" in_box systemctl reload discoveryd &&
    eventually 15 "the reload to be applied" has_reloaded &&
    expect "the password to be said nowhere" [ -z "$(journal | grep secret)" ]; }
has_reloaded() { journal | grep -q 'configuration reloaded'; }
