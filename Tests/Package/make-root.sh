#!/bin/sh
# Makes what the package is installed into: a bare Debian 12 with systemd, by debootstrap, and beside it the packages that
# the tests install later, downloaded. It is kept; remove the directory to make it anew.
#
#   Tests/Package/make-root.sh DIRECTORY
set -eu
root=$1
[ ! -e "$root/.complete" ] || exit 0
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | head -n 1)
rm -rf "$root"
mkdir -p "$root"
echo "making $root: a bare Debian 12, for a minute or two"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libnss-systemd bookworm "$root" \
    "${mirror:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
echo '127.0.0.1 localhost' >"$root/etc/hosts"
# As apt is set up on this host, for the download only.
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" apt-get clean
chroot "$root" apt-get install -y -q --download-only etcd-server etcd-client >>"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
touch "$root/.complete"
