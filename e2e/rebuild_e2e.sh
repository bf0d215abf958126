#!/bin/bash
# rebuild_e2e.sh: what ipamd does when its records are gone, the VPC's too, while
#   pods run; and with an address that another plugin's pod uses.
lab_vpc=embedded
. "$(dirname "$0")/lab.sh"
need ping jq
lab_enter "$@"
readonly flags=(--attach-grace=1 --sweep-interval=1 --cooldownPeriodSeconds=1)
state_of() { ipamd_get node-a /v1/pool | jq -r --arg ip "$1" '.addresses[] | select(.address == $ip) | .state'; }
is() { [ "$(state_of "$1")" = "$2" ]; }
swept() { sleep 3.5; } # three sweeps; what is confirmed by then has been acted upon

node_start node-a
ipamd_start node-a "${flags[@]}"
cni_config node-a 0 >"$LAB/config"
pod_start node-a web-1 >/dev/null
pod_start node-a web-2 >/dev/null
before=$(ipamd_get node-a /v1/pool | jq -c '[.addresses[] | select(.lease) | [.address, .lease.attachment]]')
ip=$(pod_ip node-a web-1)

# --- store and VPC lost together: the kernel alone knows the pods
ipamd_stop node-a TERM
on node-a sh -c 'rm /var/lib/cnivpc/store.db*'
rm "$LAB"/vpc.db*
ipamd_start node-a "${flags[@]}"
same "the pods have their leases again" "$before" \
  "$(ipamd_get node-a /v1/pool | jq -c '[.addresses[] | select(.lease) | [.address, .lease.attachment]]')"
swept
expect "a pod still answers after sweeps" on node-a ping -q -c 1 -W 2 "$ip"
expect "CHECK" cni_check node-a web-1
expect "the VPC counts the addresses as the node's again" invariants node-a
expect "DEL" cni_del node-a web-1
refuse "and its link is gone" on node-a ip route get "$ip" oif ucni
expect "everything agrees" invariants node-a

# --- an address that a pod of another plugin has: its link has no alias
next=$(pool node-a warm | head -n 1)
on node-a sh -e <<J
ip link add ucni0123456789a type veth peer name other
ip link set ucni0123456789a up
ip link set other up
ip route add $next dev ucni0123456789a scope link
ip rule add to $next lookup main pref 512
ip neigh add proxy $next dev eth0
J
rule_of() { on node-a ip rule show to "$1"; }
foreign_is_whole() {
  [ -n "$(rule_of "$next")" ] && on node-a ip neigh show proxy "$next" dev eth0 >/dev/null &&
    [ "$(on node-a ip -j route show "$next" | jq -r '.[0].dev')" = ucni0123456789a ]
}
no_rule() { [ -z "$(rule_of "$1")" ]; }
refused=
for n in 1 2 3 4 5 6; do
  pod_netns node-a "try-$n"
  out=$(cni_call node-a ADD "try-$n" <"$LAB/config" 2>/dev/null) || { refused=$(jq .code <<<"$out"); break; }
done
same "the ADD that is given it is refused with code" 102 "$refused"
expect "the address is quarantined" eventually 2 is "$next" quarantined
swept
expect "its route, rule and proxy are as they were" foreign_is_whole
expect "and it stays in quarantine" is "$next" quarantined
on node-a ip link del ucni0123456789a
expect "when its link has gone it is warm again" eventually 8 is "$next" warm
expect "and its rule is gone" eventually 5 no_rule "$next"

# --- reserved addresses
cni_del node-a web-2
ipamd_stop node-a TERM
on node-a sh -c 'rm /var/lib/cnivpc/store.db*'
rm "$LAB"/vpc.db*
ipamd_start node-a "${flags[@]}" --reserved=10.126.64.2,10.126.64.4/31
three_warm() { [ "$(pool node-a warm | wc -l)" = 3 ]; }
expect "three others are warm" eventually 5 three_warm
pool node-a warm >"$LAB/warm"
refuse "reserved addresses are not given" grep -xE '10.126.64.[245]' "$LAB/warm"
lab_done
