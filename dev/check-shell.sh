#!/bin/sh
# Checks that every shell script parses, and that nothing names a machine's own paths.
set -eu
cd "$(dirname "$0")/.."
for script in dev/*.sh Examples/*/*.sh dev/make-deb dev/make-release dev/progress dev/failures-last dev/strip-binary dev/version \
    packaging/debian/discoveryd.p* Tests/System/*.sh Tests/System/systemd-box Tests/System/scenarios/* \
    Tests/Package/*.sh Tests/Package/scenarios/*; do
    case $(head -1 "$script") in
    *bash*) bash -n "$script" ;;
    *) sh -n "$script" ;;
    esac
done
