#!/bin/sh
# Checks that what README.md and docs/ show of an example is what the example holds, which is what the tests
# use: the block below a line `<!-- Examples/... -->`, against that file without comments and empty lines.
set -eu
cd "$(dirname "$0")/.."
failed=0
bare() { grep -vE '^[[:space:]]*(#|$)' || true; }
for page in README.md docs/*.md; do
    for example in $(sed -n 's/^<!-- \(Examples\/.*\) -->$/\1/p' "$page"); do
        shown=$(awk -v mark="<!-- $example -->" '
            $0 == mark { found = 1; next }
            found && /^```/ { if (inside) exit; inside = 1; next }
            inside' "$page" | bare)
        if [ -z "$shown" ] || [ "$shown" != "$(bare <"$example")" ]; then
            echo "$page: what it shows is not what $example holds" >&2
            failed=1
        fi
    done
done
exit $failed
