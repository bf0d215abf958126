#!/bin/bash
# upgrade_e2e.sh: `cnivpc upgrade` on a node. Whatever is installed can be
#   replaced; what can't set up a pod isn't installed, or is taken back; full and
#   read-only disks, a program in use and another upgrader do no harm; killed at
#   any step, the next one goes on, and no call of a plugin fails meanwhile. Then
#   upgrades and rollbacks under 8 loops of ADD and DEL and pings between pods:
#   no call fails, no packet is lost.
#   env: ROUNDS   upgrades, each with a rollback (default 3)
#        KILLS    of the points to kill it at, every KILLS-th (default 9)
. "$(dirname "$0")/lab.sh"
need gcc ping strace
lab_enter "$@"

readonly rounds=${ROUNDS:-3} kills=${KILLS:-9} bin=/opt/cni/bin
node_start node-a
on node-a touch "$bin/probe"
# The node's folder where we see it, too.
mkdir "$LAB/plugins"
on node-a cp -a "$bin/." "$LAB/plugins/"
on node-a mount --bind "$LAB/plugins" "$bin"
rm "$LAB/plugins/probe"
ipamd_start node-a --cooldownPeriodSeconds=0 --availablePodIPLowWatermark=12 --availablePodIPHighWatermark=24

# --- releases. Two builds: ours, and the same with another commit.
readonly old=$LAB/tmp/old new=$LAB/tmp/new
cp "$CNIVPC" "$old"
commit=$("$old" version | sed -n 's/^Git Commit ID: *//p')
sed "s/$commit/$(tr '0-9a-f' '1-9a-f0' <<<"${commit:0:7}")${commit:7}/" "$old" >"$new"
chmod +x "$new"
readonly old_commit=$commit new_commit=$("$new" version | sed -n 's/^Git Commit ID: *//p')
# release FILE VERSION [FAILS [LINE]]: a program that says it is that version, and
# is ours otherwise; but its ADD fails: never, always, or installed, which is only
# when it is called by the name of the plugin.
release() {
  gcc -O -static -o "$1" -x c - -DVERSION="\"$2\"" -DFAILS="\"${3:-never}\"" -DLINE="\"${4:-CNI Protocols:  0.4.0, 1.0.0}\"" -DREAL="\"$old\"" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  const char* verb = getenv("CNI_COMMAND");
  const char* name = strrchr(argv[0], '/');
  if (argc > 1 && strcmp(argv[1], "version") == 0) {
    puts("CNI Version:    " VERSION "\n" LINE);
    return 0;
  }
  if (verb && strcmp(verb, "ADD") == 0 &&
      (strcmp(FAILS, "always") == 0 ||
       (strcmp(FAILS, "installed") == 0 && strcmp(name, "/cnivpc") == 0))) {
    puts("{\"code\": 999, \"msg\": \"no pods today\"}");
    return 1;
  }
  execv(REAL, argv);
  return 127;
}
C
}
release "$LAB/tmp/older" 0.0.9
release "$LAB/tmp/newer" 0.9.0
release "$LAB/tmp/useless" 0.9.1 always
release "$LAB/tmp/traitor" 0.9.2 installed
release "$LAB/tmp/foreign" 1.2.3 never "Go Version: go1.19.4"

upgrade() { on node-a "$old" upgrade "$@"; }
answer() { upgrade --output=json "$@"; }
installed() { on node-a "$bin/cnivpc" version | sed -n 's/^Git Commit ID: *//p'; }
version() { on node-a "$bin/cnivpc" version | sed -n 's/^CNI Version: *//p'; }
sum() { sha256sum <"$LAB/plugins/${1:-cnivpc}" | cut -d' ' -f1; }
# What upgrades may leave in the folder of plugins.
left() { (cd "$LAB/plugins" && printf '%s ' .cnivpc.*); }
# exits WHAT STATUS TEXT CMD...: its exit status, and what its output has in it.
exits() {
  local what=$1 status=$2 text=$3 out rc=0; shift 3
  out=$("$@" 2>&1) || rc=$?
  if [ "$rc" = "$status" ] && grep -qF -- "$text" <<<"$out"; then ok "$what"; else not_ok "$what: exit status $rc: $out"; fi
}

