#!/bin/sh
# Checks who imports whom. The compiler checks that an import is declared; this checks that it is
# allowed: modules point one way, and the rooms never meet.
#
#   dev/check-walls.sh [SOURCES]       SOURCES is ./Sources unless named
set -eu
cd "$(dirname "$0")/.."
sources=${1:-Sources}
failed=0

# What each module may import, beside the standard library's own modules.
allowed() {
    case $1 in
    Registry) echo ;;
    Certificates) echo NIOSSL ;;
    EtcdAPI) echo GRPCCore GRPCProtobuf SwiftProtobuf ;;
    Etcd) echo Registry Certificates EtcdAPI AsyncAlgorithms GRPCCore GRPCNIOTransportHTTP2Posix GRPCProtobuf \
        NIOCore NIOHTTP2 NIOPosix NIOSSL SwiftProtobuf ;;
    EndpointFiles) echo Registry ;;
    HealthChecks) echo Registry Certificates NIOCore NIOHTTP1 NIOPosix NIOSSL Subprocess ;;
    Metrics) echo NIOCore NIOHTTP1 NIOPosix ;;
    Systemd) echo CSystemd Logging ;;
    discoveryd) echo Registry Etcd EndpointFiles HealthChecks Metrics Systemd CAllocator CSignals CToml ArgumentParser \
        Logging NIOCore NIOPosix ServiceLifecycle Subprocess SystemPackage ;;
    *) return 1 ;;
    esac
}
standard='Swift Synchronization Glibc FoundationEssentials'

for directory in "$sources"/*/; do
    module=$(basename "$directory")
    case $module in C*) continue ;; esac
    if ! list=$(allowed "$module"); then
        echo "$directory: a new module; say in dev/check-walls.sh what it may import" >&2
        failed=1
        continue
    fi
    imports=$(grep -rnE '^[[:space:]]*(@[a-zA-Z_()]+ )*((public|package|internal|fileprivate|private) )?import ' \
        --include='*.swift' "$directory" || true)
    bad=$(printf '%s\n' "$imports" | while IFS= read -r line; do
        [ -n "$line" ] || continue
        name=$(printf '%s' "$line" | sed -E 's/.*import ((struct|class|enum|protocol|func|var|let|typealias) )?([A-Za-z0-9_]+).*/\3/')
        case " $standard $list " in *" $name "*) continue ;; esac
        # Generated with a choice between the two; on Linux FoundationEssentials is taken.
        if [ "$name" = Foundation ] && [ "$module" = EtcdAPI ]; then continue; fi
        echo "$line"
    done)
    if [ -n "$bad" ]; then
        echo "$module must not import these (see ARCHITECTURE.md):" >&2
        printf '%s\n' "$bad" >&2
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
anonymous=$(grep -rnE 'log\.(notice|warning|error|critical)\(' --include='*.swift' "$sources/discoveryd" || true)
if [ -n "$anonymous" ]; then
    echo "log a LogMessage instead:" >&2
    printf '%s\n' "$anonymous" >&2
    failed=1
fi
exit $failed
