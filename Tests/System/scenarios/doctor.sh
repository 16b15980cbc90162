# shellcheck shell=bash
# discoveryd doctor: what is broken on this host, and a file about it for others.

# ---- scenarios ----------------------------------------------------------------------------

doctor_names_the_one_thing_that_is_broken() {
    fresh || return 1
    local result=0
    in_box /usr/bin/python3 "$PWD/Tests/System/doctor.py" "$PWD" --table /srv/table.md || result=1
    [ -z "${DOCTOR_TABLE:-}" ] || in_box cat /srv/table.md >"$DOCTOR_TABLE"
    # On a host where so much was broken nobody else is to look at anything.
    "$box" down >/dev/null
    install_into_box || result=1
    return $result
}
