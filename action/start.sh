#!/usr/bin/env bash
# Install and start the double, wait until it is healthy, and tell the steps that follow.
# What the workflow says comes in variables, so that none of it is ever read as a command.
set -euo pipefail
umask 077

stop() {
    printf '::error title=novita-mock::%s\n' "$1"
    exit 1
}

place=$RUNNER_TEMP/novita-mock
python=$place/venv/bin/python
ready=$place/ready.json
what=novita-mock${DOUBLE_VERSION:+==$DOUBLE_VERSION}
if [ -n "$DOUBLE_WHEEL" ]; then
    [ -e "$DOUBLE_WHEEL" ] || stop "there is no $DOUBLE_WHEEL here: give the path of a wheel or of a checkout"
    what=$DOUBLE_WHEEL
fi
"$DOUBLE_PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "novita-mock needs Python 3.11 or newer: use actions/setup-python before it, or the input python"

# An environment of its own: what the double needs must not change what the project under test has.
mkdir -p "$place/bin"
rm -f "$ready"
if "$DOUBLE_PYTHON" -m pip --version >/dev/null 2>&1; then # a pip less to install
    [ -x "$python" ] || "$DOUBLE_PYTHON" -m venv --without-pip "$place/venv"
    pip=("$DOUBLE_PYTHON" -m pip --python "$python")
else
    "$DOUBLE_PYTHON" -m venv "$place/venv"
    pip=("$python" -m pip)
fi
"${pip[@]}" install --quiet --disable-pip-version-check "$what" || stop "$what could not be installed"
ln -sf "$place/venv/bin/novita-mock" "$place/bin/novita-mock"

token=$DOUBLE_CONTROL_TOKEN
case $DOUBLE_HOST in
127.* | localhost | ::1) ;;
*) token=${token:-$("$python" -c 'import secrets; print(secrets.token_urlsafe(24))')} ;;
esac
if [ -n "$token" ]; then
    echo "::add-mask::$token"
fi
printf '%s' "$token" >"$place/token"

words=(serve --host "$DOUBLE_HOST" --port "$DOUBLE_PORT" --ready-file "$ready")
read -r -a more <<<"${DOUBLE_ARGUMENTS//$'\n'/ }"
# The Bash of macOS takes an empty array for an unset one.
NOVITA_MOCK_CONTROL_TOKEN=$token nohup "$place/bin/novita-mock" "${words[@]}" ${more[@]+"${more[@]}"} \
    >"$place/log.txt" 2>&1 </dev/null &
double=$!
for ((tenths = 0; tenths < 300; tenths++)); do
    if [ -s "$ready" ] || ! kill -0 "$double" 2>/dev/null; then
        break
    fi
    sleep 0.1
done
if ! [ -s "$ready" ]; then
    cat "$place/log.txt"
    stop "the double did not start; it says why above"
fi
url=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["url"])' "$ready")
"$place/bin/novita-mock" healthcheck --url "$url" || stop "the double started, but does not answer at $url"

echo "$place/bin" >>"$GITHUB_PATH"
{
    echo "url=$url"
    echo "control-token=$token"
} >>"$GITHUB_OUTPUT"
if [ -z "${NOVITA_API_KEY:-}" ]; then
    echo "NOVITA_API_KEY=$DOUBLE_API_KEY" >>"$GITHUB_ENV"
fi
