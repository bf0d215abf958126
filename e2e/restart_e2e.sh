#!/bin/bash
# restart_e2e.sh: ipamd is stopped and killed again and again while pods come and
#   go: no ADD and no DEL fails, for the plugin uses the store itself meanwhile; no
#   address is had twice at a time; pods that stay keep their leases and answer
#   throughout. A graceful stop lets the ADD under way finish. Then GC, which
#   removes what isn't valid of its own network only, and STATUS beside /readyz.
#   env: ROUNDS  stops of each kind (default 5)
# A VPC in which a call that was cut off is over at once, not 75 s later.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping python3 strace
lab_enter "$@"

# Few addresses and no cooldown, so that each is used again at once.
readonly flags=(--availablePodIPLowWatermark=2 --availablePodIPHighWatermark=4
  --cooldownPeriodSeconds=0 --attach-grace=1 --sweep-interval=1)
readonly rounds=${ROUNDS:-5} stays=(stays-{1..5})
node_start node-a
ipamd_start node-a "${flags[@]}"
config=$(cni_config node-a 0)
call() { cni_call "$@" <<<"$config"; }
leases() { ipamd_get node-a /v1/pool | jq -c '[.addresses[] | select(.state == "leased") | [.lease.attachment.containerId, .address]] | sort'; }
staying() { leases | jq -c 'map(select(.[0] | startswith("stays-")))'; }
leased() { leases | jq -r 'map(.[0]) | join(" ")'; }
for pod in "${stays[@]}"; do pod_start node-a "$pod"; done
before=$(staying)
same "five pods stay" "${stays[*]}" "$(leased)"

# --- calls under way all the time
# come_and_go I: ADD and DEL until somebody says stop. A line "VERB CODE ERA FROM
# TO ADDRESS" for each: code 0 is success, ERA is up or away if it was so all the
# time, and else "between"; the times are those when the call began and ended.
come_and_go() {
  local n=0 pod=busy-$1 verb rc out from era now
  pod_netns node-a "$pod"
  while [ ! -e "$LAB/stop" ]; do
    n=$((n + 1))
    for verb in ADD DEL; do
      rc=0 era='' now=''
      read -r era <"$LAB/era" || true
      from=$(us)
      out=$(CNI_CONTAINERID=$pod-$n CNI_NETNS=/run/netns/$pod call node-a "$verb" "$pod" 2>/dev/null) || rc=$?
      set -- "$1" "$(us)"
      read -r now <"$LAB/era" || true
      if [ -n "$era" ] && [ "$era" = "$now" ]; then era=${era% *}; else era=between; fi
      if [ "$rc" = 0 ]; then
        echo "$verb 0 $era $from $2 $(jq -r '.ips[0].address // "-" | split("/")[0]' <<<"${out:-"{}"}")"
      else
        echo "$verb $(jq .code <<<"$out" || echo "status-$rc") $era $from $2 - $(jq -c .details <<<"$out")"
      fi
    done
  done
}
count() { cat "$LAB"/calls.* | grep -cE "$1" || true; }
# lives: "ADDRESS FROM TO", of each pod from the end of its ADD to the begin of
# its DEL, when it has the address for certain.
lives() {
  local file
  for file in "$LAB"/calls.*; do
    awk '$1 == "ADD" {address = $2 == 0 ? $6 : ""; from = $5} $1 == "DEL" && address {printf "%s %s %s\n", address, from, $4}' "$file"
  done
  jq -r '.[] | "\(.[1]) 0 9999999999999999"' <<<"$before"
}
# twice <LIVES: those that begin before another of the same address has ended.
twice() {
  sort -k1,1 -k2,2n | awk '$1 == address && $2 + 0 < to {print} {to = $1 == address && to > $3 + 0 ? to : $3 + 0; address = $1}'
}
same "two pods with one address at a time are noticed" "10.0.0.1 20 40" \
  "$(printf '%s\n' '10.0.0.1 10 30' '10.0.0.2 15 25' '10.0.0.1 20 40' '10.0.0.1 41 42' | twice)"

