#!/usr/bin/env bash
# Cedar's rows and findings, against what the real cedar says on its own command line; and with programs that are none.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
cd "$BYLAW_SOURCE_DIR/tests/workspaces/cedar"
cedar=$(command -v cedar || printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/cedar")
[ -x "$cedar" ] || { echo 'SKIPPED: cedar is not here: scripts/setup --engines cedar'; exit 77; }
fail() { printf 'FAILED: %s\n%s\n' "$1" "${out:-}" >&2; exit 1; }
run() { # run EXPECTED-CODE ARGUMENT…: rows as "STATUS SUITE|NAME|MESSAGE"
  local want=$1 code=0
  shift
  out=$("$bylaw" test --json "$@" 2>&1) || code=$?
  [ "$code" = "$want" ] || fail "test $*: exit $code, not $want"
  rows=$(jq -r 'select(.type == "result") | "\(.status) \(.suite)|\(.name)|\(.message)"' <<<"$out")
  places=$(jq -r 'select(.type == "finding") | "\(.severity) \(.file):\(.row):\(.col) \(.message)|\(.fix)"' <<<"$out")
}
row() { grep -qF -- "$1" <<<"$rows" || fail "no row \"$1\""; }
place() { grep -qF -- "$1" <<<"$places" || fail "no finding \"$1\""; }

run 1 --root .
row 'pass photos/photos.cedar|validate|valid against photos/photos.cedarschema'
row 'pass photos/photos.cedar|allow ann_view.json|allow, reason: owner'
row 'pass photos/photos.cedar|deny ann_delete.json|deny, reason: locked'
row 'pass photos/photos.cedar|deny bob_view.json|denied by default'
row 'fail photos/photos.cedar|deny ann_view.json|expected deny, got allow, reason: owner'
row 'error photos/photos.cedar|deny misspelt.json|failed to parse request'
row 'pass photos/photos_tests.json|an owner views|allow, reason: owner'
row 'pass photos/photos_tests.json|what is locked stays|deny, reason: locked'
row 'fail photos/photos_tests.json|a stranger views|expected Allow, got Deny'
row 'fail photos/photos_tests.json|for another reason|missing reason(s): `owner`'
row 'warning photos/photos_tests.json|a stranger is refused|passes without a reason'
row "error photos/photos_tests.json|nobody's action|failed to parse context"
row 'warning loose/photos.cedar|allow ann.json|allow, reason: owner, decided without the schema'
# Nothing was evaluated: cedar itself is content with each.
row 'not evaluated bare/bare.cedar|validate|it parses, but nothing is validated without a schema'
row 'not evaluated bare/bare_tests.json|bare_tests.json|there is no test in it'
row 'warning bare/bare.cedar|deny bob.json|denied because no policy speaks of it'
# Places are bytes of the file that is meant, also where several are one set and lines hold wide characters.
row 'error split/policies/|validate|split/policies/b.cedar:4:12: for policy `policy1`, unrecognized action'
place 'error split/policies/b.cedar:4:12 for policy `policy1`, unrecognized action `Action::"vew"`|did you mean `Action::"view"`?'
place 'error wrong/photos.cedar:2:51 failed to parse policy set: unexpected token `resource`'
# Which of the two says so first decides the words before the place.
grep -qE '^error wrong/photos_tests.json\|x\|(does not compile: )?wrong/photos.cedar:2:51: failed to parse' <<<"$rows" || fail 'a test of policies that do not parse'
row 'warning warned/photos.cedar|validate|'
place 'warning warned/photos.cedar:1:60 for policy `policy0`, string'
[ "$(jq -r 'select(.name == "an owner views") | "\(.file):\(.row)"' <<<"$out")" = photos/photos_tests.json:2 ] || fail 'the place of a test'
[ "$(jq -r 'select(.name == "for another reason") | .row' <<<"$out")" = 34 ] || fail 'the place of a later test'

# As cedar counts them.
said=$(cd photos && "$cedar" run-tests -s photos.cedarschema -p photos.cedar --tests ./photos_tests.json || true)
[ "$(grep -c ' \.\.\. ok$' <<<"$said")" = "$(grep -cE '^(pass|warning) photos/photos_tests' <<<"$rows")" ] || fail "passes: $said"
grep -q '^results: 3 passed, 3 failed$' <<<"$said" || fail "$said"
for request in ALLOW/ann_view DENY/ann_delete DENY/bob_view DENY/ann_view; do
  code=0
  (cd photos && "$cedar" authorize -s photos.cedarschema -p photos.cedar --entities photos.cedarentities.json --request-json "$request.json" >/dev/null) || code=$?
  want=pass
  case $request$code in ALLOW/*2 | DENY/*0) want=fail ;; esac
  grep -qi "^$want photos/photos.cedar|${request/\// }.json" <<<"$rows" || fail "$request: cedar ends with $code"
done

# One test alone, and what a change reaches.
run 1 --root . photos/photos_tests.json
[ "$(wc -l <<<"$rows")" = 6 ] || fail 'the tests of one file'
run 0 --root . photos/ALLOW
[ "$(wc -l <<<"$rows")" = 1 ] || fail 'the requests of one folder'

# Programs that are no cedar, and none at all: only PATH and the cache say where one is.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
ln -s "$(command -v opa || printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/opa")" "$dir/bin/opa"
with() { # with SCRIPT STATUS MESSAGE
  if [ -n "$1" ]; then
    printf '#!/bin/sh\n[ "$1" = --version ] && { echo "cedar-policy-cli 4.14.1"; exit; }\n%s\n' "$1" >"$dir/bin/cedar"
    chmod +x "$dir/bin/cedar"
  fi
  out=$(PATH=$dir/bin:/usr/bin:/bin XDG_CACHE_HOME=$dir "$bylaw" test --json --root . photos 2>&1) || true
  rows=$(jq -r 'select(.type == "result") | "\(.status) \(.suite)|\(.name)|\(.message)"' <<<"$out")
  [ "$(grep -c "^pass" <<<"$rows")" = 0 ] || fail "green with: $1"
  grep -qE "^$2 photos/photos_tests.json.an owner views.*$3" <<<"$rows" || fail "no $3"
}
with '' 'not evaluated' 'cedar is not on PATH'
with 'exit 0' error 'cedar run-tests did not say how many tests it runs'
with 'echo "running 6 test(s)"; exit 0' error 'and 0 outcomes can be read; it stopped before its end'
with 'echo "running 1 test(s)"; echo "  test x ... ok"; echo "results: 1 passed, 0 failed"' error 'cedar run-tests ran 1 tests, but there are 6'
with 'echo boom >&2; exit 7' error 'cedar: boom'
with 'kill -9 $$' error 'cedar was ended by signal 9'
