# What the scenarios in a box are written with, the unit's and the package's; sourced by both run.sh.
# Needs $box, the path of systemd-box, and SDBOX=, its name.
# shellcheck shell=bash

in_box() { "$box" exec "$@"; }
etcdctl() { in_box env ETCDCTL_API=3 etcdctl "$@"; }
show() { in_box systemctl show discoveryd -P "$1"; }
has() { case $1 in *"$2"*) ;; *) return 1 ;; esac; }

# Waits for an event of another process, with a deadline: eventually SECONDS WHAT COMMAND...
eventually() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ]; then
            echo "    not in time: $what"
            return 1
        fi
        sleep 0.05
    done
}

# Says what was expected when it is not so: expect WHAT COMMAND...
expect() {
    local what=$1
    shift
    "$@" >/dev/null 2>&1 || {
        echo "    expected: $what"
        return 1
    }
}
