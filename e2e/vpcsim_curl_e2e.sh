#!/bin/bash
# vpcsim_curl_e2e.sh: the simulated VPC, asked with nothing but curl and
#   sha1sum, by the API reference's words: every action, both encodings, what is
#   refused and how, paging, metadata, temporary keys, faults, a kill -9.
#   env: CNIVPC  the binary (default: bazel-bin/cnivpc)
lab_vpc=embedded
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "$(readlink -f "$0")")/lab.sh"
lab_enter "$@"
need sha1sum

readonly api=http://127.0.0.1:18080 sim=http://127.0.0.1:18080/sim/v1
readonly public_key='someone@example.com1296235120854146120' private_key=46f09bb9fab4f12dfc160dae12273d5332b5debe
vpcsim_pid=
# vpcsim_start FLAG...
vpcsim_start() {
  "$CNIVPC" vpcsim --keys="$public_key:$private_key" "$@" >"$LAB/vpcsim.out" 2>>"$LAB/tmp/vpcsim.log" &
  vpcsim_pid=$!
  eventually 10 grep -qx ready "$LAB/vpcsim.out" || die "vpcsim: $(cat "$LAB/tmp/vpcsim.log")"
}
# vpcsim_end SIGNAL: its exit status.
vpcsim_end() { kill "-$1" "$vpcsim_pid"; wait "$vpcsim_pid" 2>/dev/null; }

# --- calls. Keys, and a token if any, are in these.
key=$public_key secret=$private_key token=
# signature NAME=VALUE...: sorted by name, names and values, the private key.
signature() {
  printf '%s\n' "$@" | LC_ALL=C sort -t = -k 1,1 | sed 's/=//' | tr -d '\n' | { cat; printf %s "$secret"; } |
    sha1sum | cut -d ' ' -f 1
}
# call ACTION NAME=VALUE...: a form, signed. get_call: the same with GET.
call() { call_with "$@"; }
call_with() {
  local all=("Action=$1" "Region=cn-bj2" "PublicKey=$key" "${@:2}") curl=() p
  [ -z "$token" ] || all+=("SecurityToken=$token")
  for p in "${all[@]}" "Signature=$(signature "${all[@]}")"; do curl+=(--data-urlencode "$p"); done
  curl -s --max-time 10 ${get:+--get} "${curl[@]}" "$api/${query-}"
}
get_call() { local get=1; call_with "$@"; }
code() { jq -r .RetCode; }
# MAC addresses of the hosts, and their default interfaces.
mac() { curl -s "$sim/hosts?host=uhost-$1" | jq -r '.hosts[0].interfaces[0].mac'; }
uni() { curl -s "$sim/hosts?host=uhost-$1" | jq -r '.hosts[0].interfaces[0].id'; }
# allocate HOST [NAME=VALUE...]
allocate() {
  local n=$1; shift
  call AllocateSecondaryIp Zone="$zone" Mac="$(mac "$n")" ObjectId="$(uni "$n")" SubnetId="$subnet" VPCId="$vpc" "$@"
}
batch() {
  local n=$1; shift
  call AllocateBatchSecondaryIp Zone="$zone" Mac="$(mac "$n")" ObjectId="$(uni "$n")" SubnetId="$subnet" VPCId="$vpc" "$@"
}
describe() { call DescribeSecondaryIp SubnetId="$subnet" VPCId="$vpc" "$@"; }
faults() { curl -s -X PUT -d "$1" "$sim/faults" >/dev/null; }
secondary() { curl -s "$sim/state" | jq .secondary; }

vpcsim_start --subnet=10.60.0.0/24 --hosts=3 --host=uhost-1
subnet=$(curl -s "$sim/state" | jq -r '.subnets[0].id')
vpc=$(curl -s "$sim/state" | jq -r '.subnets[0].vpc')
zone=$(curl -s "$sim/state" | jq -r '.subnets[0].zone')
mac1=$(mac 1) mac2=$(mac 2)

# --- who may call
same "the health check answers" ok "$(curl -s "$api/healthz")"
same "without Action: 160" 160 "$(curl -s "$api/?Region=cn-bj2" | code)"
same "an Action that isn't: 161" 161 "$(call Fly | code)"
same "no signature: 170" 170 "$(curl -s "$api/?Action=DescribeSubnet&PublicKey=x" | code)"
same "a wrong signature: 171" 171 "$(secret=wrong; call DescribeSubnet | code)"
same "an unknown user: 172" 172 "$(key=nobody; call DescribeSubnet | code)"
same "an unknown token: 174" 174 "$(token=none; call DescribeSubnet | code)"
same "an escape that is broken: 230" 230 "$(curl -s "$api/?Action=%zz" | code)"
same "every answer is HTTP 200 with a request id" "200 36" "$(curl -si "$api/?Action=Fly" | tr -d '\r' |
  awk '/^HTTP/ {s = $2} tolower($1) == "x-ucloud-request-uuid:" {n = length($2)} END {print s, n}')"
