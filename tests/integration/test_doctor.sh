#!/usr/bin/env bash
# bylaw config and bylaw doctor on configurations written for an earlier Codex; what they say of today's is held against
# the real one.
set -euo pipefail
. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
PATH=$(fetch_node_modules "$BYLAW_SOURCE_DIR/tests/node")/.bin:$PATH
export XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state CODEX_HOME=$dir/codex HOME=$dir BYLAW_DETECT=false
mkdir -p "$dir/config/bylaw" "$dir/codex" "$dir/ws"

article() {
  cat <<'TOML'
[profiles.policy]
model = "gpt-5.5"
model_reasoning_effort = "high"
approval_policy = "unless-allow-listed"
sandbox_permissions = "read-only"
TOML
}
became='profile policy: model gpt-5.5, model_reasoning_effort high, approval_policy unless-allow-listed, sandbox_mode read-only (from sandbox_permissions)'

# Pasted as it stands, into Codex's file and into ours: it works, and one line says what each became.
for file in "$dir/codex/config.toml" "$dir/config/bylaw/config.toml"; do
  article >"$file"
  out=$("$bylaw" config -p policy "$dir/ws") || fail "config: $out"
  for line in 'profile = "policy"  # --profile' "model = \"gpt-5.5\"  # $file:2" "approval_policy = \"unless-allow-listed\"  # $file:4" \
    "sandbox_mode = \"read-only\"  # $file:5" "# $file:1: $became"; do
    grep -qxF "$line" <<<"$out" || fail "no line '$line' in: $out"
  done
  "$bylaw" config --json -p policy "$dir/ws" | grep -qF '"profile":"policy"' || fail "the JSON has no profile"
  rm "$file"
done
if out=$("$bylaw" config -p none "$dir/ws" 2>&1); then fail "a profile that is none: $out"; fi
grep -qF 'there is no profile "none"' <<<"$out" || fail "$out"
# An unknown value: file, line and what is accepted.
# The short names of a profile's limits.
printf '[profiles.x]\nsandbox = "workspace-write"\neffort = "low"\n' >"$dir/config/bylaw/config.toml"
out=$("$bylaw" config --profile x "$dir/ws") || fail "config: $out"
grep -qF 'sandbox_mode = "workspace-write"' <<<"$out" || fail "sandbox is no name of sandbox_mode: $out"
rm "$dir/config/bylaw/config.toml"

# What a repository would loosen is said as what it is: of a profile, too. And why the routes have no say.
mkdir -p "$dir/ws/.bylaw"
printf '[profiles.x]\nmodel = "m"\nsandbox_mode = "read-only"\nmax_cost = 2\n[keys]\n"desk.review" = "ctrl-r"\n[[profiles.x.hooks]]\nevent = "Stop"\ncommand = "true"\n' >"$dir/config/bylaw/config.toml"
printf '[profiles.x]\nsandbox_mode = "workspace-write"\nmax_turns = 5\n' >"$dir/ws/.bylaw/config.toml"
out=$("$bylaw" config "$dir/ws" 2>"$dir/said") && fail "what is ignored is told by the exit code: $out"
for line in "# .bylaw/config.toml:1: profile x: sandbox_mode workspace-write (unless that is looser than your own), max_turns 5 (unless that is looser than your own)" \
  "# profile x: m, sandbox read-only, max_cost \$2, max_turns 5  # $dir/config/bylaw/config.toml:1" \
  "# [keys]: desk.review  # $dir/config/bylaw/config.toml:5" \
  "# hook Stop, with the profile x: does nothing, another profile is in force  # $dir/config/bylaw/config.toml"; do
  grep -qxF "$line" <<<"$out" || fail "no line '$line' in: $out"
done
grep -q 'routing is not in force' <<<"$out" && fail "the routes are in force: $out"
out=$("$bylaw" config -p x "$dir/ws" 2>/dev/null) || true
for line in 'sandbox_mode = "read-only"  # '"$dir/config/bylaw/config.toml:3" '# routing is not in force: the profile x is  # --profile' \
  "# hook Stop, with the profile x: in force  # $dir/config/bylaw/config.toml"; do
  grep -qxF "$line" <<<"$out" || fail "no line '$line' in: $out"
