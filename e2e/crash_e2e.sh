#!/bin/bash
# crash_e2e.sh: kill -9 at every step that changes something: writes to the
#   store, netlink messages, answers. Plugin and ipamd are the shipped binary;
#   strace kills them as they enter the N-th call of a kind, for every kind and
#   every N of a whole ADD, DEL, start and stop. After each, ipamd settles and
#   then must hold: no address lost or leased twice, nothing in the kernel without
#   a lease (invariants.py); and the runtime's DEL and next ADD work.
#   env: WORKERS  nodes that work at the same time (default 6)
#        ONLY     only points that match this, e.g. '^ipamd DEL loop pwrite64'
# The embedded VPC: what a killed ipamd asked for shows at once, whereas in a cloud
# it is settled only when it can no longer take effect (cloud_e2e.sh).
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need strace python3
lab_enter "$@"

# Calls that change something or bring the outcome of a change.
readonly steps='?pwrite64,?write,?writev,?fdatasync,?fsync,?ftruncate,?unlink,?unlinkat,?rename,?renameat,?renameat2,?mkdir,?sendto,?sendmsg,?recvmsg,?recvfrom,?readv,?exit_group'
# As few addresses as possible, so that each is used again at once and the VPC is
# asked at every ADD and DEL.
readonly flags=(--availablePodIPLowWatermark=1 --availablePodIPHighWatermark=1
  --trim-delay=0 --cooldownPeriodSeconds=0 --attach-grace=1 --sweep-interval=1)

running() { [ -n "${ipamd_pid[$1]-}" ] && kill -0 "${ipamd_pid[$1]}" 2>/dev/null; }
stopped() { ! running "$1"; }
up() { running "$1" || ipamd_start "$1" "${flags[@]}"; }
down() { ! running "$1" || ipamd_stop "$1" "$2" || true; }
# call NODE VERB POD: our plugin, without a chain.
call() { cni_call "$@" <"$LAB/config"; }

# --- strace. trace NODE OPTION...: the options that all have.
trace() { printf '%s\n' -f -qq -o "$LAB/$1/strace" "${@:2}"; }
kill_at() { printf '%s\n' -e trace="$1" -e inject="$1:signal=KILL:when=$2"; }
# attach NODE loop|workers OPTION...: to one sort of ipamd's threads: the first,
# which owns all state, or the others, which wait for the kernel and the VPC.
# Without -f, which would attach to all of them.
attach() {
  local node=$1 threads expected
  case $2 in
    loop) threads=("${ipamd_pid[$node]}") ;;
    workers) mapfile -t threads < <(ls "/proc/${ipamd_pid[$node]}/task" | grep -vx "${ipamd_pid[$node]}") ;;
  esac
  strace -o "$LAB/$node/strace" "${@:3}" "${threads[@]/#/-p}" 2>"$LAB/$node/attached" &
  tracer=$!
  expected=${#threads[@]}
  eventually 5 all_attached "$node" "$expected" || die "strace doesn't attach: $(cat "$LAB/$node/attached")"
}
all_attached() { [ "$(grep -c ' attached' "$LAB/$1/attached")" -ge "$2" ]; }
# strace now and then misses a signal, and writes its file only when it ends.
detach() {
  local i
  for i in {1..40}; do
    kill "$tracer" 2>/dev/null || break
    sleep .05
  done
  kill -9 "$tracer" 2>/dev/null || true
  wait "$tracer" 2>/dev/null || true
}