same "the query of a POST is for logs only" 0 "$(query="?Action=Fly"; call DescribeSubnet | code)"
same "GET is as good as POST" 0 "$(get_call DescribeSubnet | code)"
# In JSON lists are signed in their order, numbers and booleans as their text.
json_sum=$(printf '%s' "ActionDescribeSubnetLimit1PublicKey${public_key}Regioncn-bj2ShowAvailableIPstrueSubnetIds$subnet$private_key" | sha1sum | cut -d ' ' -f 1)
same "JSON is as good as a form" "$subnet" "$(curl -s -H 'Content-Type: application/json' -d '{"Action":"DescribeSubnet","Limit":1.0,"Region":"cn-bj2",
  "PublicKey":"'"$public_key"'","ShowAvailableIPs":true,"SubnetIds":["'"$subnet"'"],"Signature":"'"$json_sum"'"}' "$api" | jq -r '.DataSet[0].SubnetId')"

# --- addresses
answer=$(allocate 1)
ip=$(jq -r .IpInfo.Ip <<<"$answer")
same "AllocateSecondaryIp answers as documented" "AllocateSecondaryIpResponse 0 255.255.255.0 10.60.0.1 ${mac1^^} $vpc" \
  "$(jq -r '"\(.Action) \(.RetCode) \(.IpInfo.Mask) \(.IpInfo.Gateway) \(.IpInfo.Mac) \(.IpInfo.VPCId)"' <<<"$answer")"
same "an address can be asked for by name" 10.60.0.200 "$(allocate 1 Ip=10.60.0.200 | jq -r .IpInfo.Ip)"
refuse "who has it keeps it" test "$(allocate 2 Ip=10.60.0.200 | code)" = 0
same "AllocateBatchSecondaryIp takes a count" "4 Succeeded" \
  "$(batch 1 Count=4 | jq -r '"\(.IpsInfo | length) \([.IpsInfo[].Status.StatusCode] | unique | join(","))"')"
same "... or addresses, some of which fail" "Failed Succeeded" \
  "$(batch 1 Ip.0=10.60.0.201 Ip.1=10.60.0.200 | jq -r '[.IpsInfo[].Status.StatusCode] | sort | join(" ")')"
same "DescribeSecondaryIp by MAC lists all of an interface" 7 "$(describe Mac="$mac1" | jq '.DataSet | length')"
same "... and one by address" "$ip" "$(describe Ip="$ip" | jq -r '.DataSet[].Ip')"
same "MoveSecondaryIPMac moves" 0 "$(call MoveSecondaryIPMac Ip="$ip" OldMac="$mac1" NewMac="$mac2" SubnetId="$subnet" Zone="$zone" | code)"
same "... to the other MAC" "${mac2^^}" "$(describe Ip="$ip" | jq -r '.DataSet[].Mac')"
refuse "... but not from who hasn't it" test "$(call MoveSecondaryIPMac Ip="$ip" OldMac="$mac1" NewMac="$mac2" SubnetId="$subnet" Zone="$zone" | code)" = 0
same "DeleteSecondaryIp deletes" 0 "$(call DeleteSecondaryIp Zone="$zone" Ip="$ip" Mac="$mac2" SubnetId="$subnet" VPCId="$vpc" | code)"
same "... once: 58221" 58221 "$(call DeleteSecondaryIp Zone="$zone" Ip="$ip" Mac="$mac2" SubnetId="$subnet" VPCId="$vpc" | code)"
same "DescribeSubnet counts what is free" "$(curl -s "$sim/state" | jq '.subnets[0].available')" \
  "$(call DescribeSubnet SubnetId="$subnet" ShowAvailableIPs=true | jq '.DataSet[0].AvailableIPs')"
until [ "$(batch 3 Count=100 | jq '[.IpsInfo[]? | select(.Status.StatusCode == "Succeeded")] | length')" = 0 ]; do :; done
same "a subnet that is full: 57000" 57000 "$(allocate 2 | code)"
same "reset brings the start back" 0 "$(curl -s -X POST "$sim/reset" >/dev/null; secondary)"

