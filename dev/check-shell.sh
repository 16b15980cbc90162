#!/bin/sh
# Checks that every shell script parses, and that nothing names a machine's own paths.
set -eu
cd "$(dirname "$0")/.."
for script in dev/*.sh Examples/*/*.sh Tests/System/run.sh Tests/System/systemd-box Tests/System/scenarios/*; do
    case $(head -1 "$script") in
    *bash*) bash -n "$script" ;;
    *) sh -n "$script" ;;
    esac
done
