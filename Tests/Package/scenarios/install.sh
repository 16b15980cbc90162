# shellcheck shell=bash
# The first installation: with an etcd, without one, and where nothing may be started.

# Not in the box but in a chroot of its own, where no systemd runs, as images of disks are made.
install_into_chroot() {
    # shellcheck disable=SC2016  # for the shell in the namespace
    unshare -m sh -c '
        set -e
        mkdir -p "$2/chroot" && mount -t tmpfs chroot "$2/chroot" && cd "$2/chroot" && mkdir up work root
        mount -t overlay chroot -o "lowerdir=$1,upperdir=up,workdir=work" root
        mount -t proc proc root/proc
        cp "$2/discoveryd.deb" root/tmp/
        DEBIAN_FRONTEND=noninteractive chroot root apt-get install -y -q /tmp/discoveryd.deb
        test -L root/etc/systemd/system/multi-user.target.wants/discoveryd.service
        chroot root id _discoveryd' sh "$root" "$work" 2>&1
}

# ---- scenarios ----------------------------------------------------------------------------

without_etcd_the_installation_ends_soon_and_well_and_says_what_is_next() {
    local began
    began=$(now)
    apt install "$work/discoveryd.deb" || { echo "    apt failed"; return 1; }
    took "apt-get install" "$began" 10000 &&
        says "discoveryd is started" && says "/etc/discoveryd.conf" && says "discoveryd status" &&
        says "discoveryd doctor" && says "apt-get install etcd-server" &&
        nothing_has_failed && expect "a daemon that starts" is_starting &&
        expect "a unit that starts with the system" in_box systemctl is-enabled discoveryd || return 1
    eventually 60 "the start to end, degraded" is_active && nothing_has_failed || return 1
    # The etcd that is missing comes: nothing has to be told to the daemon.
    with_etcd && eventually 15 "the first list" in_box test -s $list
}
with_etcd_the_first_list_is_there_at_once() {
    local began
    with_etcd || return 1
    began=$(now)
    apt install "$work/discoveryd.deb" || return 1
    eventually 10 "the first list" in_box test -s $list && took "apt-get install to the first list" "$began" 10000 || return 1
    expect "nothing to be said about a missing etcd" eval '! says "apt-get install etcd-server" >/dev/null' || return 1
    configure
    began=$(now)
    in_box systemctl reload discoveryd && eventually 10 "the service to be listed" listed &&
        took "a service and a reload to the list" "$began" 3000 && nothing_has_failed
}
a_policy_that_forbids_it_starts_nothing() {
    printf '#!/bin/sh\nexit 101\n' | in_box sh -c 'cat >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d'
    apt install "$work/discoveryd.deb" && says "policy-rc.d does not allow it" && says "starts with the system" &&
        expect "a daemon that does not run" [ "$(show ActiveState)" = inactive ] && nothing_has_failed
}
a_chroot_gets_a_unit_that_starts_with_the_system() {
    said=$(install_into_chroot) || { printf '%s\n' "$said" | tail | sed 's/^/    | /'; return 1; }
    says "installed, and starts with the system"
}
a_configuration_that_was_there_before_and_is_refused_is_said_and_fails_nothing() {
    in_box sh -c 'mkdir /etc/discoveryd.conf.d; echo "[[service]]" > /etc/discoveryd.conf.d/web.conf'
    apt install "$work/discoveryd.deb" && says "not started, for this version refuses the configuration" &&
        says "/etc/discoveryd.conf.d/web.conf:1" && nothing_has_failed &&
        expect "nobody to say that it is started" eval '! says "discoveryd is started" >/dev/null'
}