# --- interfaces
answer=$(call CreateNetworkInterface VPCId="$vpc" SubnetId="$subnet" Name=extra)
new=$(jq -r .NetworkInterface.InterfaceId <<<"$answer")
same "CreateNetworkInterface makes one" 0 "$(code <<<"$answer")"
same "AttachNetworkInterface attaches it" 0 "$(call AttachNetworkInterface InterfaceId="$new" InstanceId=uhost-1 | code)"
same "... once: 58205" 58205 "$(call AttachNetworkInterface InterfaceId="$new" InstanceId=uhost-2 | code)"
same "DescribeInstanceNetworkInterface lists both" 2 "$(call DescribeInstanceNetworkInterface InstanceId=uhost-1 | jq '.NetworkInterfaceSet | length')"
same "DescribeUHostInstance shows them" "1 2" "$(call DescribeUHostInstance UHostIds.0=uhost-1 | jq -r '"\(.UHostSet | length) \(.UHostSet[0].IPSet | length)"')"
same "... so do the metadata" 2 "$(curl -s "$api/meta-data/v1.json" | jq '.uhost["network-interfaces"] | length')"
same "DetachNetworkInterface detaches" 0 "$(call DetachNetworkInterface InterfaceId="$new" InstanceId=uhost-1 | code)"
same "DeleteNetworkInterface deletes" 0 "$(call DeleteNetworkInterface InterfaceId="$new" | code)"
same "DescribeNetworkInterface has pages" "3 1 2" "$(for p in "Limit=1" "Limit=2 Offset=1"; do
  # shellcheck disable=SC2086
  call DescribeNetworkInterface $p; done | jq -rs '"\(.[0].TotalCount) \(.[0].NetworkInterfaceSet | length) \(.[1].NetworkInterfaceSet | length)"')"

# --- metadata and temporary keys
same "metadata has single values" "cn-bj2 $zone uhost-1" "$(curl -s "$api/meta-data/latest/region") $(curl -s "$api/meta-data/latest/availability-zone") $(curl -s "$api/meta-data/v1/instance-id")"
same "the document names the default interface" "uhost-1 true $(uni 1) ${mac1^^}" "$(curl -s "$api/meta-data/v1.json" |
  jq -r '."instance-id" as $i | .uhost."network-interfaces"[0] | "\($i) \(.default) \(.id) \(.mac)"')"
same "what isn't there is 404" 404 "$(curl -so /dev/null -w '%{http_code}' "$api/meta-data/v1/nothing")"
readonly sts=$api/meta-data/v1/uam/security-credentials/Uk8sServiceCharacter
creds=$(curl -s "$sts")
key=$(jq -r .Data.PublicKey <<<"$creds") secret=$(jq -r .Data.PrivateKey <<<"$creds") token=$(jq -r .Data.SecurityToken <<<"$creds")
same "temporary keys call the API" 0 "$(call DescribeSubnet | code)"
same "... not without their token" 174 "$(token='' call DescribeSubnet | code)"
curl -s -X DELETE "$sim/keys" >/dev/null
same "expired ones don't: 174" 174 "$(call DescribeSubnet | code)"
creds=$(curl -s -H 'Duration-Seconds: 900' -H 'Session-Name: s' "$api/meta-data/v2/iam/security-credentials/Uk8sServiceCharacter")
key=$(jq -r .Data.AccessKeyId <<<"$creds") secret=$(jq -r .Data.AccessKeySecret <<<"$creds") token=$(jq -r .Data.SecurityToken <<<"$creds")
same "keys of version 2 do, too" 0 "$(call DescribeSubnet | code)"
left=$(($(date -d "$(jq -r .Data.Expiration <<<"$creds")" +%s) - $(date +%s)))
expect "... for the 900 s that were asked for" test "$left" -gt 880 -a "$left" -le 900
curl -s -X PUT -d '{"sts_life_ms":300}' "$sim/keys" >/dev/null
creds=$(curl -s "$sts")
key=$(jq -r .Data.PublicKey <<<"$creds") secret=$(jq -r .Data.PrivateKey <<<"$creds") token=$(jq -r .Data.SecurityToken <<<"$creds")
expect "short lives end" eventually 2 eval '[ "$(call DescribeSubnet | code)" = 174 ]'
key=$public_key secret=$private_key token=

