# shellcheck shell=bash
# What is in the package, and whether it works where nothing else of ours is.

completes() {
    # shellcheck disable=SC2016  # for the shell in the box
    in_box bash -c '
        . /usr/share/bash-completion/completions/discoveryd
        COMP_LINE="discoveryd $1" COMP_POINT=$((11 + ${#1})) COMP_CWORD=1 COMP_WORDS=(discoveryd "$1")
        _discoveryd discoveryd "$1" discoveryd
        printf "%s\n" "${COMPREPLY[@]}"' bash "$1" | grep -qxe "$2 *"
}

# ---- scenarios ----------------------------------------------------------------------------

lintian_finds_no_error_and_no_warning() {
    local found
    found=$(lintian --allow-root --fail-on error,warning "$package" 2>&1) || {
        printf '%s\n' "$found" | sed 's/^/    | /'
        return 1
    }
}
a_release_of_other_versions_or_of_a_changed_tree_is_refused() {
    local tree=$work/tree-of-release
    git clone -q . "$tree" && "$tree/dev/components" resolve || return 1
    said=$("$tree/dev/components" check 2>&1)
    expect "the packages to be those of the list" eval '! has "$said" "was resolved"' || return 1
    sed -i '/"swift-nio"/,/version/s/"version": "/&9/' "$tree/Package.resolved"
    said=$("$tree/dev/components" check 2>&1) && return 1
    says "swift-nio: 2." && says " is listed, 92." || return 1
    touch "$tree/forgotten.swift"
    said=$("$tree/dev/make-release" 2>&1) && return 1
    says "no release of a tree with changes" && says "forgotten.swift"
}
everything_is_there_and_needs_no_swift() {
    local file
    apt install "$work/discoveryd.deb" || return 1
    expect "no Swift" in_box sh -c '! command -v swift && ! ls -d /usr/lib/swift*' &&
        expect "a program whose libraries are all there, none of them Swift's" in_box sh -c \
            'ldd /usr/sbin/discoveryd >/run/ldd && ! grep -iE "not found|swift" /run/ldd' &&
        expect "--version to name the version of the package" in_box sh -c \
            'discoveryd --version | grep -F "discoveryd $(dpkg-query -W -f "\${Version}" discoveryd | sed "s/[~-].*//") ("' &&
        expect "the catalog to be known to journalctl" in_box sh -c 'journalctl --list-catalog | grep -q discoveryd' &&
        expect "the user" in_box id _discoveryd &&
        expect "the configuration to be a conffile" in_box sh -c \
            'dpkg-query -W -f "\${Conffiles}" discoveryd | grep -q "^ /etc/discoveryd.conf "' &&
        expect "the sample to be valid" in_box discoveryd check || return 1
    for file in man/man8/discoveryd.8.gz man/man5/discoveryd.conf.5.gz man/man5/discoveryd-formats.5.gz \
        bash-completion/completions/discoveryd zsh/vendor-completions/_discoveryd \
        fish/vendor_completions.d/discoveryd.fish doc/discoveryd/copyright doc/discoveryd/changelog.gz \
        doc/discoveryd/examples/haproxy/output.conf; do
        # A minimal system may be set up to install no manuals and no documentation; this one is not.
        expect "$file" in_box test -s "/usr/share/$file" || return 1
    done
}
bash_completes_commands_and_options() {
    apt install "$work/discoveryd.deb" || return 1
    expect "sta to be completed to status" completes sta status &&
        expect "a list of commands" completes "" check &&
        expect "--ver to be completed to --version" completes --ver --version
}
dev_shows_the_live_list_within_three_seconds() {
    local began
    apt install "$work/discoveryd.deb" || return 1
    in_box discoveryd dev >"$work/dev" 2>&1
    expect "an exit status of 69 without an etcd" [ $? = 69 ] &&
        expect "the command that installs it" grep -q "apt install etcd-server" "$work/dev" || return 1
    apt install etcd-server || return 1
    began=$(now)
    in_box timeout -s INT 10 discoveryd dev >"$work/dev" 2>&1 &
    eventually 9 "the live list" grep -q "127.0.0.1:8080" "$work/dev" && took "dev to the live list" "$began" 3000
    local result=$?
    wait $!
    return $result
}
