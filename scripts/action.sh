#!/usr/bin/env bash
# What action.yml runs. It reads BASE, HEAD, FILES, COMMAND, PROMETHEUS and PYTHON, the action's inputs, and the runner's own
# variables.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ -z ${BASE:-} ]]; then
    echo "::error::there is no base to compare with; run this on pull_request, or give the input base"
    exit 2
fi

report=${RUNNER_TEMP:?}/panel-diff.md
echo "report=$report" >>"${GITHUB_OUTPUT:?}"
python3 "$scripts/panel_diff.py" --base "$BASE" --head "${HEAD:?}" --output "$report" --python "${PYTHON:-}" \
    --files "${FILES:-}" --command "${COMMAND:-}" --prometheus "${PROMETHEUS:-}"