# --- which points there are: a dry run of each operation. A point is a line
# "WHO OPERATION HOW CALL N".
# points_of OPERATION: of the trace in node-a's file; the busiest thread counts.
points_of() {
  awk -v operation="$1" '
    {thread = $1}
    match($0, /[a-z0-9_]+\(/) && !/resumed/ {++count[thread, substr($0, RSTART, RLENGTH - 1)]}
    END {
      for (key in count) {split(key, k, SUBSEP); if (count[key] > most[k[2]]) most[k[2]] = count[key]}
      for (c in most) for (n = 1; n <= most[c]; ++n) print operation, c, n
    }' "$LAB/node-a/strace" | sort -k4,4 -k5n
}
dry_run() {
  local node=node-a verb sort
  pod_netns "$node" dry
  mapfile -t plugin_under < <(echo strace; trace "$node" -e trace="$steps")
  for how in with-ipamd alone; do
    [ "$how" = alone ] || up "$node"
    for verb in ADD DEL; do
      call "$node" "$verb" dry >/dev/null
      points_of "plugin $verb $how"
    done
    down "$node" KILL
  done
  plugin_under=()
  up "$node"
  for sort in loop workers; do
    for verb in ADD DEL; do
      attach "$node" "$sort" -e trace="$steps"
      call "$node" "$verb" dry >/dev/null
      sleep .3
      detach
      points_of "ipamd $verb $sort"
    done
  done
  attach "$node" loop -e trace="$steps"
  down "$node" TERM
  detach
  points_of "ipamd stop loop"
  mapfile -t ipamd_under < <(echo strace; trace "$node" -D -e trace="$steps")
  up "$node"
  ipamd_under=()
  sleep .3
  points_of "ipamd start all"
  down "$node" KILL
}

# --- one kill. try NODE WHO OPERATION HOW CALL N: problems go to stdout.
try() {
  local node=$1 who=$2 operation=$3 how=$4 step=$5 n=$6 pod=p$7 out
  pod_netns "$node" "$pod"
  if [ "$how" = alone ]; then down "$node" TERM; else up "$node"; fi
  if [[ $operation != ADD ]]; then
    out=$(call "$node" ADD "$pod") || { echo "the ADD before it failed: $out"; return; }
  fi
  case $who-$operation in
    plugin-*) kill_plugin ;;
    ipamd-start) kill_at_start ;;
    ipamd-stop) kill_at_stop ;;
    ipamd-*) kill_ipamd ;;
  esac
  # Without ipamd the runtime goes on every other time before anybody tidied up.
  if [ "$how" != alone ] || [ $((n % 2)) = 1 ]; then settle; fi
  go_on
}
unharmed() { echo "$who $operation $how $step $n" >>"$LAB/$node/unharmed"; }

kill_plugin() {
  local rc=0 plugin_under
  mapfile -t plugin_under < <(echo strace; trace "$node"; kill_at "$step" "$n")
  call "$node" "$operation" "$pod" >/dev/null 2>&1 || rc=$?
  [ "$rc" = 137 ] || unharmed
}
kill_ipamd() {
  local rc=0
  mapfile -t options < <(kill_at "$step" "$n")
  attach "$node" "$how" "${options[@]}"
  out=$(call "$node" "$operation" "$pod" 2>/dev/null) || rc=$?
  eventually .5 stopped "$node" || unharmed
  detach
  case $operation-$rc in
    *-0) ;;
    DEL-*) echo "DEL failed: $out" ;;
    ADD-*) [ "$(jq .code <<<"$out")" = 11 ] || echo "ADD failed with another code than 11: $out" ;;
  esac
}
kill_at_stop() {
  local rc=0
  mapfile -t options < <(kill_at "$step" "$n")
  attach "$node" loop "${options[@]}"
  ipamd_stop "$node" TERM || rc=$?
  [ "$rc" = 137 ] || unharmed
  detach
}
# What there is to recover: an ADD that died in the middle of its netlink calls.
kill_at_start() {
  local plugin_under ipamd_under=()
  down "$node" KILL
  mapfile -t plugin_under < <(echo strace; trace "$node"; kill_at sendto 4)
  pod_netns "$node" "$pod-half"
  call "$node" ADD "$pod-half" >/dev/null 2>&1 || true
  mapfile -t ipamd_under < <(echo strace; trace "$node" -D; kill_at "$step" "$n")
  ipamd_spawn "$node" "${flags[@]}"
  eventually .7 stopped "$node" || unharmed
  down "$node" KILL
  plugin_under=()
  wait "${ipamd_pid[$node]}" 2>/dev/null || true
}

