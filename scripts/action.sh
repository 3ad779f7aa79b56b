#!/usr/bin/env bash
# What action.yml runs. It reads BASE, HEAD, PYTHON and TOKEN, the action's inputs, and the runner's own variables.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
report=${RUNNER_TEMP:?}/panel-diff.md
echo "report=$report" >>"${GITHUB_OUTPUT:?}"

if [[ -z ${BASE:-} ]]; then
    echo "::error::there is no base to compare with; run this on pull_request, or give the input base"
    exit 2
fi

status=0
python3 "$scripts/panel_diff.py" --base "$BASE" --head "${HEAD:?}" --output "$report" --python "${PYTHON:-}" || status=$?

# A report that says why there is none is worth a comment, too.
outcome=$(GITHUB_TOKEN=${TOKEN:-} python3 "$scripts/request_comment.py" "$report")
echo "::notice::panel diff: $outcome"

exit "$status"
