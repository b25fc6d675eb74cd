#!/usr/bin/env bash
# bylaw generate over 24 controls (BYLAW_GENERATE_CONTROLS: more) with a model's server that answers 429,
# cuts streams and closes connections, killed twice on the way: every control ends in exactly one
# proposal or one failure, nothing is written, and what was done is not done again.
. "$(dirname "$0")/../../scripts/lib.sh"
bylaw=$BYLAW_BINARY_DIR/bylaw
count=${BYLAW_GENERATE_CONTROLS:-24}
jobs=${BYLAW_GENERATE_JOBS:-8}
requirements=${BYLAW_GENERATE_REQUIREMENTS:-requirements.csv}

have node || { echo "skipped: no node on this machine"; exit 77; }
have jq || { echo "skipped: no jq on this machine"; exit 77; }
have opa || { echo "skipped: no opa on this machine"; exit 77; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
server= run=
finish() {
  if [ -n "$run" ]; then kill -9 "$run" 2>/dev/null || true; fi
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$dir"
}
trap finish EXIT
export HOME=$dir/home XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config LAB_ACCESS=x
export CODEX_HOME=$dir/codex
mkdir -p "$dir/home" "$dir/state" "$dir/config/bylaw" "$dir/ws/policies"

failed() {
  echo "FAILED: $*"
  tail -n 30 "$dir"/*.err 2>/dev/null || true
  exit 1
}

start_server() {
  : >"$dir/server" # before it begins: an earlier one's line is not its own
  node "$ROOT/tests/tools/fake_model.mjs" 0 "$@" >"$dir/server" 2>&1 &
  server=$!
  until grep -q '^listening on .*[0-9]$' "$dir/server"; do
    kill -0 "$server" 2>/dev/null || failed "no server: $(cat "$dir/server")"
    sleep 0.1
  done
  url=$(sed -n 's/listening on //p' "$dir/server")
  printf 'model = "m"\nbase_url = "%s/v1"\nwire_api = "chat"\napi_key_env = "LAB_ACCESS"\n' "$url" \
    >"$dir/config/bylaw/config.toml"
}

cd "$dir/ws"
git init -q -b main .
{
  echo 'control_id,description,framework,version'
  for ((i = 1; i <= count; i++)); do
    echo "7.$((i / 10)).$((i % 10)),\"Containers, number $i, must not share the host's processes\",own,1"
  done
} >requirements.csv
git add -A
git -c user.name=N -c user.email=n@x commit -qm first

ended() { jq -c 'select(.type == "control" and .state != "runs")' "$1" 2>/dev/null | wc -l; }

# Runs it and kills it once so many have ended.
run_and_kill() {
  local out=$1 wanted=$2
  shift 2
  "$bylaw" generate --requirements "$requirements" --all --jobs "$jobs" --json "$@" >"$out" 2>"$out.err" &
  run=$!
  until [ "$(ended "$out")" -ge "$wanted" ]; do
    kill -0 "$run" 2>/dev/null || failed "it ended before it was killed: $(tail -n 1 "$out")"
    sleep 0.05
  done
  kill -9 "$run"
  wait "$run" 2>/dev/null || true
  run=
}

start_server faults
SECONDS=0
run_and_kill "$dir/1" $((count / 4))
if "$bylaw" generate --requirements "$requirements" --all >"$dir/again" 2>"$dir/again.err"; then
  failed "it began anew where another run was cut short"
fi
grep -q -- "--resume goes on" "$dir/again.err" || failed "it did not say how to go on"
run_and_kill "$dir/2" $((count / 4)) --resume
code=0
"$bylaw" generate --requirements "$requirements" --all --jobs "$jobs" --json --resume >"$dir/3" 2>"$dir/3.err" || code=$?
[ "$code" -le 1 ] || failed "exit code $code"

# All three runs together: no control ended twice, none not at all.
cat "$dir/1" "$dir/2" "$dir/3" | jq -r 'select(.type == "control" and .state != "runs") | .control_id' | sort >"$dir/ids"
ledger=$(echo "$dir"/state/bylaw/generate/*/*.json)
[ "$(sort -u "$dir/ids" | wc -l)" -eq "$(wc -l <"$dir/ids")" ] || failed "ended twice: $(sort "$dir/ids" | uniq -d)"
[ "$(jq '.controls | length' "$ledger")" -eq "$count" ] || failed "the ledger has not all controls"
[ "$(jq '[.controls[] | select(.state == "proposed" or .state == "failed")] | length' "$ledger")" -eq "$count" ] ||
  failed "some did not end"
[ "$(jq '[.controls[] | select(.state == "failed" and ((.why // "") == ""))] | length' "$ledger")" -eq 0 ] ||
  failed "a failure without a word"

# What waits in the sessions is what the ledger says: one open proposal each, below its own folder.
for session in "$dir"/state/bylaw/sessions/*/*.jsonl; do
  jq -c 'select(.k == "proposal")' "$session" | tail -n 1 |
    jq -r --arg s "$(basename "$session" .jsonl)" 'select(.state == 0) | [$s, ([.changes[].path | split("/")[0:2] | join("/")] | unique | join(" "))] | @tsv'
done | sort >"$dir/open"
jq -r '.controls[] | select(.state == "proposed") | [.session, "policies/control_" + (.id | gsub("\\."; "_"))] | @tsv' "$ledger" |
  sort >"$dir/proposed"
diff "$dir/open" "$dir/proposed" || failed "the sessions and the ledger differ"

proposed=$(wc -l <"$dir/proposed")
refused=$(jq '[.controls[] | select(.state == "failed" and (.why | test("refused")))] | length' "$ledger")
curl -s "$url/counts" >"$dir/counts"
jq -e '.busy > 0 and .cut + .closed > 0' "$dir/counts" >/dev/null || failed "no faults came: $(cat "$dir/counts")"
[ -z "$(git status --porcelain)" ] || failed "the workspace was written to: $(git status --porcelain)"
tail -n 1 "$dir/3.err"
echo "$count controls in $SECONDS s, $jobs at a time: $proposed proposals, $((count - proposed)) failures ($refused refused for good); server: $(cat "$dir/counts")"
[ -z "${BYLAW_GENERATE_ONLY_SCALE:-}" ] || exit 0

# A proposal is green exactly where `bylaw check` is green with it: one of each kind.
lay_out() { # SESSION FOLDER: the workspace with its proposal
  cp -r "$dir/ws" "$2"
  jq -c 'select(.k == "proposal")' "$dir"/state/bylaw/sessions/*/"$1.jsonl" | tail -n 1 >"$dir/one"
  for ((i = 0; i < $(jq '.changes | length' "$dir/one"); i++)); do
    local file
    file=$2/$(jq -r ".changes[$i].path" "$dir/one")
    mkdir -p "$(dirname "$file")"
    jq -j ".changes[$i].content" "$dir/one" >"$file"
  done
}
for wanted in 0:null 1:tests: 1:guards:; do
  session=$(jq -r --arg why "${wanted#*:}" '[.controls[] | select(.state == "proposed" and ((.why // "null") | startswith($why)))][0].session' "$ledger")
  [ "$session" != null ] || failed "no proposal ended as $wanted: $(cat "$ledger")"
  lay_out "$session" "$dir/with"
  code=0
  "$bylaw" check "$dir/with" >"$dir/check" 2>"$dir/check.err" </dev/null || code=$?
  [ "$code" = "${wanted%%:*}" ] || { cat "$dir/check"; failed "check says $code where the ledger says $wanted"; }
  rm -rf "$dir/with"
