#!/bin/bash
# ctl_e2e.sh: every command of cnivpctl against a real ipamd: what it shows, what
#   it changes, why it says a pod has no address, its exit statuses, a bundle.
. "$(dirname "$0")/lab.sh"
need jq tar
lab_enter "$@"
node_start node-a
ipamd_start node-a --gc-grace=1 --sweep-interval=1 --attach-grace=1 --cooldownPeriodSeconds=2
pod_start node-a web-1 >/dev/null
pod_start node-a web-2 >/dev/null
# says TEXT COMMAND...: what cnivpctl prints (stdout and stderr) has it.
says() {
  local text=$1 out; shift
  out=$(ctl node-a "$@" 2>&1) || true
  case $out in *"$text"*) ok "$*: $text" ;; *) not_ok "$*: no \"$text\" in: $(tr '\n' '|' <<<"$out")" ;; esac
}
# exits STATUS COMMAND...
exits() {
  local want=$1 rc=0; shift
  ctl node-a "$@" >/dev/null 2>&1 </dev/null || rc=$?
  same "$* exits with" "$want" "$rc"
}
state_of() { ipamd_get node-a /v1/pool | jq -r --arg ip "$1" '.addresses[] | select(.address == $ip) | .state'; }
is() { [ "$(state_of "$1")" = "$2" ]; }
is_gone() { [ -z "$(state_of "$1")" ]; }
three_warm() { [ "$(pool node-a warm | wc -l)" -ge 3 ]; }
wait_for 10 "three warm addresses" three_warm
ip=$(pod_ip node-a web-1)

# --- looking
says "yes: a pod would get an address at once" status
exits 0 status
says "NODE     SUBNET       POOL" get node
says "node-a   subnet-lab   3" get node
says "IP            RECYCLED   COOLDOWN   AGE" get pool
says "default     web-1   $ip" get pod
says "default/web-1" pool list
says "No resources found." get unuse
same "status -o json" true "$(ctl node-a status -o json | jq .ready)"
says "web-1" get pod -o yaml
says "ucni" get pod -o wide
exits 2 get nothing
exits 2 pop
exits 1 why default/never

# --- why
says "default/web-1 has $ip since" why default/web-1
says "$ip is leased to default/web-1" why "$ip"
cni_del node-a web-2
says "default/web-2 had" why default/web-2
says "leased" events
says "detached" events

# --- by hand
popped=$(ctl node-a pop node-a | awk '{print $2}')
expect "a popped address is out of the pool" is "$popped" popped
says "$popped" get unuse
exits 1 pop node-a "$ip"
says "is leased to default/web-1" pop node-a "$ip"
says "pushed $popped" push node-a "$popped"
expect "and is warm again after its probe" eventually 5 is "$popped" warm
exits 1 pop another-node
says "is node-a" pop another-node
exits 3 release node-a "$popped"
expect "release asks first, and without a yes does nothing" is "$popped" warm
says "released $popped" release node-a "$popped" --yes
expect "with one the address is gone" is_gone "$popped"
simulator addresses/give -X POST -d "{\"ip\":\"10.126.70.1\",\"mac\":\"$(node_mac node-a)\"}" >/dev/null
says "10.126.70.1" get unuse
says "released 10.126.70.1" release node-a 10.126.70.1 --yes
says "No resources found." get unuse

# --- a pod that goes without a DEL, as with ctr run -d
on node-a ip netns del web-1
says "leak" gc --dry-run
says "Nothing was changed" gc --dry-run
expect "its lease ends when its link is gone for a while" eventually 15 eval '! is $ip leased'
says "leak" events
expect "everything agrees" eventually 15 invariants node-a

# --- the VPC gives nothing: what is said to whom
ipamd_stop node-a TERM
# Nodes of a subnet that is full but for the addresses that they have.
simulator faults -X PUT -d '[{"match":{"action":"write"},"do":{"ret_code":57000,"message":"no more IP"}}]' >/dev/null
ipamd_start node-a --pool-low=0 --pool-high=0 --trim-delay=0 --sweep-interval=1
eventually 30 eval '[ -z "$(pool node-a warm)" ]' || true
n=0
while pod_start node-a "late-$n" >/dev/null 2>&1; do n=$((n + 1)); [ "$n" -lt 20 ] || break; done
says "subnet-exhausted" why "default/late-$n"
says "57000" why "default/late-$n"
says "subnet-exhausted" status
exits 3 status
simulator faults -X DELETE >/dev/null

# --- a bundle for support has what is needed, and no secrets
on node-a mkdir -p /var/log
ctl node-a bundle "$LAB/bundle.tar" >/dev/null 2>&1 || not_ok "bundle"
mkdir "$LAB/bundle"
tar -xf "$LAB/bundle.tar" -C "$LAB/bundle"
for file in version.txt ipamd/node.json ipamd/pool.json ipamd/events.json ipamd/metrics.txt kernel/links.txt kernel/routes.txt; do
  expect "the bundle has $file" test -s "$LAB/bundle/$file"
done
curl -sf http://127.0.0.1:18080/sim/v1/keys | jq -r '.. | .public_key? | strings' | grep -E '.{8}' >"$LAB/secrets" || true
awk '/^private_key/ {print $2}' "$LAB/vpcsim.out" >>"$LAB/secrets"
expect "there are keys to look for" test -s "$LAB/secrets"
refuse "the bundle has no key" grep -rFf "$LAB/secrets" "$LAB/bundle"
refuse "and no token" grep -riE 'securitytoken|signature=' "$LAB/bundle"
lab_done