era_number=0
era() { era_number=$((era_number + 1)); echo "$1 $era_number" >"$LAB/era"; }
# under_load SIGNAL: ends ipamd and starts it, again and again, under six loops.
under_load() {
  local i n loops=() pings=() rc statuses='' changed=0 gave_up=0 sent lost line
  rm -f "$LAB/stop" "$LAB"/calls.*
  era up
  for pod in "${stays[@]}"; do
    LC_ALL=C ping -q -i .05 "$(pod_ip node-a "$pod")" >"$LAB/ping.$pod" 2>&1 & pings+=($!)
  done
  for i in {1..6}; do come_and_go "$1-$i" >"$LAB/calls.$i" 2>"$LAB/node-a/loop-$i.log" & loops+=($!); done
  for ((n = 0; n < rounds; n++)); do
    sleep ".$((RANDOM % 5 + 3))"
    rc=0
    ipamd_stop node-a "$1" || rc=$?
    statuses+=" $rc"
    era away
    sleep .5
    era starting
    ipamd_start node-a "${flags[@]}"
    era up
    [ "$(staying)" = "$before" ] || changed=$((changed + 1))
  done
  sleep .3
  touch "$LAB/stop"
  for i in "${loops[@]}"; do wait "$i" || gave_up=$((gave_up + 1)); done
  kill -INT "${pings[@]}"
  wait "${pings[@]}" || true

  echo "# SIG$1: $(count '^ADD') ADDs, $(count '^DEL') DELs; while ipamd was away $(count '^ADD 0 away') and $(count '^DEL 0 away')," \
    "while it came or went $(count '^ADD [^ ]* between') and $(count '^DEL [^ ]* between')"
  same "SIG$1: exit statuses of ipamd" "$(for ((n = 0; n < rounds; n++)); do printf ' %s' "$2"; done)" "$statuses"
  same "SIG$1: no loop gave up" 0 "$gave_up"
  for i in "ADD 0 up" "DEL 0 up" "ADD 0 away" "DEL 0 away"; do
    expect "SIG$1: \"$i\": $(count "^$i") calls, enough to mean something" test "$(count "^$i")" -ge "$rounds"
  done
  # Code 11 is a failure here, for it can be avoided: nothing has been done when
  # the lease isn't there yet, ipamd and the store give an attachment that has a
  # lease the same one again, and DEL ends it whoever began.
  same "SIG$1: no ADD fails" 0 "$(count '^ADD [^0]')"
  same "SIG$1: no DEL fails" 0 "$(count '^DEL [^0]')"
  cat "$LAB"/calls.* | awk '$2 != "0" {$4 = $5 = $6 = ""; print}' | tr -s ' ' | sort | uniq -c | sed 's/^/#/'
  lives >"$LAB/lives"
  expect "SIG$1: addresses are used again" test "$(cut -d' ' -f1 "$LAB/lives" | sort | uniq -d | wc -l)" -ge 2
  same "SIG$1: no address is had twice at a time, of $(wc -l <"$LAB/lives") lives" "" "$(twice <"$LAB/lives")"
  same "SIG$1: starts after which a pod that stays has another lease" 0 "$changed"
  for pod in "${stays[@]}"; do
    line=$(grep ' packets transmitted, ' "$LAB/ping.$pod" || echo "0 packets transmitted, 0 received")
    sent=${line%% *} lost=$((${line%% *} - $(sed 's/.*transmitted, \([0-9]*\) .*/\1/' <<<"$line")))
    # The last may be under way.
    expect "SIG$1: $pod answers throughout: $line" test "$sent" -ge $((rounds * 10)) -a "$lost" -le 1
  done
  expect "SIG$1: everything agrees" eventually 10 invariants node-a
}
under_load TERM 0
under_load KILL 137
for pod in "${stays[@]}"; do
  same "$pod has its address" "$(pod_ip node-a "$pod")/32" "$(in_pod node-a "$pod" ip -4 -j addr show dev eth0 | jq -r '.[0].addr_info[0] | "\(.local)/\(.prefixlen)"')"
done
expect "CHECK of one" cni_check node-a stays-1
same "nothing else is leased" "${stays[*]}" "$(leased)"

