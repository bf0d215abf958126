#!/bin/bash
# upgrade_fleet_e2e.sh: `cnivpc upgrade --nodes` over four nodes: the canary first; a
#   release that can't set up pods stops there and no other node sees it; one that
#   fails on a later node goes back everywhere; a node that can't be reached is left
#   out; an upgrader that is killed or interrupted is followed by one that goes on.
. "$(dirname "$0")/lab.sh"
need gcc
lab_enter "$@"

nodes=(node-{a,b,c,d})
readonly bin=/opt/cni/bin
for node in "${nodes[@]}"; do
  node_start "$node"
  ipamd_start "$node"
  echo "${node_pid[$node]}" >"$LAB/bin/$node"
done
# What ssh is elsewhere.
cat >"$LAB/bin/at" <<E2
#!/bin/sh
pid=\$(cat "$LAB/bin/\$1") || exit 255
shift
exec nsenter -t "\$pid" --net --uts --mount -- "\$@"
E2
chmod +x "$LAB/bin/at"

# --- releases: ours, the same with another commit, and ones whose ADD fails: on
# nodes whose name begins so.
readonly old=$LAB/tmp/old new=$LAB/tmp/new
cp "$CNIVPC" "$old"
old_commit=$("$old" version | sed -n 's/^Git Commit ID: *//p')
sed "s/$old_commit/$(tr '0-9a-f' '1-9a-f0' <<<"${old_commit:0:7}")${old_commit:7}/" "$old" >"$new"
chmod +x "$new"
new_commit=$("$new" version | sed -n 's/^Git Commit ID: *//p')
release() {
  gcc -O -static -o "$1" -x c - -DFAILS="\"$2\"" -DREAL="\"$new\"" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  const char* verb = getenv("CNI_COMMAND");
  char host[64] = "";
  gethostname(host, sizeof(host) - 1);
  if (argc > 1 && strcmp(argv[1], "version") == 0) {
    puts("CNI Version:    0.9.0\nCNI Protocols:  0.4.0, 1.0.0");
    return 0;
  }
  if (verb && strcmp(verb, "ADD") == 0 && strncmp(host, FAILS, strlen(FAILS)) == 0) {
    puts("{\"code\": 999, \"msg\": \"no pods today\"}");
    return 1;
  }
  execv(REAL, argv);
  return 127;
}
C
}
release "$LAB/tmp/useless" node-
release "$LAB/tmp/picky" node-c

readonly state=$LAB/fleet
fleet() { "$old" upgrade --state-dir="$state" "$@"; }
begin() { fleet --nodes="$(IFS=,; echo "${nodes[*]}")" --through="$LAB/bin/at {}" "$@"; }
status() { fleet --fleet --status -o json | jq -r "$1"; }
commits() { for node in "${nodes[@]}"; do on "$node" "$bin/cnivpc" version | sed -n 's/^Git Commit ID: *//p'; done | uniq -c | sed 's/^ *//'; }
sums() { for node in "${nodes[@]}"; do on "$node" sha256sum "$bin/cnivpc"; done; }
exits() {
  local what=$1 status=$2 text=$3 out rc=0; shift 3
  out=$("$@" 2>&1) || rc=$?
  if [ "$rc" = "$status" ] && grep -qF -- "$text" <<<"$out"; then ok "$what"; else not_ok "$what: exit status $rc: $out"; fi
}

query() { "$old" upgrade --query --through="$LAB/bin/at {}" "$@"; }
exits "what is installed, by a query" 0 "4 " query --nodes="$(IFS=,; echo "${nodes[*]}")"
same "... also for programs" "node-a true $("$old" version | sed -n 's/^CNI Version: *//p') 10.126.0.11" \
  "$(query --nodes=node-a -o json | jq -r '.nodes[0] | "\(.node) \(.reached) \(.ipamd) \(.address)"')"
exits "... a node that can't be reached is said so" 1 "1 no answer" query --nodes=node-a,node-z
exits "no run on record" 1 "there was no run" fleet --fleet --status
before=$(sums)
exits "a release that can't set up a pod" 1 "node-a: self-test: ADD by cnivpc failed" begin --from="$LAB/tmp/useless" --batch-size=3
same "... stops at the canary" "returned failed waiting waiting waiting" "$(status '[.phase, .nodes[].state] | join(" ")')"
same "... and every node has what it had" "$before" "$(sums)"

exits "a release that fails on the third node" 1 "node-c: self-test: ADD by cnivpc failed" begin --from="$LAB/tmp/picky" --batch-size=1
same "... goes back" "returned returned returned failed waiting" "$(status '[.phase, .nodes[].state] | join(" ")')"
same "... and every node has what it had" "$(cut -d' ' -f1 <<<"$before")" "$(sums | cut -d' ' -f1)"

exits "a good one" 0 "done: 4 done" begin --from="$new" --batch-size=2
same "... is everywhere" "4 $new_commit" "$(commits)"
exits "... again" 0 "done: 4 unchanged" begin --from="$new" --batch-size=2
exits "back" 0 "returned: 4 unchanged" fleet --fleet --rollback
same "... takes back only what the run has done" "4 $new_commit" "$(commits)"
exits "the old one" 0 "done: 4 done" begin --from="$old" --batch-size=4
exits "a run taken back" 0 "returned: 4 returned" fleet --fleet --rollback
same "... is taken back" "4 $new_commit" "$(commits)"

nodes+=(node-z)
exits "a node that can't be reached" 1 "4 done, 1 skipped" begin --from="$old" --batch-size=4
unset 'nodes[-1]'
same "... is left out" "4 $old_commit" "$(commits)"

# A run that lasts a while, and is in the middle of it on return.
begin_slowly() {
  "$old" upgrade --state-dir="$state" --nodes="$(IFS=,; echo "${nodes[*]}")" --through="$LAB/bin/at {}" \
    --soak=1s "$@" >"$LAB/tmp/out" 2>&1 &
  upgrader=$!
  eventually 60 in_the_middle || die "no run gets to its middle: $(cat "$LAB/tmp/out")"
}
in_the_middle() { [ "$(status '"\(.phase) \(.nodes[0].state)"')" = "running done" ]; }
begin_slowly --from="$new"
kill -9 "$upgrader"
wait "$upgrader" 2>/dev/null || true
same "a killed upgrader leaves an unfinished run" running "$(status .phase)"
exits "... another run isn't begun" 1 "isn't finished" begin --from="$old"
exits "... the next one ends it" 0 "done: 4 done" fleet --fleet --resume
same "... everywhere" "4 $new_commit" "$(commits)"

begin_slowly --from="$old"
kill -TERM "$upgrader"
rc=0; wait "$upgrader" || rc=$?
same "an interrupted upgrader ends after what is under way" 1 "$rc"
expect "... and says how to go on" grep -qF -- "--fleet --resume" "$LAB/tmp/out"
exits "... or be left" 1 "reason: aborted" fleet --fleet --abort
expect "... with some nodes upgraded and some not" test "$(commits | wc -l)" -ge 2
exits "and taken back" 0 "returned: " fleet --fleet --rollback
same "... everywhere" "4 $new_commit" "$(commits)"
for node in "${nodes[@]}"; do expect "$node: everything agrees" eventually 10 invariants "$node"; done
lab_done
