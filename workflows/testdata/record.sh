#!/usr/bin/env bash
# Records the history of every scenario anew, on a real Temporal of its own. Some scenarios take
# their business's time (a customer has 15 minutes to authenticate), so this takes about half an hour.
# With an argument, a pattern of go test -run like 'Review|Hold', only scenarios whose name begins so are recorded.
set -euo pipefail
cd "$(dirname "$0")/../.."
kassa=${KASSA_BIN:-${KASSA_HOME:-$PWD/.kassa}/bin/kassa}
export KASSA_TOOLS_DIR=${KASSA_TOOLS_DIR:-$PWD/.kassa/tools}
state=$(mktemp -d)
trap 'kill $up 2>/dev/null || true; wait $up 2>/dev/null || true; rm -rf "$state"' EXIT
"$kassa" --home "$state" up --free-ports --only temporal --no-logs & up=$!
until [ -f "$state/run/platform.json" ]; do kill -0 $up; sleep 1; done
temporal=$(sed -n 's/.*"temporal": *"\([^"]*\)".*/\1/p' "$state/run/platform.json")
[ $# -gt 0 ] || rm -rf workflows/testdata/histories
go test ./workflows -count=1 -timeout=60m -run "TestRecord/scenarios/^(${1:-.*})" -parallel=100 -record="$temporal" -v