# --- a graceful stop with an ADD under way, held up when it has its lease and
# not yet its network
attaching() { [ "$(ipamd_get node-a /v1/pool | jq '[.addresses[] | select(.lease.phase == "attaching")] | length')" = 1 ]; }
pod_netns node-a slow
pod_netns node-a next
plugin_under=(strace -f -qq -o "$LAB/node-a/strace" -e trace=sendto -e inject=sendto:delay_enter=2000000:when=4)
call node-a ADD slow >"$LAB/slow" 2>"$LAB/node-a/slow.log" &
slow=$!
plugin_under=()
eventually 5 attaching || die "the ADD that is held up has no lease"
kill -TERM "${ipamd_pid[node-a]}"
call node-a ADD next >"$LAB/next" 2>"$LAB/node-a/next.log" &
next=$!
sleep .5
expect "the ADD is under way when ipamd is to stop" kill -0 "$slow"
expect "and ipamd waits for it" kill -0 "${ipamd_pid[node-a]}"
expect "as it says" grep -q 'stopping: .*adds_under_way=1' "$LAB/node-a/ipamd.log"
# Not by expect: its subshell has no children to wait for.
ended() { local rc=0; wait "$1" || rc=$?; echo "$rc" >"$LAB/ended"; }
ended "$slow"
same "the ADD ends with exit status" 0 "$(cat "$LAB/ended")"
ended "${ipamd_pid[node-a]}"
same "ipamd stops with exit status" 0 "$(cat "$LAB/ended")"
ended "$next"
same "an ADD that came meanwhile ends with exit status" 0 "$(cat "$LAB/ended")"
for pod in slow next; do
  expect "$pod is reached" ping -q -c 1 -W 2 "$(jq -r '.ips[0].address | split("/")[0]' "$LAB/$pod")"
done
expect "everything agrees" invariants node-a
for pod in slow next; do expect "DEL of $pod without ipamd" call node-a DEL "$pod"; done
ipamd_start node-a "${flags[@]}"
same "the leases are those of before" "$before" "$(leases)"

# --- GC. Two networks by name; what is valid is named by container and interface.
gc() {
  CNI_CONTAINERID='' CNI_NETNS='' CNI_IFNAME='' CNI_ARGS='' cni_call node-a GC - <<<"$(jq -c --arg n "$1" --argjson v "$2" \
    '.cniVersion = "1.1.0" | .name = $n | .["cni.dev/valid-attachments"] = $v' <<<"$config")"
}
valid() { printf '%s\n' "$@" | jq -R '{containerID: ., ifname: "eth0"}' | jq -sc .; }
# on_node ADDRESS: what the node knows of it.
on_node() { on node-a sh -c 'ip route; ip rule; ip neigh show proxy' | grep -cwF "$1" || true; }
host_end() { echo "ucni$(printf 'default.%s' "$1" | sha1sum | cut -c1-11)"; }
gone() {
  refuse "$1: $2's interface is gone" in_pod node-a "$2" ip link show eth0
  refuse "$1: and its host's end" on node-a ip link show "$(host_end "$2")"
  same "$1: and its route, rule and proxy" 0 "$(on_node "$(pod_ip node-a "$2")")"
}
there() {
  local pod
  for pod in "${@:2}"; do expect "$1: $pod is reached" ping -q -c 1 -W 2 "$(pod_ip node-a "$pod")"; done
}
# gc_both WHAT: with three pods of each network, in the state that ipamd is in.
gc_both() {
  local pod
  for pod in g1 g2 g3; do pod_start node-a "$pod"; done
  for pod in o1 o2 o3; do
    pod_netns node-a "$pod"
    expect "$1: ADD of $pod to the other network" cni_call node-a ADD "$pod" <<<"$(jq -c '.name = "other"' <<<"$config")"
    jq --arg a "$(in_pod node-a "$pod" ip -4 -j addr show dev eth0 | jq -r '.[0].addr_info[0].local')/32" '.ips[0].address = $a' \
      "$LAB/node-a/pods/g1.json" >"$LAB/node-a/pods/$pod.json"
  done
  there "$1, before" g1 g2 g3 o1 o2 o3
  same "$1: an address is known in three places" 3 "$(on_node "$(pod_ip node-a g2)")"
  # g3's container is valid with another interface only.
  expect "$1: GC" gc cnivpc "$(valid "${stays[@]}" g1 | jq -c '. + [{containerID: "g3", ifname: "eth7"}]')"
  for pod in g2 g3; do gone "$1" "$pod"; done
  there "$1" "${stays[@]}" g1 o1 o2 o3
  expect "$1: GC of the other network" gc other "$(valid o1 g1)"
  for pod in o2 o3; do gone "$1" "$pod"; done
  there "$1" "${stays[@]}" g1 o1
  expect "$1: GC again" gc other "$(valid o1 g1)"
  expect "$1: DEL of what GC has taken" call node-a DEL g2
  expect "$1: everything agrees" eventually 5 invariants node-a
}
gc_clean() {
  expect "$1: GC of all but those that stay" gc cnivpc "$(valid "${stays[@]}")"
  expect "$1: and of all the others" gc other '[]'
  for pod in g1 g2 g3 o1 o2 o3; do on node-a ip netns del "$pod"; done
}
gc_both "with ipamd"
same "with ipamd: leased is" "g1 o1 ${stays[*]}" "$(leased)"
gc_clean "with ipamd"
same "with ipamd: leased is what it was before" "$before" "$(leases)"
ipamd_stop node-a
gc_both "without ipamd"
ipamd_start node-a "${flags[@]}"
same "without ipamd: leased is" "g1 o1 ${stays[*]}" "$(leased)"
ipamd_stop node-a
gc_clean "without ipamd"
ipamd_start node-a "${flags[@]}"
same "without ipamd: leased is what it was before" "$before" "$(leases)"
expect "everything agrees" eventually 5 invariants node-a