done
# Scripts are told the same: routes, profiles, tables and hooks, with where each comes from and why one has no say.
json=$("$bylaw" config --json "$dir/ws" 2>/dev/null) || true
toml=$dir/config/bylaw/config.toml
for part in '"routing":{"in_force":true,"routes":[{"task":"rego"' '"reason":' '"origin":"default"' \
  '{"name":"x","says":"m, sandbox read-only, max_cost $2, max_turns 5","origin":"'"$toml:1"'"}' \
  '{"name":"keys","keys":["desk.review"],"origin":"'"$toml:5"'"}' \
  '"hooks":[{"event":"Stop","command":"true","timeout_ms":' \
  '"profile":"x","in_force":false,"why_not":"another profile is in force","origin":"'"$toml"'"}'; do
  grep -qF -- "$part" <<<"$json" || fail "config --json does not say $part: $json"
done
json=$("$bylaw" config --json -p x "$dir/ws" 2>/dev/null) || true
for part in '"routing":{"in_force":false,"why_not":"the profile x is","origin":"--profile"' '"profile":"x","in_force":true,"origin":"'"$toml"'"}'; do
  grep -qF -- "$part" <<<"$json" || fail "config --json -p x does not say $part: $json"
done
rm -r "$dir/ws/.bylaw" "$dir/config/bylaw/config.toml"

# A hook that cannot run is said by doctor and by trust, not left out in silence; what is wrong is not "missing".
mkdir -p "$dir/ws/.codex"
printf '[[hooks]]\nevent = "Sometime"\ncommand = "true"\n[[hooks]]\nevent = "Stop"\ncommand = "true"\ntimeout_ms = 1500\n' >"$dir/ws/.codex/config.toml"
printf '[[hooks]]\nevent = "PreToolUse"\ncommand = "true"\n' >"$dir/config/bylaw/config.toml"
out=$("$bylaw" trust "$dir/ws") && fail "what waits is told by the exit code: $out"
grep -q '^yours: hook PreToolUse, in .*/bylaw/config.toml' <<<"$out" || fail "trust does not say what is the user's own: $out"
grep -q '^not used: .codex/config.toml: .*Sometime' <<<"$out" || fail "trust does not say what is not used: $out"
grep -qF 'at most  1.5 s' <<<"$out" || fail "trust: $out"
out=$("$bylaw" doctor "$dir/ws") || true
grep -q "^ok *hooks *yours: hook PreToolUse, in .*/bylaw/config.toml" <<<"$out" || fail "doctor does not say what is the user's own: $out"
grep -q '^note *hooks *not used: .codex/config.toml: .*Sometime' <<<"$out" || fail "doctor does not say what is not used: $out"
grep -q '^note *trust *1 hook of this repository waits for your trust: bylaw trust lists them' <<<"$out" || fail "doctor: $out"
# One that calls what an engine does not have any more; `help` is all that the engine is asked.
mkdir -p "$dir/engines"
cat >"$dir/engines/kyverno" <<'SH'
#!/bin/sh
case "$*" in
  version) echo "Version: 1.18.2" ;;
  "help apply") echo "Applies policies" ;;
  help*) printf 'Unknown help topic [`%s`]\n' "$2" >&2 ;;
  *) echo asked >"$0.asked" ;;
esac
SH
chmod +x "$dir/engines/kyverno"
cat >"$dir/ws/.codex/config.toml" <<'TOML'
[[hooks]]
event = "Stop"
command = "bash -c 'if true; then kyverno validate ./policies/ 2>&1 | tail -5; fi; kyverno apply .'"
TOML
out=$(PATH=$dir/engines:$PATH "$bylaw" doctor "$dir/ws") || true
grep -qF 'the hook Stop in .codex/config.toml calls `kyverno validate`: the kyverno that is found has no such command' <<<"$out" ||
  fail "doctor does not say what a hook calls in vain: $out"