settle() {
  up "$node"
  local i
  for i in {1..40}; do
    ! invariants "$node" >"$LAB/$node/violations" || break
    sleep .3
  done
  if [ -s "$LAB/$node/violations" ]; then echo "after $i looks:"; cat "$LAB/$node/violations"; fi
  [ "$how" != alone ] || down "$node" TERM
}
# What a runtime does when a call failed.
go_on() {
  out=$(call "$node" DEL "$pod") || echo "the runtime's DEL failed: $out"
  ! on "$node" ip -n "$pod" link show eth0 >/dev/null 2>&1 || echo "eth0 is there after the runtime's DEL"
  out=$(CNI_CONTAINERID=$pod-again call "$node" ADD "$pod") || echo "the next ADD failed: $out"
  out=$(CNI_CONTAINERID=$pod-again call "$node" DEL "$pod") || echo "the DEL of that failed: $out"
  on "$node" ip netns del "$pod"
  if [ "$operation" = start ]; then
    out=$(call "$node" DEL "$pod-half") || echo "the DEL of the ADD that died before failed: $out"
    on "$node" ip netns del "$pod-half"
  fi
}

# --- all of them, each node its share
# work NODE I: a line for each point, and its problems under it.
work() {
  local node=$1 point number=0
  while read -r -u 4 point; do
    number=$((number + 1))
    echo "$point"
    # shellcheck disable=SC2086 # a point is five words
    try "$node" $point "$number" >"$LAB/$node/problems"
    sed 's/^/    /' "$LAB/$node/problems"
  done 4< <(awk -v i="$2" -v n="$workers" 'NR % n == i' "$LAB/points")
  down "$node" TERM
  invariants "$node" | sed 's/^/    in the end: /'
}

node_start node-a
cni_config node-a 0 >"$LAB/config"
dry_run >"$LAB/all-points"

# The eyes that everything below relies on do see what a crash leaves.
mapfile -t plugin_under < <(echo strace; trace node-a; kill_at sendto 4)
call node-a ADD dry >/dev/null 2>&1 || true
plugin_under=()
refuse "an ADD killed in the middle, before anybody tidies up, is noticed" invariants node-a
up node-a
expect "ipamd tidies up" eventually 12 invariants node-a
down node-a TERM

grep -E "${ONLY:-.}" "$LAB/all-points" >"$LAB/points"
workers=${WORKERS:-6} points=$(wc -l <"$LAB/points")
[ "$points" -ge "$workers" ] || workers=$points
echo "# $points points on $workers nodes"
nodes=(node-b node-c node-d node-e node-f node-g node-h node-i)
for ((i = 0; i < workers; i++)); do
  node_start "${nodes[i]}"
  : >"$LAB/${nodes[i]}/unharmed"
  work "${nodes[i]}" "$i" >"$LAB/${nodes[i]}/work" 2>"$LAB/${nodes[i]}/work.log" &
  jobs[i]=$!
done
for ((i = 0; i < workers; i++)); do
  wait "${jobs[i]}" || not_ok "the worker on ${nodes[i]} gave up: $(tail -n 3 "$LAB/${nodes[i]}/work.log")"
done

cat "$LAB"/node-*/work >"$LAB/all"
killed=0
while read -r group; do
  tried=$(grep -c "^$group " "$LAB/all")
  unharmed=$(cat "$LAB"/node-*/unharmed | grep -c "^$group " || true)
  killed=$((killed + tried - unharmed))
  bad=$(awk -v group="$group " '/^    / {if (mine) print point ":" $0; next} {point = $0; mine = index($0, group) == 1}' "$LAB/all")
  if [ -z "$bad" ]; then
    ok "$group: killed at $((tried - unharmed)) points, none did harm ($unharmed more weren't reached)"
  else
    not_ok "$group: killed at $((tried - unharmed)) points"
    sed 's/^/#   /' <<<"$bad"
  fi
done < <(cut -d' ' -f1-3 "$LAB/points" | sort -u)
same "every point was tried" "$points" "$(grep -vc '^    ' "$LAB/all")"
if grep '^    in the end' "$LAB/all"; then not_ok "all is well in the end"; else ok "all is well in the end"; fi
echo "# $killed kills"
lab_done
