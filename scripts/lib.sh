# Shared by the scripts; sourced, not run. Needs bash.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/bylaw
# What the engines are pinned to. conftest, gator, kyverno and cedar join with their issue.
OPA_VERSION=1.22.2
# The language servers that tests drive (yaml-language-server comes with tests/node).
REGAL_VERSION=0.39.0

say() { printf '%s\n' "bylaw: $*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The first 12 hex digits of the hash of what files hold name a cache folder, so that a changed lock file gets a new one
# and another checkout the same.
hash_of() { cat "$@" | sha256sum | cut -c1-12; }

# fetch_node_modules FOLDER: `npm ci` of FOLDER's lock file into the cache, once; prints node_modules.
fetch_node_modules() {
  local from=$1 name dest tmp
  name=$(basename "$from")
  dest=$CACHE/node/$name-$(hash_of "$from/package-lock.json")
  if [ ! -e "$dest/.complete" ]; then
    have npm || die "npm is needed to fetch pinned packages: install Node.js (20 or later)"
    say "fetching pinned npm packages for $name"
    tmp=$dest.$$
    rm -rf "$tmp" && mkdir -p "$tmp"
    cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$tmp/"
    (cd "$tmp" && npm ci --no-progress --loglevel=error >&2) || die "npm ci failed for $name (is the registry reachable?)"
    touch "$tmp/.complete"
    rm -rf "$dest" && mv "$tmp" "$dest"
  fi
  printf '%s\n' "$dest/node_modules"
}

# fetch_libgit2: the source of the pinned libgit2 from the crate that carries it, into the cache, once; prints its folder,
# or nothing where there is no cargo: the system's library serves then.
LIBGIT2_CRATE=7f7c568b25d7489bc3fb2988ed69ab111d2944d2f5fec3d5c987fe545ea97b50
fetch_libgit2() {
  local dest tmp
  dest=$CACHE/libgit2-${LIBGIT2_CRATE:0:12}
  if [ ! -e "$dest/.complete" ]; then
    have cargo || return 0
    say "fetching the pinned libgit2"
    tmp=$dest.$$
    rm -rf "$tmp" && mkdir -p "$tmp"
    cp "$ROOT/core/repo/libgit2/Cargo.toml" "$tmp/" && touch "$tmp/none.rs"
    (cd "$tmp" && cargo vendor --quiet vendor >/dev/null) ||
      { rm -rf "$tmp"; say "cargo could not fetch libgit2: the system's is used"; return 0; }
    grep -qF "\"package\":\"$LIBGIT2_CRATE\"" "$tmp/vendor/libgit2-sys/.cargo-checksum.json" ||
      { rm -rf "$tmp"; die "the crate of libgit2 is not the pinned one"; }
    mv "$tmp/vendor/libgit2-sys/libgit2" "$tmp/libgit2" && rm -rf "$tmp/vendor" && touch "$tmp/.complete"
    rm -rf "$dest" && mv "$tmp" "$dest"
  fi
  printf '%s\n' "$dest/libgit2"
}

# configure BUILD-DIR [CMAKE-ARGUMENT…]: configures once; afterwards CMake itself notices changes.
configure() {
  local dir=$1 modules libgit2
  shift
  modules=$(fetch_node_modules "$ROOT/grammars")
  libgit2=$(fetch_libgit2)
  if [ ! -e "$dir/build.ninja" ] || ! grep -qxF "BYLAW_NODE_MODULES:PATH=$modules" "$dir/CMakeCache.txt" ||
    ! grep -qxF "BYLAW_LIBGIT2:PATH=$libgit2" "$dir/CMakeCache.txt"; then
    mkdir -p "$dir"
    cmake -S "$ROOT" -B "$dir" -G Ninja "-DBYLAW_NODE_MODULES:PATH=$modules" "-DBYLAW_LIBGIT2:PATH=$libgit2" "$@" >"$dir/configure.log" 2>&1 ||
      { cat "$dir/configure.log" >&2; die "cmake could not configure $dir"; }
  fi
}

# find_opa: prints the opa to use: PATH's, else the one we installed. Empty: none.
find_opa() {
  if have opa; then command -v opa
  elif [ -x "$CACHE/bin/opa" ]; then printf '%s\n' "$CACHE/bin/opa"; fi
}

# install_opa: builds the pinned opa with the ordinary Go client into the cache (the module proxy and its
# checksum database verify it), once.
install_opa() {
  [ -n "$(find_opa)" ] && return 0
  have go || { say "opa is missing, and so is Go to build it: install opa, or Go 1.25 or later (bylaw opens without, but runs no tests)"; return 1; }
  say "building opa $OPA_VERSION with Go (about two minutes, once)"
  mkdir -p "$CACHE/bin"
  GOBIN=$CACHE/bin go install "github.com/open-policy-agent/opa@v$OPA_VERSION" >&2 ||
    { say "opa could not be built: see above"; return 1; }
}

# install_regal: builds the pinned regal into the cache, once, in a module of its own that asks for just
# that version.
install_regal() {
  local dir
  if have regal || [ -x "$CACHE/bin/regal" ]; then return 0; fi
  have go || { say "regal is missing, and so is Go to build it"; return 1; }
  say "building regal $REGAL_VERSION with Go (about three minutes, once)"
  mkdir -p "$CACHE/bin"
  dir=$(mktemp -d)
  printf 'module bylaw/regal\n\ngo 1.24\n\nrequire github.com/open-policy-agent/regal v%s\n' "$REGAL_VERSION" >"$dir/go.mod"
  (cd "$dir" && GOFLAGS=-mod=mod go build -o "$CACHE/bin/regal" github.com/open-policy-agent/regal) >&2 ||
    { rm -rf "$dir"; say "regal could not be built: see above"; return 1; }
  rm -rf "$dir"
}
