#!/bin/bash
# quickstart_e2e.sh: quickstart does what it says, twice, and leaves no process,
#   link, namespace or file behind, however it ends: by itself, by INT, TERM, HUP
#   or kill -9, early or late.
. "$(dirname "$0")/lab.sh"
tmp=$(mktemp -d)
out=$(mktemp)
trap 'rm -rf "$tmp" "$out"' EXIT

# All that quickstart starts has our mark in its environment, and keeps its files
# in $tmp, so that others' work on this machine doesn't matter.
mark=QUICKSTART_MARK=$$-$RANDOM
nothing_runs() { ! grep -lzx "$mark" /proc/[0-9]*/environ 2>/dev/null; }
clean() {
  expect "$1: no process of it, and so no namespace, is left" eventually 5 nothing_runs
  same "$1: no file is left" "" "$(ls "$tmp")"
  same "$1: no link is left" "" "$(ip -o link | grep -E ' (fab0|node-a|node-b|ucni[0-9a-f]*)[@:]' || true)"
  same "$1: no mount is left" "" "$(grep cnivpc-lab /proc/self/mounts || true)"
}

for time in first second; do
  rc=0
  env "$mark" TMPDIR="$tmp" "$lab_root/quickstart" --pods 2 >"$out" 2>&1 </dev/null || rc=$?
  same "quickstart, the $time time" "0" "$rc"
  [ "$rc" = 0 ] || sed 's/^/#   /' "$out"
  clean "the $time time"
done
same "all pings are answered" "7 0" "$(grep -c '→.* ms$' "$out") $(grep -c 'no answer' "$out" || true)"
same "both pools and their pods are shown" 4 "$(grep -cE '# cnivpctl (pool list|get pod)' <(sed '/7  The pods go/,$d' "$out"))"
expect "their addresses cool at the end" grep -E '10\.126\.6[4-7]\.[0-9]+ +cooling' "$out"

# interrupt SIGNAL WHEN: once that title is on the screen.
interrupt() {
  : >"$out" # lest what the last one wrote be taken for this one's
  # In the background a shell ignores SIGINT.
  env --default-signal=INT "$mark" TMPDIR="$tmp" "$lab_root/quickstart" --pods 20 >"$out" 2>&1 </dev/null &
  local pid=$! rc=0
  eventually 20 grep -q "$2" "$out" || die "quickstart doesn't get to \"$2\""
  kill "-$1" "$pid"
  wait "$pid" 2>/dev/null || rc=$?
  same "SIG$1 at \"$2\": exit status" "$3" "$rc"
  clean "SIG$1 at \"$2\""
}
interrupt TERM 'cnivpc quickstart' 143
interrupt TERM '3  Nodes' 143
interrupt INT '4  Pods' 130
interrupt HUP '5  Pings' 129
interrupt KILL '4  Pods' 137
interrupt TERM '7  The pods go' 143
lab_done