# --- what may be installed before
rm "$LAB/plugins/cnivpc"
exits "a dry run where nothing is installed" 0 "would be installed" upgrade --from="$old" --dry-run
expect "... installs nothing and leaves nothing" test ! -e "$LAB/plugins/cnivpc" -a "$(left)" = ".cnivpc.* "
exits "an upgrade where nothing is installed" 0 "from nothing to" upgrade --from="$old"
same "... installs" "$old_commit" "$(installed)"
exits "... and can't be rolled back" 1 "nothing to go back to" upgrade --rollback
exits "the same again is nothing to do" 0 "nothing to do" upgrade --self
rm "$LAB/plugins/cnivpc"
ln -s "$old" "$LAB/plugins/cnivpc"
exits "a link is replaced by a file" 0 "is installed" upgrade --from="$new"
expect "... not the file behind it" test ! -L "$LAB/plugins/cnivpc" -a "$("$old" version | tail -n 1)" = "Git Commit ID:  $old_commit"
exits "... and a rollback" 0 "is installed" upgrade --rollback
expect "... makes it a link again" test "$(readlink "$LAB/plugins/cnivpc")" = "$old"
# broken WHAT CMD...: what CMD has put there needs --force, and then is replaced.
broken() {
  local before
  before=$(sum)
  exits "$1: refused" 3 "${2}" upgrade --from="$new"
  same "... and left as it is" "$before" "$(sum)"
  exits "... by force" 0 "is installed" upgrade --from="$new" --force
  same "... is replaced" "$new_commit" "$(installed)"
}
put() { rm -f "$LAB/plugins/cnivpc"; cat >"$LAB/plugins/cnivpc"; chmod +x "$LAB/plugins/cnivpc"; }
head -c 100000 "$old" | put
broken "a damaged program" "is cut short"
{ head -c 18 "$old"; printf '\xb7\0'; tail -c +21 "$old"; } | put
broken "another architecture's" "is for aarch64"
echo 'not a program' | put
broken "something else" "--force"
put <"$LAB/tmp/foreign"
broken "another product's" "another program"
rm "$LAB/plugins/cnivpc"
ln -s /nowhere "$LAB/plugins/cnivpc"
exits "a link to nowhere, by force" 0 "is installed" upgrade --from="$new" --force
rm "$LAB/plugins/cnivpc"
mkdir "$LAB/plugins/cnivpc"
exits "a folder in its place" 1 "neither a file nor a link" upgrade --from="$new" --force
rmdir "$LAB/plugins/cnivpc"
upgrade --from="$old" >/dev/null

# --- what is to be installed
before=$(sum)
head -c 100000 "$new" >"$LAB/tmp/short"
exits "a part of a program" 1 "is cut short" upgrade --from="$LAB/tmp/short" --force
exits "no file at all" 1 "/nowhere" upgrade --from=/nowhere
exits "another sum than said" 1 "get it again" upgrade --from="$new" --sha256="$before"
exits "another product" 3 "refused" upgrade --from="$LAB/tmp/foreign" --force
exits "an older version" 3 "refused" upgrade --from="$LAB/tmp/older"
exits "a version that isn't -lts, out of maintenance" 3 "refused" upgrade --from="$LAB/tmp/newer" --out-of-maintenance --force
exits "no flags" 2 "say what to do" upgrade
exits "a release that can't set up a pod" 1 "no pods today" upgrade --from="$LAB/tmp/useless"
exits "... not even by force, where the installed one can" 1 "no pods today" upgrade --from="$LAB/tmp/useless" --force
same "what is installed is the same through all this" "$before" "$(sum)"
exits "a release that can't once it is installed" 1 "the old version is back and sets up pods" upgrade --from="$LAB/tmp/traitor"
same "... is taken back" "$before" "$(sum)"
same "... and the answer says so" "failed 1 undone" "$(answer --from="$LAB/tmp/traitor" | jq -r '"\(.outcome) \(.exitStatus) \(.run.phase)"')"
exits "an older version by force" 0 "0.0.9 is installed" upgrade --from="$LAB/tmp/older" --force
same "... is installed" 0.0.9 "$(version)"
exits "... and a newer one without" 0 "0.9.0 is installed" upgrade --from="$LAB/tmp/newer" --sha256="$(sha256sum <"$LAB/tmp/newer" | cut -c 1-64)"
same "the status says it" "0.9.0 0.0.9 done" "$(answer --status | jq -r '"\(.installed.version) \(.previous.version) \(.last.phase)"')"
exits "back" 0 "0.0.9 is installed" upgrade --rollback
same "... is installed" 0.0.9 "$(version)"
upgrade --from="$old" >/dev/null
same "nothing but the previous one is left" ".cnivpc.previous " "$(left)"