# --- faults, set while it runs
faults '[{"id":"f","match":{"action":"AllocateSecondaryIp"},"when":{"next":2},"do":{"ret_code":153}}]'
same "throttled twice, then served" "153 153 0" "$(for _ in 1 2 3; do allocate 1 | code; done | xargs)"
faults '[{"id":"f","match":{"action":"write"},"do":{"ret_code":110,"effect":"done"}}]'
same "110 may have taken effect" "110 2" "$(allocate 1 | code) $(secondary)"
faults '[{"id":"f","match":{"action":"write"},"do":{"ret_code":110}}]'
same "... or not" "110 2" "$(allocate 1 | code) $(secondary)"
faults '[{"id":"f","do":{"http_status":503}}]'
same "a proxy may answer instead" 503 "$(curl -so /dev/null -w '%{http_code}' --data-urlencode "Action=DescribeSubnet" \
  --data-urlencode "PublicKey=$public_key" --data "Signature=$(signature Action=DescribeSubnet "PublicKey=$public_key")" "$api")"
reset_of() { local rc=0; allocate 1 >/dev/null || rc=$?; echo "$rc $(secondary)"; }
faults '[{"id":"f","match":{"action":"write"},"do":{"reset":"before"}}]'
same "the connection breaks before the effect" "56 2" "$(reset_of)"
faults '[{"id":"f","match":{"action":"write"},"do":{"reset":"after"}}]'
same "... or after it" "56 3" "$(reset_of)"
faults '[{"id":"f","do":{"latency":{"distribution":"constant","ms":300}}}]'
t=$(us); describe >/dev/null
expect "latency is real" test "$(($(us) - t))" -ge 300000
faults '[{"id":"f","match":{"action":"read"},"do":{"lag_ms":60000}}]'
same "reads can lag behind" 0 "$(describe | jq '.DataSet | length')"
faults '[{"id":"f","match":{"action":"AllocateBatchSecondaryIp"},"do":{"failing":1}}]'
same "batches fail in part" Failed "$(batch 1 Count=3 | jq -r '[.IpsInfo[].Status.StatusCode] | unique | join(",")')"
faults '[{"id":"f","do":{"wrong_mac":true}}]'
refuse "answers may name another's MAC" test "$(allocate 1 | jq -r .IpInfo.Mac)" = "${mac1^^}"
faults '[{"id":"f","when":{"interval_ms":20,"next":2},"do":{"out_of_band":"vanish"}}]'
expect "addresses vanish by the clock" eventually 5 eval '[ "$(secondary)" = 2 ]'
faults '[{"id":"f","when":{"next":1},"do":{"out_of_band":"move"},"match":{"mac":"'"$mac1"'"}}]'
describe Mac="$mac1" >/dev/null
same "... and move to others" 1 "$(curl -s "$sim/addresses?subnet=$subnet" | jq --arg m "$mac1" '[.addresses[] | select(.primary | not) | select(.mac != $m)] | length')"
same "a rule says how often it hit" "1 1" "$(curl -s "$sim/faults" | jq -r '.faults[0] | "\(.matched) \(.hits)"')"
same "a rule that makes no sense is refused" 400 "$(curl -so /dev/null -w '%{http_code}' -X POST -d '{"do":{"ret_kode":1}}' "$sim/faults")"
# The rules in docs/vpcsim.md, and its state file further down.
readonly docs=$lab_root/docs/vpcsim.md
rules=$(sed -n '/^## Faults/,/^## Inspection/s/^|.*| `\({.*}\)` |$/\1/p' "$docs" | jq -cs .)
expect "the docs have many rules" test "$(jq length <<<"$rules")" -ge 25
same "... all of which are taken" "$(jq length <<<"$rules")" "$(curl -s -X PUT -d "$rules" "$sim/faults" | jq '.ids | length')"
# What applets/vpcsim/fault_rule.h says that a rule may do, and the shapes of latency.
can_do=$(sed -n '/"do": {/,/"count"/p' "$lab_root/applets/vpcsim/fault_rule.h" | grep -o '"[a-z_]*":' | tr -d '":' | grep -vx do | sort -u)
expect "there are many faults" test "$(wc -l <<<"$can_do")" -ge 14
same "... each of which has an example in the docs" "" "$(comm -23 <(echo "$can_do") <(jq -r '.[].do | keys[]' <<<"$rules" | sort -u) | xargs)"
same "... and each value of out_of_band, reset and effect" "after allocate before done move vanish" \
  "$(jq -r '.[].do | .out_of_band, .reset, .effect | select(.)' <<<"$rules" | sort -u | xargs)"
same "... and each latency" "$(grep -o '"distribution":"[a-z]*"' "$lab_root/applets/vpcsim/fault_rule.h" | cut -d '"' -f 4 | sort -u | xargs)" \
  "$(jq -r '.[].do.latency.distribution | select(.)' <<<"$rules" | sort -u | xargs)"
curl -s -X DELETE "$sim/faults" >/dev/null

