#!/bin/bash
# plugin_input_e2e.sh: whatever the plugin is given, it answers with the code
#   that the CNI specification asks for and with a message that names what is
#   wrong: configuration, environment, network namespace, interface name; a subnet
#   without addresses; a state folder that is full, read-only or damaged; a
#   conflist without a daemon.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need python3 conntrack
lab_enter "$@"

node_start node-a
ipamd_start node-a --cooldownPeriodSeconds=1
good=$(cni_config node-a 0)
pod_netns node-a pod

# fails CODE WORDS VERB POD <CONFIG: the call fails with that code, and msg and
# details hold WORDS (both regular expressions).
fails() {
  local out rc=0 text
  out=$(cni_call node-a "$3" "$4" 2>"$LAB/stderr") || rc=$?
  text=$(jq -r '"\(.code) \(.msg): \(.details // "")"' <<<"$out" 2>/dev/null) || text="no JSON: $out"
  if [ "$rc" = 1 ] && [[ $text =~ ^($1)\  ]] && grep -qE -- "$2" <<<"$text" && jq -e .cniVersion <<<"$out" >/dev/null; then
    ok "${what:-$3}: $text"
  else
    not_ok "${what:-$3}: exit status $rc, \"$text\"; wanted code $1 and /$2/"
  fi
}
# with FILTER: the good configuration, changed by jq.
with() { jq -c "$1" <<<"$good"; }

# --- the configuration
what='broken JSON' fails 6 'stdin' ADD pod <<<'{"cniVersion": "1.0.0", "name": '
what='no object' fails 6 'object' ADD pod <<<'["cnivpc"]'
what='nothing' fails 6 'stdin' ADD pod </dev/null
while read -r code words filter; do
  what=$filter fails "$code" "$words" ADD pod <<<"$(with "$filter")"
done <<'TABLE'
1 99 .cniVersion="99.0.0"
7 cniVersion .cniVersion=1
7 name del(.name)
7 name .name=7
7 name .name="a/b"
7 name .name=""
7 type .type=[]
7 socket .socket=1
7 socket .socket="ipamd.sock"
7 socket .socket="/"+("x"*120)
7 stateDir .stateDir=true
7 stateDir .stateDir="state"
7 logFile .logFile=7
7 mtu .mtu="1500"
7 mtu .mtu=10
7 mtu .mtu=1000000
7 timeout .timeout=0
7 timeout .timeout="10s"
2 vpc.*azure .vpc="azure"
7 interface .interface="an-interface-with-a-long-name"
7 dns .dns=[]
7 runtimeConfig .runtimeConfig=1
7 portMappings .runtimeConfig={portMappings:{}}
7 prevResult .prevResult=7
7 prevResult.*ips .prevResult={cniVersion:"1.0.0",ips:7}
2 ipam.*host-local .ipam={type:"host-local"}
2 ipMasq.*true .ipMasq=true
2 mac .runtimeConfig={mac:"0a:00:00:00:00:01"}
2 ips .runtimeConfig={ips:["10.0.0.1"]}
TABLE
same "none of these took an address" 0 "$(pool node-a leased | wc -l)"
cni_call node-a DEL pod <<<"$good"
what='GC with 1.0.0' fails 1 'GC.*1\.1\.0' GC pod <<<"$good"
what='STATUS with 1.0.0' fails 1 'STATUS.*1\.1\.0' STATUS pod <<<"$good"
what='CHECK with 0.3.1' fails 1 'CHECK.*0\.4\.0' CHECK pod <<<"$(with '.cniVersion="0.3.1"')"
what='CHECK without prevResult' fails 7 prevResult CHECK pod <<<"$good"
what='GC without attachments' fails 7 'valid-attachments' GC pod <<<"$(with '.cniVersion="1.1.0"')"
expect "DEL with a broken prevResult" cni_call node-a DEL pod <<<"$(with '.prevResult=7')"
expect "DEL with an ipam that ADD refuses" cni_call node-a DEL pod <<<"$(with '.ipam={type:"host-local"}')"

# --- the environment
for variable in CNI_CONTAINERID CNI_IFNAME CNI_NETNS; do
  declare "$variable="
  what="no $variable" fails 4 "$variable" ADD pod <<<"$good"
  unset "$variable"