# --- a configuration that the wanted version doesn't speak
jq '.cniVersion = "1.1.0"' "$lab_conflist" | on node-a tee /etc/cni/net.d/10-cnivpc.conflist >/dev/null
exits "a version that speaks only 1.0.0 where 1.1.0 is configured" 0 "0.9.0 is installed" upgrade --from="$LAB/tmp/newer"
same "... gets a configuration of 1.0.0" 1.0.0 "$(on node-a jq -r .cniVersion /etc/cni/net.d/10-cnivpc.conflist)"
upgrade --from="$old" --force >/dev/null

# --- the disk, and others
before=$(sum)
on node-a mkdir /run/small
on node-a mount -t tmpfs -o size=20m small /run/small
on node-a cp "$old" /run/small/cnivpc
exits "a full disk" 1 "No space left" upgrade --from="$new" --bin-dir=/run/small
same "... costs nothing" cnivpc "$(on node-a ls -A /run/small)"
on node-a mount -o remount,ro small /run/small
exits "a read-only disk" 1 "Read-only" upgrade --from="$new" --bin-dir=/run/small
on node-a umount /run/small
on node-a mount -t tmpfs -o size=4k,nr_inodes=2 small /run/small
on node-a dd if=/dev/zero of=/run/small/fill bs=4k count=1 status=none
exits "no room for the record" 1 "the record of this upgrade can't be written" upgrade --from="$new" --state-dir=/run/small
on node-a umount /run/small
same "... and what is installed is the same" "$before" "$(sum)"
mkfifo "$LAB/tmp/held"
on node-a flock "$bin" sh -c 'echo held; cat' <"$LAB/tmp/held" >"$LAB/tmp/lock" & holder=$!
exec {held}>"$LAB/tmp/held"
eventually 5 test -s "$LAB/tmp/lock"
exits "another upgrade is at work" 4 "at work" upgrade --from="$new"
same "... --status works meanwhile, and says so" true "$(answer --status | jq .atWork)"
exec {held}>&-
wait "$holder"
# A call that is under way for as long as we like: it reads its stdin first.
mkfifo "$LAB/tmp/stdin"
pod_netns node-a slow
cni_call node-a ADD slow <"$LAB/tmp/stdin" >"$LAB/tmp/slow" 2>&1 &
slow=$!
exec {held}>"$LAB/tmp/stdin"
in_use() { on node-a readlink /proc/[0-9]*/exe | grep -x "$bin/cnivpc"; }
expect "a call is under way" eventually 5 in_use
exits "a program in use (\"text file busy\")" 0 "is installed" upgrade --from="$new"
cni_config node-a 0 >&"$held"
exec {held}>&-
rc=0; wait "$slow" || rc=$?
same "... and its call succeeds" 0 "$rc"
cni_config node-a 0 | cni_call node-a DEL slow

# --- calls and packets all the time
# come_and_go N: ADD and DEL until somebody says stop; a line "VERB STATUS ANSWER"
# for each call.
config=$(cni_config node-a 0)
come_and_go() {
  local n=0 pod=busy-$1 verb out rc
  while [ ! -e "$LAB/stop" ]; do
    n=$((n + 1))
    for verb in ADD DEL; do
      rc=0
      out=$(CNI_CONTAINERID=$pod-$n cni_call node-a "$verb" "$pod" 2>&1 <<<"$config") || rc=$?
      echo "$verb $rc $([ "$rc" = 0 ] || tr '\n' ' ' <<<"$out")"
    done
  done
}
for i in {1..8}; do pod_netns node-a "busy-$i"; done
for pod in stays-{1..4}; do pod_start node-a "$pod"; done
loops=() pings=()
load_start() {
  local i
  rm -f "$LAB/stop" "$LAB"/calls.* "$LAB"/ping.*
  for ((i = 1; i <= $1; i++)); do come_and_go "$i" >"$LAB/calls.$i" & loops+=($!); done
  for i in 1 3; do
    nsenter -t "${node_pid[node-a]}" --net --mount -- ip netns exec "stays-$i" \
      ping -q -i .01 "$(pod_ip node-a "stays-$((i + 1))")" >"$LAB/ping.$i" 2>&1 & pings+=($!)
  done
}
# load_stop WHAT: and what it has seen. The last packet may be under way.
load_stop() {
  local i calls failed sent received
  touch "$LAB/stop"
  wait "${loops[@]}"
  # They are ping by now: nsenter and ip have made way for it.
  kill -INT "${pings[@]}"
  wait "${pings[@]}" || true
  loops=() pings=()
  calls=$(cat "$LAB"/calls.* | wc -l)
  failed=$(cat "$LAB"/calls.* | grep -vc '^[A-Z]* 0 ' || true)
  expect "$1: $calls calls, enough to mean something" test "$calls" -ge 50
  same "$1: none failed" 0 "$failed"
  cat "$LAB"/calls.* | grep -v '^[A-Z]* 0 ' | sort | uniq -c | head -n 10 | sed 's/^/# /' || true
  for i in 1 3; do
    read -r sent received < <(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) .*/\1 \2/p' "$LAB/ping.$i")
    expect "$1: $sent packets between pods, $((sent - received)) lost" test "$sent" -ge 100 -a $((sent - received)) -le 1
  done
}
leased() { ipamd_get node-a /v1/pool | jq -r '[.addresses[] | select(.state == "leased") | .lease.attachment.containerId] | sort | join(" ")'; }

