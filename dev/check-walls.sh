#!/bin/sh
# Checks what the compiler cannot know. Who may import whom stands in Package.swift, and the compiler
# holds it: each target is built with --explicit-target-dependency-import-check error.
#
#   dev/check-walls.sh [SOURCES]       SOURCES is ./Sources unless named
set -eu
cd "$(dirname "$0")/.."
sources=${1:-Sources}
failed=0

# All of Foundation, with its 30 MB, and Dispatch's threads: FoundationEssentials is enough. The generated
# code of EtcdAPI has a choice between the two, and takes the smaller one on Linux.
heavy=$(grep -rnE '^[[:space:]]*(@[a-zA-Z_()]+ )*((public|package|internal|fileprivate|private) )?import (Foundation|FoundationInternationalization|Dispatch)$' \
    --include='*.swift' "$sources" | grep -v '/EtcdAPI/' || true)
if [ -n "$heavy" ]; then
    echo "import FoundationEssentials or Synchronization instead:" >&2
    printf '%s\n' "$heavy" >&2
    failed=1
fi

# These know nothing of discovery, so that any program can use them.
for module in Machines Texts Mustache Files Programs Certificates Network GRPCTransport Etcd Systemd Exposition LocalServer; do
    [ -d "$sources/$module" ] || continue
    found=$(grep -rnE 'import (Registry|EtcdRegistry|EndpointFiles|HealthChecks|Configuration|Daemon|discoveryd)$' \
        --include='*.swift' "$sources/$module" || true)
    if [ -n "$found" ]; then
        echo "$module must know nothing of discovery (see ARCHITECTURE.md):" >&2
        printf '%s\n' "$found" >&2
        failed=1
    fi
done

# The C shims keep systemd's and C++'s headers to themselves.
leaks=$(grep -rnE '#include *<(systemd|toml\+\+)/' "$sources"/C*/include || true)
if [ -n "$leaks" ]; then
    echo "a header that Swift sees includes systemd or toml++:" >&2
    printf '%s\n' "$leaks" >&2
    failed=1
fi

# Not in the product: what ends the program, what prints in a library, what nobody waits for.
banned=$(grep -rnE 'fatalError\(|try!|as! |Task\.detached|DispatchQueue|NSLock|nonisolated\(unsafe\)' \
    --include='*.swift' "$sources" | grep -v '/EtcdAPI/' || true)
prints=$(grep -rnE '(^|[^A-Za-z_.])print\(' --include='*.swift' "$sources" | grep -vE '/(EtcdAPI|discoveryd)/|: *///' || true)
if [ -n "$banned$prints" ]; then
    echo "not in the product:" >&2
    printf '%s\n%s\n' "$banned" "$prints" | sed '/^$/d' >&2
    failed=1
fi

# What the daemon logs from notice on has an id and an entry in the catalog: LogMessage.swift.
anonymous=$(grep -rnE 'log\.(notice|warning|error|critical)\(' --include='*.swift' "$sources/Daemon" "$sources/discoveryd" || true)
if [ -n "$anonymous" ]; then
    echo "log a LogMessage instead:" >&2
    printf '%s\n' "$anonymous" >&2
    failed=1
fi
exit $failed