done
CNI_CONTAINERID='' CNI_IFNAME='' what='two missing: both are named' fails 4 'CNI_CONTAINERID.*CNI_IFNAME' DEL pod <<<"$good"
what='unknown CNI_COMMAND' fails 4 'CNI_COMMAND.*REMOVE' REMOVE pod <<<"$good"
what='no CNI_COMMAND value' fails 4 CNI_COMMAND '' pod <<<"$good"
for id in -pod 'a pod' 'a/b' $'a\nb' .; do CNI_CONTAINERID=$id what="container id ${id@Q}" fails 4 CNI_CONTAINERID ADD pod <<<"$good"; done
for name in sixteen-letters. a/b . .. 'a b' a:b; do CNI_IFNAME=$name what="interface name '$name'" fails 4 CNI_IFNAME ADD pod <<<"$good"; done
for args in K8S_POD_NAME '=x' 'K8S_POD_NAME=a;nonsense'; do CNI_ARGS=$args what="CNI_ARGS=$args" fails 4 CNI_ARGS ADD pod <<<"$good"; done

# --- the network namespace and the interface
on node-a touch /run/netns/file
CNI_NETNS=/run/netns/none what='netns that is not there' fails 4 'CNI_NETNS.*none' ADD pod <<<"$good"
CNI_NETNS=/run/netns/file what='netns that is a plain file' fails 4 'CNI_NETNS.*file' ADD pod <<<"$good"
CNI_NETNS=/proc/self/ns/mnt what='netns that is a mount namespace' fails 4 'CNI_NETNS.*mnt' ADD pod <<<"$good"
CNI_NETNS=/proc/self/ns/net what="the node's own netns" fails 4 'CNI_NETNS.*own' ADD pod <<<"$good"
for netns in none file; do CNI_NETNS=/run/netns/$netns expect "DEL with that netns: $netns" cni_call node-a DEL pod <<<"$good"; done
on node-a ip -n pod link add eth0 type bridge
what='interface name that is taken' fails 4 'CNI_IFNAME.*eth0' ADD pod <<<"$good"
on node-a ip -n pod link del eth0
same "none of these took an address" 0 "$(pool node-a leased | wc -l)"
expect "and a good ADD still works" cni_call node-a ADD pod <<<"$good"
expect "DEL" cni_call node-a DEL pod <<<"$good"
ipamd_stop node-a

# --- a subnet without addresses: .1 to .6, of which .1 may be a gateway's
subnet=10.126.80.0/29
ipamd_start node-a --subnet=$subnet --vpc-state="$LAB/small.db" --state-dir=/var/lib/small --cooldownPeriodSeconds=60
given=0
pod_netns node-a s0
while cni_call node-a ADD "s$given" <<<"$good" >"$LAB/out" 2>/dev/null; do
  given=$((given + 1))
  pod_netns node-a "s$given"
done
expect "$given pods got an address of $subnet" test "$given" -ge 5
what="the next one" fails 50 "$subnet.*0 cooling" ADD "s$given" <<<"$good"
# A cooling address that still has a connection waits; one without doesn't need to.
talks=$(ipamd_get node-a /v1/pool | jq -r '.addresses[] | select(.lease.pod.name == "s0") | .address')
on node-a conntrack -I -p tcp -s "$talks" -d 10.126.0.1 --sport 4000 --dport 80 --state ESTABLISHED --status SEEN_REPLY,ASSURED --timeout 4 >/dev/null 2>&1
cni_call node-a DEL s0 <<<"$good"
what="while one cools and has a connection" fails 11 "$subnet.*1 cooling" ADD "s$given" <<<"$good"
sleep 4
expect "when its connection has ended, before its cooldown has" cni_call node-a ADD "s$given" <<<"$good"
for ((i = 0; i <= given; i++)); do
  on node-a ip netns del "s$i"
  cni_call node-a DEL "s$i" <<<"$good"
done
ipamd_stop node-a

# --- a full disk
on node-a mkdir -p /var/lib/full
on node-a mount -t tmpfs -o size=2m tmpfs /var/lib/full
ipamd_start node-a --state-dir=/var/lib/full --cooldownPeriodSeconds=0
full=$(with '.stateDir="/var/lib/full"')
pod_netns node-a early
expect "ADD while there is room" cni_call node-a ADD early <<<"$full"
on node-a dd if=/dev/zero of=/var/lib/full/filler bs=4k >/dev/null 2>&1 || true
# What SQLite has claimed before may still take a record or two.
tries=0
while cni_call node-a ADD pod <<<"$full" >/dev/null 2>&1 && [ "$tries" -lt 50 ]; do
  cni_call node-a DEL pod <<<"$full" >/dev/null 2>&1 || true
  tries=$((tries + 1))
