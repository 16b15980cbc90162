# shellcheck shell=bash
# Upgrades: what other hosts see of them, and what becomes of a configuration that is refused.

pid_is_not() { [ "$(show MainPID)" != "$1" ] && is_active; }
# What others saw of the service since they began to watch.
events() { grep -c '^services/web/' "$work/events"; }
watched() { grep -q "$1" "$work/events"; }

# ---- scenarios ----------------------------------------------------------------------------

ten_upgrades_are_seen_by_nobody() {
    local number pid began
    with_service || return 1
    in_box env ETCDCTL_API=3 etcdctl watch --prefix services/ >"$work/events" 2>&1 &
    local watcher=$!
    # The watch is there when it shows what is put.
    eventually 10 "the watch" eval 'etcdctl put services/zz/begin 10.0.0.9:1; watched services/zz/begin' || return 1
    for number in 1 2 3 4 5 6 7 8 9 10; do
        pid=$(show MainPID)
        began=$(now)
        apt install "$(as_version "1.$number-1")" || return 1
        eventually 10 "another process" pid_is_not "$pid" || return 1
        expect "the new version" [ "$(in_box dpkg-query -W -f '${Version}' discoveryd)" = "1.$number-1" ] || return 1
        [ "$number" != 10 ] || took "the last upgrade, to READY=1" "$began" 15000 || return 1
    done
    etcdctl put services/zz/end 10.0.0.9:1 >/dev/null
    eventually 10 "the last event" watched services/zz/end || return 1
    kill $watcher
    echo "    events of the service at a watcher during ten upgrades: $(events)"
    [ "$(events)" = 0 ] && registered && listed && nothing_has_failed
}
a_refused_configuration_leaves_the_old_daemon_running_and_apt_says_why() {
    local pid
    with_service || return 1
    pid=$(show MainPID)
    in_box sh -c 'printf "[[service]]\nname = \"db\"\nport = 99999\n" >> /etc/discoveryd.conf'
    apt install "$(as_version 2.0-1)" || { echo "    apt failed"; return 1; }
    says "not restarted, for this version refuses the configuration" && says "/etc/discoveryd.conf:8" &&
        says "The daemon of version 1.0-1 goes on as before" &&
        expect "the same process" [ "$(show MainPID)" = "$pid" ] && expect "it to work" is_active &&
        expect "the service to be registered" registered &&
        expect "apt to have nothing left to do" in_box sh -c 'test -z "$(dpkg --audit)"' &&
        expect "status to understand the old daemon" in_box discoveryd status || return 1
    configure
    in_box discoveryd check -q && in_box systemctl restart discoveryd && pid_is_not "$pid"
}
the_configuration_that_the_unit_names_is_the_one_that_is_checked() {
    local pid
    with_service || return 1
    in_box sh -c 'cp /etc/discoveryd.conf /etc/elsewhere.conf
        mkdir -p /etc/systemd/system/discoveryd.service.d
        printf "[Service]\nExecStart=\nExecStart=/usr/sbin/discoveryd run --config /etc/elsewhere.conf\n" \
            >/etc/systemd/system/discoveryd.service.d/elsewhere.conf
        systemctl daemon-reload; systemctl restart discoveryd'
    pid=$(show MainPID)
    in_box sh -c 'echo "nonsense" >>/etc/discoveryd.conf'
    apt install "$(as_version 2.0-1)" && eventually 10 "a restart" pid_is_not "$pid" || return 1
    pid=$(show MainPID)
    in_box sh -c 'echo "nonsense" >>/etc/elsewhere.conf'
    apt install "$(as_version 2.1-1)" && says "/etc/elsewhere.conf:" && expect "the same process" [ "$(show MainPID)" = "$pid" ]
}
an_upgrade_does_not_wait_for_an_etcd_that_is_away() {
    local began pid
    with_service || return 1
    in_box systemctl stop etcd
    pid=$(show MainPID)
    began=$(now)
    apt install "$(as_version 2.0-1)" && took "apt-get install" "$began" 10000 || return 1
    eventually 60 "the new daemon" pid_is_not "$pid" && expect "the last list" listed && nothing_has_failed
}
a_service_that_is_disabled_stays_so_and_stopped() {
    with_service || return 1
    in_box systemctl disable --now discoveryd
    apt install "$(as_version 2.0-1)" && expect "it to be stopped" [ "$(show ActiveState)" = inactive ] &&
        expect "it to be disabled" [ "$(show UnitFileState)" = disabled ]
}
a_changed_configuration_is_kept_without_a_question() {
    local before
    with_service || return 1
    before=$(in_box cat /etc/discoveryd.conf)
    apt install "$(as_version 2.0-1)" && expect "the configuration to be as it was" [ "$(in_box cat /etc/discoveryd.conf)" = "$before" ]
}
