#!/usr/bin/env bash
# Write what the double of an earlier step saw into a HAR file; keys and signatures are not in it.
set -euo pipefail

place=$RUNNER_TEMP/novita-mock
if ! [ -s "$place/ready.json" ]; then
    echo "::error title=novita-mock::no step of this job has started a double: use the action without har first"
    exit 1
fi
url=$("$place/venv/bin/python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["url"])' "$place/ready.json")
NOVITA_MOCK_CONTROL_TOKEN=$(cat "$place/token") "$place/bin/novita-mock" requests --url "$url" --har "$DOUBLE_HAR"
echo "$DOUBLE_HAR holds what $url saw"
