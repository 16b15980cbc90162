# shellcheck shell=bash
# discoveryd check, run by root: what the daemon's own user would see.

check() { said_by_check=$(in_box /usr/sbin/discoveryd check "$@" 2>&1); }
check_says() {
    local status=$1 what=$2 result
    shift 2
    check "$@"
    result=$?
    expect "check to end with $status, not $result: $said_by_check" [ $result = "$status" ] &&
        expect "check to say \"$what\", it said: $said_by_check" has "$said_by_check" "$what"
}
what_is_there() { in_box sh -c 'ls -lanR /run/discoveryd /var/lib/discoveryd 2>&1'; }
secured_configuration() {
    standard_configuration
    in_box sh -c 'cat >> /etc/discoveryd.conf' <<CONF
[etcd]
username = "discoveryd"
password_file = "/etc/discoveryd.password"
CONF
}

# ---- scenarios ----------------------------------------------------------------------------

check_sees_as_the_user_of_the_unit_and_writes_nothing() {
    fresh || return 1
    local before
    before=$(what_is_there)
    check_says 0 "registers: web/web-1" &&
        expect "all to be checked, check said: $said_by_check" [ "${said_by_check/not checked/}" = "$said_by_check" ] || return 1
    # A password that root can read and the daemon cannot.
    secured_configuration
    in_box sh -c 'umask 077 && echo secret > /etc/discoveryd.password'
    check_says 78 'password_file: "/etc/discoveryd.password" cannot be read' || return 1
    in_box sh -c 'chgrp _discoveryd /etc/discoveryd.password && chmod 640 /etc/discoveryd.password'
    check_says 0 "registers: web/web-1" || return 1
    # A directory of root's, and then one of the daemon's that the sandbox hides.
    in_box sh -c 'mkdir -p /srv/lists && printf "[[output]]\npath = \"/srv/lists/a.json\"\n" >> /etc/discoveryd.conf'
    check_says 78 "/srv/lists/a.json: writing is not permitted here" || return 1
    in_box chown _discoveryd /srv/lists
    check_says 0 "ReadWritePaths=/srv/lists" || return 1
    drop_in '[Service]\nReadWritePaths=/srv/lists\n'
    check_says 0 "writes: /srv/lists/a.json" &&
        expect "no word of the sandbox, check said: $said_by_check" [ "${said_by_check/ReadWritePaths/}" = "$said_by_check" ] &&
        expect "nothing to be written" [ "$(in_box ls -A /srv/lists)" = "" ] || return 1
    in_box rm -rf /srv/lists /etc/discoveryd.password
    expect "nothing to be written anywhere" [ "$(what_is_there)" = "$before" ]
}

check_by_another_user_says_what_it_does_not_check() {
    fresh || return 1
    secured_configuration
    in_box sh -c 'umask 077 && echo secret > /etc/discoveryd.password'
    said_by_check=$(in_box setpriv --reuid=65534 --regid=65534 --clear-groups /usr/sbin/discoveryd check 2>&1)
    local result=$?
    in_box rm /etc/discoveryd.password
    expect "check to end with 0, not $result: $said_by_check" [ $result = 0 ] &&
        expect "it to say what is not checked: $said_by_check" has "$said_by_check" "not checked: what _discoveryd"
}
