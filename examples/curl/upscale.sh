#!/usr/bin/env bash
# Enlarges a picture to twice its size with nothing but curl: ./upscale.sh photo.png photo-2x.png
# against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
# against the service:  NOVITA_API_KEY=sk_...
set -euo pipefail

picture=$1
output=$2
address=${NOVITA_IMAGE_BASE_URL:-https://api.novita.ai}
: "${NOVITA_API_KEY:?is not set}"

# The key goes to curl by a file, so that nobody reads it in the list of processes.
novita() {
    curl --silent --show-error --fail-with-body --max-time 60 \
        --config <(printf 'header = "Authorization: Bearer %s"\n' "$NOVITA_API_KEY") "$@"
}

field() { # field NAME...: what stands there in the JSON of stdin
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name) if name.isdigit() else name]
print(value)' "$@"
}

# The picture goes by a pipe: as an argument it would be too long for the system.
body() {
    printf '{"request": {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": "'
    base64 < "$picture" | tr -d '\n'
    printf '"}}'
}

# Not tried again when it fails: who submits twice may pay twice.
if ! reply=$(body | novita "$address/v3/async/upscale" --header 'Content-Type: application/json' --data-binary @-); then
    echo "not accepted: $reply" >&2
    exit 1
fi
task_id=$(field task_id <<< "$reply")
echo "task $task_id" >&2

# Polls and downloads change nothing, so curl may try them again.
for ((poll = 0; poll < 300; poll++)); do
    result=$(novita --retry 3 --get "$address/v3/async/task-result" --data-urlencode "task_id=$task_id")
    case $(field task status <<< "$result") in
        TASK_STATUS_SUCCEED)
            curl --silent --show-error --fail --max-time 600 --retry 3 \
                --output "$output.part" "$(field images 0 image_url <<< "$result")"
            mv "$output.part" "$output" # only a whole picture gets the name
            exit 0
            ;;
        TASK_STATUS_FAILED)
            echo "task $task_id failed: $(field task reason <<< "$result")" >&2
            exit 1
            ;;
    esac
    sleep 1
done
echo "task $task_id has not ended; ask for it later" >&2
exit 1
