#!/bin/bash
# image_e2e.sh: the container image: the same executable gives the same file;
#   podman and containerd take it; ipamd runs out of it with no more rights than
#   the DaemonSet gives it, and pods get their addresses from it.
. "$(dirname "$0")/lab.sh"
need containerd ctr runc podman python3 strip jq ping
lab_enter "$@"
readonly tag=cnivpc.test/ipamd:1

expect "an image is made" "$lab_root/deploy/image" --binary "$CNIVPC" --tag "$tag" "$LAB/image.tar"
"$lab_root/deploy/image" --binary "$CNIVPC" --tag "$tag" "$LAB/again.tar" >/dev/null
expect "twice the same" cmp "$LAB/image.tar" "$LAB/again.tar"
refuse "a tag that is none" "$lab_root/deploy/image" --binary "$CNIVPC" --tag nonsense "$LAB/x.tar"
files() { tar -xOf "$LAB/image.tar" "blobs/sha256/$1" | tar -tzf - | sort | xargs; }
layer=$(tar -xOf "$LAB/image.tar" index.json | jq -r '.manifests[0].digest' | cut -d: -f2)
layer=$(tar -xOf "$LAB/image.tar" "blobs/sha256/$layer" | jq -r '.layers[0].digest' | cut -d: -f2)
same "nothing else is in it" "$( ("$CNIVPC" --list; echo tmp/) | sort | xargs)" "$(files "$layer")"

node_start node-a
podman_() {
  on node-a podman --root "$LAB/podman/root" --runroot "$LAB/podman/run" --tmpdir "$LAB/podman/tmp" \
    --storage-driver vfs --cgroup-manager cgroupfs "$@" </dev/null
}
expect "podman loads it" podman_ load -q -i "$LAB/image.tar"
expect "by its name" podman_ image exists "$tag"

containerd_start node-a
ctr_() { ctr_on node-a "$@"; }
expect "containerd takes it" ctr_ image import "$LAB/image.tar"
image=$(ctr_ image ls -q | grep ipamd)
same "by its name" "$tag" "$image"
same "it runs: version" "$("$CNIVPC" version)" "$(ctr_ run --rm "$image" version /cnivpc version)"

on node-a mkdir -p /var/lib/cnivpc
keep=(net_admin net_raw)
drop=()
for capability in audit_write chown dac_override fowner fsetid kill mknod net_bind_service setfcap setgid setpcap setuid sys_chroot; do
  drop+=(--cap-drop "CAP_${capability^^}")
done
# /proc/sys is read-only in a container without privileges.
on node-a sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.neigh.eth0.proxy_delay=0
ctr_ run --net-host "${drop[@]}" $(printf -- '--cap-add CAP_%s ' "${keep[@]^^}") \
  --mount type=bind,src=/run,dst=/run,options=rbind:rw \
  --mount type=bind,src=/var/lib/cnivpc,dst=/var/lib/cnivpc,options=rbind:rw \
  "$image" ipamd /ipamd --node=node-a --acd-timeout=200ms >"$LAB/node-a/ipamd.log" 2>&1 &
expect "ipamd runs out of it" eventually 10 ipamd_get node-a /readyz
mask=$(on node-a sh -c "grep CapEff /proc/$(ctr_ task ls | awk '$1 == "ipamd" {print $2}')/status" | awk '{print $2}')
same "with two capabilities" 0000000000003000 "$mask"
expect "a pod gets an address" pod_start node-a web-1
expect "and is reached" on node-a ping -q -c 1 -W 2 "$(pod_ip node-a web-1)"
expect "DEL" cni_del node-a web-1
expect "everything agrees" eventually 10 invariants node-a
ctr_ task kill -s SIGTERM ipamd
gone() { ! ctr_ task ls | grep -q RUNNING; }
expect "it stops when it is told to" eventually 12 gone
lab_done
