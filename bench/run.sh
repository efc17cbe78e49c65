#!/bin/sh
# Builds jobscan and the benchmark and runs it; arguments go to the benchmark
# (bench/run.sh -h lists them). Volumes are built in BENCH_DIR, or else in a
# folder of its own that is removed in the end.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${BENCH_DIR:-}" ]; then
	BENCH_DIR=$(mktemp -d)
	trap 'rm -rf "$BENCH_DIR"' EXIT
fi
# Without cgo: jobscan needs no C library, and a program that does not load one
# starts sooner.
export CGO_ENABLED=0
go build -o "$BENCH_DIR/jobscan" ./cmd/jobscan
go build -o "$BENCH_DIR/empty" ./bench/empty
go build -o "$BENCH_DIR/floor" ./bench/floor
go build -o "$BENCH_DIR/bench" ./bench
"$BENCH_DIR/bench" -jobscan "$BENCH_DIR/jobscan" -empty "$BENCH_DIR/empty" -floor "$BENCH_DIR/floor" -dir "$BENCH_DIR" "$@"
