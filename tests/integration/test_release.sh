#!/usr/bin/env bash
# The program as users have it: built with optimisation, where the compiler and the C library look at more than in a
# build with sanitizers, it has no warning and runs.
. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
build=$BYLAW_BINARY_DIR/release
configure "$build" -DBYLAW_TESTS=OFF
ninja -C "$build" --quiet bylaw
"$build/bylaw" version | grep -q '^bylaw [0-9]' || die "it does not say its version: $("$build/bylaw" version)"