done

# Again: what waits is left alone, what failed is tried.
code=0
"$bylaw" generate --requirements requirements.csv --all --jobs "$jobs" --json >"$dir/4" 2>"$dir/4.err" || code=$?
[ "$(ended "$dir/4")" -eq $((count - proposed)) ] || failed "not exactly the failed ones were tried again"
kill "$server" && wait "$server" 2>/dev/null || true
server=

# A bound: nothing begins behind it, and what is left is named.
rm -rf "$dir/state"
start_server
printf '[models.m]\ninput = 100.0\noutput = 1000.0\n' >"$dir/config/bylaw/prices.toml"
code=0
"$bylaw" generate --requirements requirements.csv --jobs 1 --max-cost 2 --json >"$dir/5" 2>"$dir/5.err" || code=$?
[ "$code" -eq 1 ] || failed "exit code $code at the bound"
grep -q -- '--max-cost \$2.00 is used up.*; left: ' "$dir/5.err" || failed "the bound was not told"
jq -e 'select(.type == "summary") | .left > 0 and .green > 0 and .dollars > 1 and .dollars <= 2' "$dir/5" >/dev/null ||
  failed "the summary: $(tail -n 1 "$dir/5")"

# It bounds turns that come to no end, too, all together and however many run: no request begins that would pass it ($0.70 each,
# which the first eight do not know yet). What was cut short goes on in its session with more, of which what was spent before is a
# part.
kill "$server" && wait "$server" 2>/dev/null || true
start_server endless
rm -rf "$dir/state"
spent() { jq -r 'select(.type == "summary") | .dollars' "$1"; }
sessions() { jq -r '.controls[] | select(.session) | .session' "$dir"/state/bylaw/generate/*/*.json | sort; }
code=0
"$bylaw" generate --requirements requirements.csv --jobs 8 --max-cost 7 --json >"$dir/5" 2>"$dir/5.err" || code=$?
[ "$code" -eq 1 ] || failed "exit code $code at the bound"
jq -e --argjson all "$count" 'select(.type == "summary") | .left == $all and .failed == 0 and .dollars > 6 and .dollars < 7.01' \
  "$dir/5" >/dev/null || failed "the summary: $(tail -n 1 "$dir/5")"
grep -q -- '--max-cost \$7.00 is used up.*; left: .*--resume with a higher --max-cost goes on' "$dir/5.err" ||
  failed "the bound was not told"
sessions >"$dir/sessions"
[ "$(wc -l <"$dir/sessions")" -ge 2 ] || failed "not several sessions: $(cat "$dir/sessions")"
"$bylaw" generate --requirements requirements.csv --jobs 8 --max-cost 7 --resume --json >"$dir/6" 2>"$dir/6.err" || true
[ "$(spent "$dir/6")" = "$(spent "$dir/5")" ] || failed "spent although nothing was left: $(tail -n 1 "$dir/6")"
"$bylaw" generate --requirements requirements.csv --jobs 8 --max-cost 20 --resume --json >"$dir/6" 2>"$dir/6.err" || true
jq -e 'select(.type == "summary") | .failed == 0 and .dollars > 19 and .dollars < 20.01' "$dir/6" >/dev/null ||
  failed "the summary: $(tail -n 1 "$dir/6")"
sessions | comm -13 - "$dir/sessions" >"$dir/lost"
[ ! -s "$dir/lost" ] || failed "it began anew: $(cat "$dir/lost")"

# Ctrl-C while all ask: what is freed looks at nothing of the others that is gone, nor they at it.
requests() { curl -s "$url/counts" | jq .requests; }
for try in 1 2 3 4 5 6; do
  before=$(requests)
  (trap - INT && exec "$bylaw" generate --requirements requirements.csv --jobs 8 --max-cost 100000 --resume) >"$dir/6" 2>"$dir/6.err" &
  run=$!
  until [ "$(requests)" -gt $((before + 20)) ]; do
    kill -0 "$run" 2>/dev/null || failed "it ended before it was stopped"
    sleep 0.05
  done
  kill -INT "$run"
  code=0
  wait "$run" || code=$?
  run=
  [ "$code" -eq 1 ] && grep -q 'stopped, and what ran is kept; left: ' "$dir/6.err" || failed "stopped for the ${try}th time it ended with $code"
  if grep -q 'Sanitizer' "$dir/6.err"; then failed "stopped for the ${try}th time"; fi
done

# What a kill cut short has been paid, too.
"$bylaw" generate --requirements requirements.csv --jobs 1 --max-cost 1 --resume --json >"$dir/5" 2>"$dir/5.err" || true
"$bylaw" generate --requirements requirements.csv --jobs 8 --max-cost 100000 --resume --json >"$dir/6" 2>"$dir/6.err" &
run=$!
before=$(requests)
until [ "$(requests)" -gt $((before + 40)) ]; do
  kill -0 "$run" 2>/dev/null || failed "it ended before it was killed: $(tail -n 1 "$dir/6")"
  sleep 0.05
done
kill -9 "$run"
wait "$run" 2>/dev/null || true
run=
"$bylaw" generate --requirements requirements.csv --jobs 1 --max-cost 1 --resume --json >"$dir/6" 2>"$dir/6.err" || true
jq -e --argjson before "$(spent "$dir/5")" 'select(.type == "summary") | .dollars >= $before + (40 - 8) * 0.7' \
  "$dir/6" >/dev/null || failed "what the kill cut short is not counted: $(tail -n 1 "$dir/6")"
kill "$server" && wait "$server" 2>/dev/null || true
start_server
rm "$dir/config/bylaw/prices.toml"

# Without a known price it bounds nothing, which is said.
rm -rf "$dir/state"
"$bylaw" generate --requirements requirements.csv --only 7.0.1 --max-cost 1 >"$dir/5" 2>"$dir/5.err" || true
grep -q 'what it costs is not known, so --max-cost does not bound it' "$dir/5.err" || failed "the unknown price was not told"

# A control's number is anybody's text: it names no file, no folder, and moves no cursor.
rm -rf "$dir/state"
printf 'control_id,description\n"../../x",One\n"a b;c",Two\n"\033[2J9",Three\n' >hostile.csv
code=0
"$bylaw" generate --requirements hostile.csv --all >"$dir/6" 2>"$dir/6.err" || code=$?
[ "$code" -le 1 ] || failed "exit code $code of hostile numbers"
if grep -q "$(printf '\033')" "$dir/6.err"; then failed "an escape reached the terminal"; fi
grep -h '"k":"proposal"' "$dir"/state/bylaw/sessions/*/*.jsonl | jq -r '.changes[].path' | sort -u >"$dir/paths"
if grep -qv '^policies/control_[a-z0-9_]*/' "$dir/paths"; then failed "paths: $(cat "$dir/paths")"; fi
rm hostile.csv
[ -z "$(git status --porcelain)" ] || failed "the workspace was written to"

# Every one is refused: it stops, and says what is left.
kill "$server" && wait "$server" 2>/dev/null || true
server=
rm -rf "$dir/state"
start_server refuse
code=0
"$bylaw" generate --requirements requirements.csv --jobs 4 --json >"$dir/7" 2>"$dir/7.err" || code=$?
[ "$code" -eq 1 ] || failed "exit code $code where all is refused"
grep -q 'failed one after another, the last: ' "$dir/7.err" || failed "it did not stop"
echo garbage >"$(echo "$dir"/state/bylaw/generate/*/*.json)"
"$bylaw" generate --requirements requirements.csv --resume >"$dir/8" 2>"$dir/8.err" && failed "a damaged ledger is no error"
grep -q 'is not as generate writes it: move it away to begin anew' "$dir/8.err" || failed "what to do was not told: $(cat "$dir/8.err")"
"$bylaw" generate --requirements nothing.csv >"$dir/8" 2>"$dir/8.err" && failed "no file is no error"
"$bylaw" generate --requirements requirements.csv --jobs 0 >"$dir/8" 2>"$dir/8.err" && failed "no jobs is no error"
"$bylaw" generate --requirements requirements.csv --only 9.9 >"$dir/8" 2>"$dir/8.err" && failed "an unknown control is no error"
"$bylaw" generate --requirements requirements.csv --resume --only 9.9 >"$dir/8" 2>"$dir/8.err" && failed "an unknown control is no error"
echo ok
