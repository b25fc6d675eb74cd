#!/usr/bin/env bash
# bylaw review as a script uses it: --json and --plain, decisions that are kept, patches that apply,
# comments in the forges' forms; and with opa the tests of both sides.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config HOME=$dir GIT_CONFIG_NOSYSTEM=1
bylaw=$BYLAW_BINARY_DIR/bylaw
mkdir "$dir/w" "$dir/none"
cd "$dir/w"
git init -q -b main .
git config user.name E
git config user.email e@x
seq 1 40 >numbers
printf 'old\r\nlines\r\n' >crlf.txt
git add -A && git commit -qm first
git checkout -qb topic
sed -i 's/^5$/five/; s/^20$/twenty/; s/^35$/thirtyfive/' numbers
printf 'old\r\nother\r\n' >crlf.txt
printf 'n\0ul' >picture
chmod +x crlf.txt
git add -A && git commit -qm change
git checkout -q main

expect() { # EXIT-CODE TEXT COMMAND…: runs it with standard input, checks code and output
  local code=$1 text=$2 got=0 out
  shift 2
  out=$("$@" 2>&1) || got=$?
  [ "$got" = "$code" ] || { echo "exit $got, not $code: $*"; echo "$out"; exit 1; }
  case $out in *"$text"*) ;; *) echo "no \"$text\" from $*:"; echo "$out"; exit 1 ;; esac
}
same() { # WHAT GOT WANTED
  [ "$2" = "$3" ] || { printf '%s is\n%s\nand not\n%s\n' "$1" "$2" "$3"; exit 1; }
}
clean() { # JSON TEXT: the file holds it, blanks aside
  tr -d ' \t\n' <"$1" | grep -qF "$2" || { echo "no $2 in:"; cat "$1"; exit 1; }
}

# What there is, for a program.
expect 0 '"of":"topic"' "$bylaw" review --json --no-tests topic
expect 0 '"lines":["-5","+five"]' "$bylaw" review --json --no-tests main..topic
expect 0 '"whole":"binary"' "$bylaw" review --json --no-tests main...topic
expect 0 '"old_mode":"100644","new_mode":"100755"' "$bylaw" review --json --no-tests topic
expect 0 '"files":[{"path":"numbers"' "$bylaw" review --json --no-tests topic --path numbers
expect 0 'what this commit did' "$bylaw" review --json --no-tests HEAD
expect 0 '"files":[]' "$bylaw" review --json --no-tests
expect 0 'nothing differs' "$bylaw" review --staged
expect 2 'no such revision' "$bylaw" review --json nowhere
expect 2 'does not go with it' "$bylaw" review --staged topic
expect 2 'github or gitlab' "$bylaw" review --forge sourcehut topic
expect 2 'not in a git repository' "$bylaw" review --dir "$dir/none" --json
expect 2 'is no patch' "$bylaw" review ./numbers

# A patch over the index; what does not fit is told and objected to.
git diff --binary main topic >"$dir/all.patch"
git diff main topic -- numbers >"$dir/numbers.patch"
expect 0 '"problems":[]' "$bylaw" review --json --no-tests "$dir/numbers.patch"
expect 1 'is a binary file' "$bylaw" review --json --no-tests "$dir/all.patch"
expect 0 '"path":"numbers"' "$bylaw" review --json --no-tests - <"$dir/numbers.patch"
expect 0 'nothing differs' "$bylaw" review - </dev/null
expect 2 'nothing of it fits what the index has' "$bylaw" review - < <(git diff topic main -- numbers)
sed 's/^-20$/-XX/' "$dir/numbers.patch" >"$dir/bent.patch"
expect 1 'does not fit' "$bylaw" review --json --no-tests "$dir/bent.patch"
expect 1 '"-5","+five"' "$bylaw" review --json --no-tests "$dir/bent.patch"
expect 0 '"path":"numbers"' "$bylaw" review --json --no-tests --dir "$dir/none" \
  - < <(printf -- '--- /dev/null\n+++ b/numbers\n@@ -0,0 +1 @@\n+x\n')