# --- killed at every step that changes something
readonly steps='?fsync,?fdatasync,?rename,?link,?linkat,?unlink,?unlinkat,?mkdir,?mkdirat,?fchmod,?vfork,?clone,?clone3,?waitid,?wait4,?exit_group'
other() { if [ "$(installed)" = "$old_commit" ]; then echo "$new"; else echo "$old"; fi; }
under_strace() { on node-a strace -qq -o "$LAB/tmp/strace" "$@"; }
under_strace -e trace="$steps,openat" "$old" upgrade --from="$(other)" >/dev/null
# Before the new one gets the name its content is on the disk, and afterwards the
# name: what a power cut leaves is the old one or the new one, whole.
same "synced, renamed, synced" "fsync rename fsync " \
  "$(awk '/^openat.*"\/opt\/cni\/bin\/.cnivpc.new", O_WRONLY/ {near = 1} /^rename.*"\/opt\/cni\/bin\/cnivpc"/ {print "rename"; near = 2; next}
    /^fsync/ && near {print "fsync"; if (near == 2) exit; near = 0}' "$LAB/tmp/strace" | tr '\n' ' ')"
mapfile -t points < <(grep -v ^openat "$LAB/tmp/strace" | awk 'match($0, /^[a-z0-9_]+\(/) {c = substr($0, 1, RLENGTH - 1); print c, ++n[c]}')
load_start 4
tried=0 back=0 forward=0 harmless=0 wrong=()
for ((i = 0; i < ${#points[@]}; i += kills)); do
  read -r call n <<<"${points[i]}"
  was=$(installed) from=$(other) rc=0
  under_strace -e trace="$call" -e inject="$call:signal=KILL:when=$n" "$old" upgrade --from="$from" >/dev/null 2>&1 || rc=$?
  tried=$((tried + 1))
  [ "$rc" = 137 ] || harmless=$((harmless + 1))
  [ "$(sum)" = "$(sha256sum <"$old" | cut -c 1-64)" ] || [ "$(sum)" = "$(sha256sum <"$new" | cut -c 1-64)" ] || wrong+=("$call $n: what is installed is neither")
  upgrade --resume >"$LAB/tmp/resumed" 2>&1 || [ $? = 1 ] || wrong+=("$call $n: $(tail -n 1 "$LAB/tmp/resumed")")
  if [ "$(installed)" = "$was" ]; then back=$((back + 1)); else forward=$((forward + 1)); fi
  [ "$(left)" = ".cnivpc.previous " ] || wrong+=("$call $n: left $(left)")
done
expect "killed at $tried of ${#points[@]} points ($harmless too late to matter): $back times the old one stays, $forward times the new one" \
  test "$back" -ge 3 -a "$forward" -ge 1 -a $((tried - harmless)) -ge 10
same "... and each time the next one goes on" "" "${wrong[*]}"
load_stop "killed at every step"
upgrade --from="$(other)" >/dev/null
same "an upgrade after all that leaves nothing behind" ".cnivpc.previous " "$(left)"
same "... nor do tests' pods" "stays-1 stays-2 stays-3 stays-4" "$(leased)"

# --- again and again
load_start 8
failed=0
for ((i = 0; i < rounds; i++)); do
  upgrade --from="$(other)" >"$LAB/tmp/out" 2>&1 || { failed=$((failed + 1)); cat "$LAB/tmp/out"; }
  upgrade --rollback >"$LAB/tmp/out" 2>&1 || { failed=$((failed + 1)); cat "$LAB/tmp/out"; }
done
same "$rounds upgrades and rollbacks under load: none fails" 0 "$failed"
load_stop "$rounds upgrades and rollbacks"
expect "everything agrees" eventually 10 invariants node-a
lab_done
