# shellcheck shell=bash
# What goes with the package, and what stays.

# ---- scenarios ----------------------------------------------------------------------------

removed_it_leaves_the_registry_and_keeps_its_configuration() {
    with_service && apt remove discoveryd || return 1
    expect "the registration to be gone" eval '! registered' &&
        expect "the program to be gone" in_box test ! -e /usr/sbin/discoveryd &&
        expect "the configuration to stay" in_box grep -q web-1 /etc/discoveryd.conf &&
        expect "its last list to stay" in_box test -s $list && nothing_has_failed || return 1
    # As it was, when it comes back.
    apt install "$(as_version 1.1-1)" && eventually 10 "the service to be back" eval 'registered && listed'
}
purged_it_leaves_nothing_but_its_user() {
    local left
    with_service && expect "its state" in_box test -d /var/lib/discoveryd && apt purge discoveryd || return 1
    left=$(in_box find /etc /usr /var/lib /run -xdev '(' -name '*discoveryd*' -o -path '*/discoveryd/*' ')' \
        -not -path '/run/systemd/*')
    [ -z "$left" ] || {
        printf '%s\n' "$left" | sed 's/^/    left: /'
        return 1
    }
    expect "its user to stay" in_box id _discoveryd && expect "the registration to be gone" eval '! registered' &&
        nothing_has_failed
}