[ "$(grep -c 'has no such command' <<<"$out")" = 1 ] || fail "doctor says too much of the hook: $out"
[ ! -e "$dir/engines/kyverno.asked" ] || fail "doctor runs what the hook calls"
printf '[[hooks]]\nevent = "Sometime"\ncommand = "true"\n[[hooks]]\nevent = "Stop"\ncommand = "true"\ntimeout_ms = 1500\n' >"$dir/ws/.codex/config.toml"
echo '{}' >"$dir/ws/opencode.json" # for agents of their own only
out=$(BYLAW_PROVIDER=acp:opencode "$bylaw" trust "$dir/ws") && fail "settings for agents wait, too: $out"
grep -q '^1 hook and 2 agent settings of this repository wait' <<<"$out" || fail "trust, for an agent: $out"
out=$("$bylaw" trust --all "$dir/ws") && fail "trust --all: $out"
grep -q '^settings for agents, 1 file, in opencode.json: waiting' <<<"$out" || fail "trust --all: $out"
out=$("$bylaw" exec --provider acp:none --dir "$dir/ws" hello 2>&1 </dev/null) && fail "exec without an agent: $out"
grep -q '^1 hook and 2 agent settings of this repository wait for your trust and are not used' <<<"$out" || fail "exec: $out"
rm "$dir/ws/opencode.json"
rm "$dir/ws/.codex/config.toml"
printf '[profiles.x]\napproval_policy = "sometimes"\n' >"$dir/config/bylaw/config.toml"
if out=$("$bylaw" config "$dir/ws" 2>&1); then fail "a bad value went through: $out"; fi
grep -qF "config.toml:2: approval_policy = \"sometimes\" is not known; accepted: untrusted|unless-allow-listed|on-request|never" \
  <<<"$out" || fail "$out"
grep -qF 'routing.review: o3 high, to review and audit: ' <<<"$out" || fail "$out"
# So do the other tables.
printf '[routing]\nlint = "x"\n' >"$dir/config/bylaw/config.toml"
printf '[models.o3]\ninput = -1\noutput = 2\n' >"$dir/config/bylaw/prices.toml"
if out=$("$bylaw" config "$dir/ws" 2>&1); then fail "mistakes in tables went through: $out"; fi
grep -qF 'config.toml:2: "lint" is no task; accepted: rego, kyverno, review, bulk, migrate' <<<"$out" || fail "$out"
grep -qF 'prices.toml:2: input takes a number from 0' <<<"$out" || fail "$out"
rm "$dir/config/bylaw/config.toml" "$dir/config/bylaw/prices.toml"

# An agent of one's own: there, or not.
agent() { # NAME
  printf 'model_provider = "acp:%s"\n[agents.mine]\ncommand = ["sh"]\n[agents.gone]\ncommand = ["no-such-agent"]\n' "$1" \
    >"$dir/config/bylaw/config.toml"
  "$bylaw" doctor "$dir/ws" || true
}
out=$(agent mine)
grep -q '^ok  *model  *mine: mine, confined, in a scratch copy' <<<"$out" || fail "an agent that is there: $out"
grep -q '^MISSING  *model' <<<"$out" && fail "an agent that is there is missing: $out"
out=$(agent gone)
grep -q '^MISSING  *model  *no-such-agent is not on PATH' <<<"$out" || fail "an agent that is not there: $out"
grep -q '^ok  *model' <<<"$out" && fail "nobody answers, which is ok: $out"
rm "$dir/config/bylaw/config.toml"

