#!/bin/sh
# The same for a script: it reads the list once, whole, and then works with what it read.
set -eu
. /run/discoveryd/services.env

for address in $WEB_ADDRS; do
    echo "web is at $address"
done
