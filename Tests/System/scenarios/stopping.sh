# shellcheck shell=bash
# The reader of a file is being stopped while its list changes: the stop is the administrator's, and goes on.

# A reader whose ends wait for a file, so that the scenario says when: reader_unit STOP RELOAD.
reader_unit() {
    in_box sh -c 'cat > /etc/systemd/system/reader.service' <<UNIT
[Service]
ExecStart=sleep infinity
ExecStop=/bin/sh -c '$1'
ExecReload=/bin/sh -c '$2'
UNIT
    # Bound to it, and stopped before it is: a stop of the reader waits for this one.
    in_box sh -c 'cat > /etc/systemd/system/reader-of-reader.service' <<UNIT
[Unit]
BindsTo=reader.service
After=reader.service
[Service]
ExecStart=sleep infinity
ExecStop=/bin/sh -c '$let_go'
UNIT
}
let_go='until [ -e /run/let-go ]; do sleep 0.05; done'

# with_a_reader STOP RELOAD [TIMEOUT]
with_a_reader() {
    fresh || return 1
    reader_unit "$1" "$2"
    sed 's/haproxy.service/reader.service/' Examples/polkit/50-discoveryd-reload.rules |
        in_box sh -c 'cat > /etc/polkit-1/rules.d/50-discoveryd-reload.rules'
    configure <<CONF
[[output]]
path = "$list"
reload = { unit = "reader.service", interval = "0s", timeout = "${3:-3s}" }
CONF
    drop_in '[Service]\nExecStart=\nExecStart=/usr/sbin/discoveryd run --log-level debug\n'
    in_box rm -f /run/let-go /run/reloads
    in_box systemctl start reader || return 1
    etcdctl put services/web/w1 10.0.0.1:80 >/dev/null
    in_box systemctl start discoveryd && eventually 10 "the first reload" nothing_is_owed
}
without_a_reader() {
    in_box touch /run/let-go
    in_box systemctl stop reader reader-of-reader
    in_box sh -c 'rm -f /etc/systemd/system/reader*.service /etc/polkit-1/rules.d/50-discoveryd-reload.rules'
    in_box systemctl daemon-reload
}
nothing_is_owed() { in_box sh -c '! ls /run/discoveryd/.discoveryd/*.reload'; }
reloads_are_more_than() { [ "$(in_box sh -c 'wc -l < /run/reloads')" -gt "$1" ]; }
reader_is() { [ "$(in_box systemctl show -P ActiveState reader)" = "$1" ]; }
# Killed in the midst of a reload it has failed, to systemd.
reader_has_ended() { ! in_box systemctl -q is-active reader; }
reader_has_job() { [ "$(in_box systemctl list-jobs --no-legend reader.service | awk '{ print $3 }')" = "$1" ]; }
# What this run of the daemon has said, and no earlier one.
journal_of_this_run() { in_box journalctl -q -o cat "_SYSTEMD_INVOCATION_ID=$(show InvocationID)" "$@"; }
said() { has "$(journal_of_this_run)" "$1"; }
no_word_of_it() {
    expect "no warning of it: $(journal_of_this_run -p warning)" [ -z "$(journal_of_this_run -p warning -g 'still uses the old file|reload')" ] &&
        expect "STATUS= to say nothing of it" [ -z "$(show StatusText | grep 'still uses the old file')" ]
}
# The list changes while the reader's stop waits; then the stop is let go on.
a_stop_that_waits_ends_well() {
    local waiting=$1 stop status
    in_box systemctl stop reader &
    stop=$!
    eventually 10 "the stop to wait" "$waiting" || return 1
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    eventually 20 "the reload to be put off" said "is being stopped" || return 1
    in_box touch /run/let-go
    wait $stop
    status=$?
    expect "systemctl stop to end with 0, not $status" [ $status = 0 ] &&
        expect "the reader to have ended" reader_is inactive &&
        eventually 10 "nothing to be owed" nothing_is_owed &&
        no_word_of_it
}
reader_is_stopping() { reader_is deactivating; }
reader_waits_to_be_stopped() { reader_is active && reader_has_job stop; }

# ---- scenarios ----------------------------------------------------------------------------

a_stop_of_a_reader_that_is_under_way_is_not_cancelled_by_a_reload() {
    with_a_reader "$let_go" true && a_stop_that_waits_ends_well reader_is_stopping
    local result=$?
    without_a_reader
    return $result
}

a_stop_of_a_reader_that_waits_for_another_unit_is_not_lost() {
    with_a_reader true true && in_box systemctl start reader-of-reader &&
        a_stop_that_waits_ends_well reader_waits_to_be_stopped
    local result=$?
    without_a_reader
    return $result
}

a_reload_that_is_cancelled_by_a_stop_has_not_failed() {
    with_a_reader true '[ ! -e /run/hold ] || sleep 60' 60s || return 1
    in_box touch /run/hold
    etcdctl put services/web/w2 10.0.0.2:80 >/dev/null
    eventually 10 "the reload to be under way" reader_is reloading &&
        expect "the stop to go well" in_box systemctl stop reader &&
        eventually 10 "nothing to be owed" nothing_is_owed &&
        expect "the reader to have ended" reader_has_ended &&
        no_word_of_it
    local result=$?
    in_box rm -f /run/hold
    without_a_reader
    return $result
}

a_stop_that_is_called_off_leaves_the_reload_to_be_done() {
    with_a_reader true 'echo >> /run/reloads' && in_box systemctl start reader-of-reader || return 1
    local before
    before=$(in_box sh -c 'wc -l < /run/reloads')
    in_box systemctl stop --no-block reader
    eventually 10 "the stop to wait" reader_waits_to_be_stopped &&
        { etcdctl put services/web/w2 10.0.0.2:80 >/dev/null; } &&
        eventually 20 "the reload to be put off" said "is being stopped" &&
        in_box systemctl cancel &&
        eventually 10 "the reload" reloads_are_more_than "$before" &&
        expect "the reader to run" reader_is active && no_word_of_it
    local result=$?
    without_a_reader
    return $result
}