# --- inspection
curl -s -X POST "$sim/reset" >/dev/null
same "addresses can be given" 200 "$(curl -so /dev/null -w '%{http_code}' -d '{"ip":"10.60.0.77","mac":"'"$mac1"'"}' "$sim/addresses/give")"
same "... moved" "$mac2" "$(curl -s -d '{"ip":"10.60.0.77","mac":"'"$mac2"'"}' "$sim/addresses/move" >/dev/null; curl -s "$sim/addresses?ip=10.60.0.77" | jq -r '.addresses[0].mac')"
same "... and taken" 0 "$(curl -s -d '{"ip":"10.60.0.77"}' "$sim/addresses/take" >/dev/null; curl -s "$sim/addresses?ip=10.60.0.77" | jq '.addresses | length')"
same "... once" 409 "$(curl -so /dev/null -w '%{http_code}' -d '{"ip":"10.60.0.77"}' "$sim/addresses/take")"
allocate 1 >/dev/null
same "calls are kept, without secrets" "AllocateSecondaryIp uhost-1 0 null" \
  "$(curl -s "$sim/calls?action=AllocateSecondaryIp" | jq -r '.calls[0] | "\(.action) \(.host) \(.ret_code) \(.params.Signature)"')"
same "metrics count them" 1 "$(curl -s "$api/metrics" | awk '$1 == "vpcsim_requests_total{action=\"AllocateSecondaryIp\",result=\"0\"}" {print $2}')"
rc=0; vpcsim_end TERM || rc=$?
same "SIGTERM ends it well" 0 "$rc"

# --- flags
same "wrong flags are exit status 2" 2 "$("$CNIVPC" vpcsim --fly 2>/dev/null; echo $?)"
same "a port that is taken is 1" 1 "$("$CNIVPC" vpcsim --subnet=10.0.0.0/24 --listen=192.0.2.1:1 2>/dev/null; echo $?)"

# --- a cloud from a file, kept over a kill -9
cat >"$LAB/tmp/state.json" <<'STATE'
{"region": "cn-bj2", "zones": ["cn-bj2-04"], "project": "org-lab",
 "keys": [{"public": "alice", "private": "secret"}],
 "vpcs": [{"id": "uvnet-1"}], "subnets": [{"id": "subnet-1", "prefix": "10.61.0.0/24"}],
 "hosts": [
   {"id": "upm-1", "interfaces": [{"id": "uni-1", "mac": "52:54:00:00:01:01", "address": "10.61.0.11"}]},
   {"id": "uhost-1", "old_metadata": true, "interfaces": [{"id": "uni-2", "mac": "52:54:00:00:01:02", "address": "10.61.0.12"}]}]}
STATE
subnet=subnet-1 vpc=uvnet-1
kept=("--state=$LAB/tmp/state.json" "--persist=$LAB/tmp/vpc.db" --metadata-listen=127.0.0.1:18081=upm-1,127.0.0.1:18082=uhost-1)
vpcsim_start "${kept[@]}"
same "one port is one host: bare metal" "upm-1 52:54:00:00:01:01" "$(curl -s http://127.0.0.1:18081/meta-data/v1.json | jq -r '"\(."instance-id") \(.uphost."network-interfaces"[0].mac)"')"
same "... and an older node, which doesn't say what is its default" "uhost-1 null null" \
  "$(curl -s http://127.0.0.1:18082/meta-data/v1.json | jq -r '"\(."instance-id") \(.uhost."network-interfaces"[0] | "\(.default) \(.id)")"')"
same "only the metadata are there" 404 "$(curl -so /dev/null -w '%{http_code}' http://127.0.0.1:18081/)"
same "keys of the file call the API" 0 "$(key=alice secret=secret; call DescribeSubnet ProjectId=org-lab | code)"
same "another project: 292" 292 "$(call DescribeSubnet ProjectId=org-other | code)"
ip=$(call AllocateSecondaryIp Zone="$zone" Mac=52:54:00:00:01:02 ObjectId=uni-2 SubnetId=subnet-1 VPCId=uvnet-1 | jq -r .IpInfo.Ip)
vpcsim_end KILL || true
vpcsim_start "${kept[@]}"
same "an address outlives kill -9" "$ip 52:54:00:00:01:02" "$(describe | jq -r '.DataSet[] | "\(.Ip) \(.Mac)"')"
vpcsim_end TERM
sed -n '/^```json$/,/^```$/{/^```/d;p}' "$docs" >"$LAB/tmp/docs.json"
vpcsim_start --state="$LAB/tmp/docs.json"
same "the docs' state file is taken" "uhost-1 upm-1" "$(curl -s "$sim/hosts" | jq -r '[.hosts[].id] | join(" ")')"
vpcsim_end TERM
lab_done