# --- STATUS, on a node with five addresses, and what /readyz says
node_start node-b
ipamd_start node-b --subnet=10.126.80.0/29 --vpc-state="$LAB/small.db" --availablePodIPLowWatermark=1 \
  --availablePodIPHighWatermark=5 --cooldownPeriodSeconds=3
# status: "0", or "STATUS CODE".
status() {
  local rc=0 out
  out=$(CNI_CONTAINERID='' CNI_NETNS='' CNI_IFNAME='' CNI_ARGS='' cni_call node-b STATUS - \
    <<<"$(jq -c '.cniVersion = "1.1.0"' <<<"$config")" 2>/dev/null) || rc=$?
  echo "$rc$([ -z "$out" ] || jq '" \(.code)"' -r <<<"$out")"
}
ready() { on node-b curl -s -o /dev/null -w '%{http_code}' --max-time 10 --unix-socket "$ipamd_socket" http://ipamd/readyz; }
same "STATUS and /readyz with addresses" "0, 200" "$(status), $(ready)"
for i in {1..5}; do
  same "STATUS and /readyz before the ADD of pod $i of 5" "0, 200" "$(status), $(ready)"
  pod_netns node-b "full-$i"
  expect "its ADD" call node-b ADD "full-$i"
done
same "/readyz when the subnet is exhausted; STATUS waits whether it lasts" "0, 503" "$(status), $(ready)"
exhausted() { [ "$(status), $(ready)" = "1 50, 503" ]; }
expect "then STATUS tells it, too" eventually 8 exhausted
pod_netns node-b full-6
refuse "an ADD fails then" call node-b ADD full-6
expect "DEL of one pod" call node-b DEL full-3
same "STATUS and /readyz while its address cools" "1 50, 503" "$(status), $(ready)"
available() { [ "$(status), $(ready)" = "0, 200" ]; }
expect "STATUS and /readyz when it has cooled" eventually 8 available
expect "an ADD succeeds then" call node-b ADD full-6
expect "STATUS and /readyz after it" eventually 8 exhausted
expect "everything agrees" on node-b "$lab_e2e/invariants.py" /var/lib/cnivpc/store.db "$LAB/small.db" "$(node_mac node-b)"
lab_done