# Decisions are kept, also when the branch moves on, and then told.
expect 1 'left for later' "$bylaw" review --plain --no-tests topic < <(printf 'g 2\na\nx not this\n')
expect 1 'there again: 4 lines' "$bylaw" review --plain --no-tests topic </dev/null
git checkout -q topic
sed -i 's/^35$/x/; s/^thirtyfive$/35 again/; 1i 0' numbers
git commit -qam 'moved on'
git checkout -q main
expect 1 'has changed since you looked last: 4 of 4' "$bylaw" review --plain --no-tests topic </dev/null
expect 0 'put into the index: 1 file' "$bylaw" review --plain --no-tests topic < <(echo apply)
same 'the index' "$(git diff --cached | grep '^[-+][^-+]')" "$(printf -- '-5\n+five')"
same 'the file' "$(sed -n 5p numbers)" 5
expect 1 '0 accepted' "$bylaw" review --plain --no-tests topic < <(echo l)
expect 2 'no such command' "$bylaw" review --plain --no-tests topic < <(echo frobnicate)
git reset -q

# What is staged: what is declined leaves the index.
sed -i 's/^7$/seven/; s/^30$/thirty/' numbers
git add numbers
expect 0 'taken out of the index' "$bylaw" review --plain --no-tests --staged < <(printf 'x\napply\n')
same 'what is staged' "$(git diff --cached | grep '^[-+][^-+]')" "$(printf -- '-30\n+thirty')"
# The files: the rest can be staged again.
expect 1 'apply ends the review' "$bylaw" review --plain --no-tests < <(printf 'a all\n')
expect 0 'put into the index' "$bylaw" review --plain --no-tests < <(printf 'a all\napply\n')
same 'what is left' "$(git diff)" ''
git reset -q --hard

# An edit and a comment; as a patch that git takes, and for the forges.
decide='g 2
e
FIVE
.
c 2 why not 6?
x 1-2 leave it'
expect 0 'git apply takes it' "$bylaw" review --plain --no-tests topic \
  < <(printf 'a all\npatch %s\n' "$dir/out.patch")
git apply --check "$dir/out.patch"
git apply --cached "$dir/out.patch"
same 'the tree' "$(git write-tree)" "$(git rev-parse topic^{tree})"
git reset -q
git branch -f topic topic~1
expect 0 'gh api' "$bylaw" review --plain --no-tests topic \
  < <(printf '%s\na all\ncomments %s\n' "$decide" "$dir/hub.json")
clean "$dir/hub.json" "\"commit_id\":\"$(git rev-parse topic)\""
clean "$dir/hub.json" '"event":"REQUEST_CHANGES"'
clean "$dir/hub.json" '"path":"numbers"'
clean "$dir/hub.json" '"line":20,"side":"RIGHT"'
clean "$dir/hub.json" 'Declined:leaveit'
expect 0 'POST' "$bylaw" review --plain --no-tests --forge gitlab topic \
  < <(printf '%s\na all\ncomments %s\n' "$decide" "$dir/lab.json")
clean "$dir/lab.json" '"position_type":"text"'
clean "$dir/lab.json" "\"head_sha\":\"$(git rev-parse topic)\""
expect 0 'gh api' "$bylaw" review --plain --no-tests topic \
  < <(printf 'a all\ncomments %s\n' "$dir/yes.json")
clean "$dir/yes.json" '"event":"APPROVE"'
clean "$dir/yes.json" '"comments":[]'

# What passed before and does not now; what no test depends on is nothing to object to.
if command -v opa >/dev/null; then
  cp -R "$BYLAW_SOURCE_DIR/tests/workspaces/sample" "$dir/sample"
  cd "$dir/sample"
  git init -q -b main . && git config user.name E && git config user.email e@x
  git add -A && git commit -qm first
  git checkout -qb breaks
  sed -i 's/contains msg if/contains message if/' policies/k8s/privileged/privileged.rego
  git commit -qam breaks
  git checkout -qb words main
  echo words >WORDS && git add -A && git commit -qm words
  git checkout -q main
  expect 1 '"before":"pass","now":"error"' "$bylaw" review --json breaks
  expect 1 'rego_unsafe_var_error' "$bylaw" review --json breaks
  expect 0 '"objections":[]' "$bylaw" review --json words
  expect 1 'got worse' "$bylaw" review --plain breaks < <(echo tests)
  same 'the index' "$(git status --short)" ''
fi
echo ok
