#!/usr/bin/env bash
# bylaw record: a session with a fake server (aimock) through the real tools, written down without
# its key, and shown again.
set -euo pipefail
. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
mock=
trap '[ -z "$mock" ] || kill "$mock" 2>/dev/null; rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

cat >"$dir/fixtures.json" <<'JSON'
{"fixtures":[
 {"match":{"userMessage":"list","hasToolResult":true},"response":{"content":"One file: a.rego. The key is sk-test-sesame."}},
 {"match":{"userMessage":"list"},"response":{"toolCalls":[{"name":"list_files","arguments":"{\"pattern\":null}"}]}},
 {"match":{"userMessage":"busy"},"response":{"error":{"message":"No","type":"invalid_request_error"},"status":400}}
]}
JSON
modules=$(fetch_node_modules "$BYLAW_SOURCE_DIR/tests/node")
node "$modules/.bin/llmock" -p 0 -f "$dir/fixtures.json" >"$dir/mock.log" 2>&1 &
mock=$!
url=
while [ -z "$url" ]; do
  kill -0 "$mock" || fail "aimock: $(cat "$dir/mock.log")"
  sleep 0.05
  url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$dir/mock.log")
done

mkdir -p "$dir/config/bylaw" "$dir/ws"
printf 'package a\n' >"$dir/ws/a.rego"
export XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache
export MOCK_KEY=sk-test-sesame
for wire in responses chat; do
  printf 'base_url = "%s/v1"\nwire_api = "%s"\nmodel = "gpt-4o"\napi_key_env = "MOCK_KEY"\n' \
    "$url" "$wire" >"$dir/config/bylaw/config.toml"
  out=$("$bylaw" record --dir "$dir/ws" "$dir/$wire.jsonl" "Please list the files.") ||
    fail "$wire: $? $out"
  grep -q '^agent: One file: a.rego' <<<"$out" || fail "$wire: $out"
  grep -q '^list_files: ' <<<"$out" || fail "$wire: no tool ran: $out"
  ! grep -q sesame "$dir/$wire.jsonl" || fail "$wire: the key is in the recording"
  shown=$("$bylaw" record --show "$dir/$wire.jsonl")
  grep -qx 'model: gpt-4o' <<<"$shown" || fail "$shown"
  grep -qx 'prompt: Please list the files.' <<<"$shown" || fail "$shown"
done

expect() { # CODE TEXT ARGUMENT…
  local want=$1 text=$2 code=0 out
  shift 2
  out=$("$bylaw" record "$@" 2>&1) || code=$?
  [ "$code" = "$want" ] || fail "record $*: exit $code instead of $want: $out"
  grep -qF "$text" <<<"$out" || fail "record $*: \"$text\" is not in: $out"
}
expect 2 "exists" --dir "$dir/ws" "$dir/chat.jsonl" "again"
expect 2 "session ended with the error" --dir "$dir/ws" "$dir/busy.jsonl" "busy"
expect 2 "takes a FILE" --dir "$dir/ws"
expect 2 "takes a FILE" "$dir/x.jsonl"
printf '{}\n' >"$dir/bad.jsonl"
expect 1 "no recording of version 1" --show "$dir/bad.jsonl"
expect 2 "cannot" --show "$dir/absent.jsonl"
printf 'model_provider = "recording"\n' >"$dir/config/bylaw/config.toml"
expect 2 "no live model" --dir "$dir/ws" "$dir/none.jsonl" "hello"
[ ! -e "$dir/none.jsonl" ] || fail "a file was made for nothing"
echo "bylaw record holds"