done
what="ADD with a full disk, after $tries that still found room" fails '5|11|100' 'full|No space' ADD pod <<<"$full"
refuse "the pod got no interface" in_pod node-a pod ip link show eth0
expect "the pod that was there before is still reached" on node-a ping -q -c 1 -W 2 "$(pool node-a leased | head -n 1)"
refuse "STATUS says so" cni_call node-a STATUS pod <<<"$(jq -c '.cniVersion="1.1.0"' <<<"$full")"
on node-a rm /var/lib/full/filler
expect "with room again ADD works" eventually 10 eval 'cni_call node-a ADD pod <<<"$full"'
expect "and DEL" cni_call node-a DEL pod <<<"$full"
expect "DEL of the early one" cni_call node-a DEL early <<<"$full"
same "nothing is leased" 0 "$(pool node-a leased | wc -l)"

# --- a read-only disk
on node-a mount -o remount,ro /var/lib/full 2>/dev/null || {
  # Files are open for writing: so without ipamd.
  ipamd_stop node-a
  on node-a mount -o remount,ro /var/lib/full
}
what='ADD with a read-only store and no ipamd' fails '5|100|103' 'read-only|readonly|Read-only' ADD pod <<<"$full"
refuse "ipamd doesn't start on it" timeout 5 nsenter -t "${node_pid[node-a]}" --net --uts --mount -- \
  "$CNIVPC" ipamd --vpc=embedded --subnet="$lab_subnet" --vpc-state="$LAB/vpc.db" --state-dir=/var/lib/full
on node-a mount -o remount,rw /var/lib/full

# --- a damaged store
ipamd_start node-a --state-dir=/var/lib/full --cooldownPeriodSeconds=1
expect "writable again: ADD" cni_call node-a ADD pod <<<"$full"
address=$(pool node-a leased)
damage() {
  ipamd_stop node-a
  on node-a sh -c "cd /var/lib/full && $2"
  : >"$LAB/node-a/ipamd.log"
  ipamd_start node-a --state-dir=/var/lib/full --cooldownPeriodSeconds=1
  expect "$1: said loudly" grep -qE '^E.*DAMAGED' "$LAB/node-a/ipamd.log"
  expect "$1: set aside" on node-a sh -c 'ls -d /var/lib/full/store.db.damaged-*'
  on node-a sh -c 'rm -f /var/lib/full/store.db.damaged-*'
  same "$1: the pod that is there keeps its address" "$address" "$(pool node-a leased)"
  same "$1: no address is lost" "$(vpc_rows | sort | xargs)" "$(pool node-a | sort | xargs)"
}
vpc_rows() {
  python3 - "$LAB/vpc.db" "$(node_mac node-a)" <<'PY'
import sqlite3, sys
for ip, in sqlite3.connect(sys.argv[1]).execute("SELECT ip FROM allocation WHERE owner=?", sys.argv[2:]):
  print(".".join(str(ip >> shift & 255) for shift in (24, 16, 8, 0)))
PY
}
damage "garbage" 'dd if=/dev/urandom of=store.db bs=1k count=8 2>/dev/null; rm -f store.db-wal store.db-shm'
damage "cut off" 'truncate -s 6000 store.db; rm -f store.db-wal store.db-shm'
damage "a page overwritten" 'dd if=/dev/urandom of=store.db bs=4096 seek=1 count=2 conv=notrunc 2>/dev/null; rm -f store.db-wal store.db-shm'
expect "DEL of that pod" cni_call node-a DEL pod <<<"$full"
same "its address isn't leased any more" 0 "$(pool node-a leased | wc -l)"
ipamd_stop node-a

# --- no daemon, and nobody has ever said which subnet
never=$(with '.stateDir="/var/lib/never"')
what='ADD without a daemon that ever ran' fails 11 'ipamd' ADD pod <<<"$never"
expect "DEL without it" cni_call node-a DEL pod <<<"$never"
refuse "the pod got no interface" in_pod node-a pod ip link show eth0
lab_done