# The real Codex refuses exactly what we say it refuses.
check() { # yes|no TEXT WORDS
  printf '%s\n' "$2" >"$dir/codex/config.toml"
  out=$("$bylaw" doctor "$dir/ws" || true)
  grep -F 'codex' <<<"$out" | grep -qF "$3" || fail "doctor does not say '$3' of: $2: $out"
  if codex features list >/dev/null 2>&1; then starts=yes; else starts=no; fi
  [ "$starts" = "$1" ] || fail "codex starts: $starts, not $1, with: $2"
  if grep -q 'does not start: ' <<<"$out"; then told=no; else told=yes; fi
  [ "$told" = "$1" ] || fail "doctor says that codex starts: $told, with: $2: $out"
}
# The name under which Codex keeps its trust of the one hook there is.
hooks_key() {
  coproc codex app-server 2>/dev/null
  printf '%s\n' '{"id":1,"method":"initialize","params":{"clientInfo":{"name":"t","title":"t","version":"1"}}}' '{"method":"initialized"}' \
    "{\"id\":2,\"method\":\"hooks/list\",\"params\":{\"cwds\":[\"$dir/ws\"]}}" >&"${COPROC[1]}"
  while read -r line <&"${COPROC[0]}"; do
    if grep -q '"id":2' <<<"$line"; then grep -o '"key":"[^"]*"' <<<"$line" | cut -d'"' -f4; break; fi
  done
  eval "exec ${COPROC[1]}>&-"
}
check no "$(article)" ':4: Codex does not start with approval_policy = "unless-allow-listed"'
check no 'approval_policy = "untrusted"' 'any more: delete the line'
check yes 'sandbox_permissions = "read-only"' ':1: Codex leaves out sandbox_permissions'
check no 'profile = "x"' 'Codex does not start with profile'
check yes $'[profiles.x]\nmodel = "a"' ':1: Codex leaves out [profiles.x]'
check no $'[[hooks]]\nevent = "Stop"\ncommand = "x"' 'Codex does not start with [[hooks]]'
check yes $'[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "x"\ntimeout_ms = 3' ':5: Codex leaves out timeout_ms'
check yes $'[[hooks.PostToolUse]]\nmatcher = "apply_patch"\ncommand = "x"' ':1: Codex leaves out [[hooks.PostToolUse]] without'
check yes $'[[hooks.PostToolUse]]\n[[hooks.PostToolUse.hooks]]\ntype = "command"\ncommand = "opa check $CODEX_FILE_PATH"' ':4: Codex leaves out CODEX_FILE_PATH'
# Codex runs no hook that was not trusted there, and says nothing; where its trust stands is asked of it.
hook=$'[[hooks.PostToolUse]]\nmatcher = "apply_patch"\n[[hooks.PostToolUse.hooks]]\ntype = "command"\ncommand = "true"'
check yes "$hook" ':3: Codex leaves out this hook of PostToolUse'
key=$(hooks_key)
check yes "$hook"$'\n'"[hooks.state.\"$key\"]"$'\ntrusted_hash = "sha256:x"' 'version'
grep -q 'leaves out this hook' <<<"$out" && fail "a trusted hook is said to be left out: $out"
check no $'[model_providers.x]\nname = "x"\nbase_url = "http://a"\nwire_api = "chat"' 'Codex does not start with wire_api'
check no 'model_reasoning_effort = ""' 'Codex does not start with an empty model_reasoning_effort'
check no 'model = 3' 'does not start: invalid type'
# What it knows no more, or never did, it says itself; also of a profile's file.
printf 'colour = "x"\n' >"$dir/codex/work.config.toml"
check yes $'modle = "x"\n[tui]\ncolour = 1\n[mcp_servers."a.b"]\ncommand = "x"\nargz = []\n[profiles.x]\nmodel = "a"' \
  'config.toml:1: Codex leaves out modle: it knows no such setting'
for said in '/config.toml:3: Codex leaves out tui.colour:' ':6: Codex leaves out mcp_servers.a.b.argz:' \
  '/work.config.toml:1: Codex leaves out colour:'; do
  grep -qF "$said" <<<"$out" || fail "doctor does not say '$said': $out"
done
[ "$(grep -c 'it knows no such setting' <<<"$out")" = 4 ] || fail "each is said once, and no other: $out"
rm "$dir/codex/work.config.toml"
check no $'modle = "x"\nprofile = "x"' ':1: Codex leaves out modle: it knows no such setting'
check yes 'model = "x"' 'version'
grep -q 'leaves out' <<<"$out" && fail "Codex leaves nothing out: $out"

# One that is too old, and none.
mkdir -p "$dir/bin"
printf '#!/bin/sh\necho codex-cli 0.20.1\n' >"$dir/bin/codex"
chmod +x "$dir/bin/codex"
out=$(PATH=$dir/bin:$PATH "$bylaw" doctor "$dir/ws" || true)
grep -qF "$dir/bin/codex is version 0.20.1; 0.160.0 or newer is needed to be the agent here: npm install -g @openai/codex" \
  <<<"$out" || fail "doctor of an old codex: $out"
out=$(PATH=$dir/none "$bylaw" doctor "$dir/ws" || true)
grep -q '^note *codex *not on PATH: npm install -g @openai/codex' <<<"$out" || fail "doctor without codex: $out"
echo "doctor and the real codex agree"
