#!/bin/bash
# mkspecimage.sh OUT.tar: what the pods of Kubernetes' own tests run, as an OCI
#   archive without a registry: agnhost (build-kubernetes --specs), busybox, pause,
#   and Debian's curl and nc with their libraries. kubernetes_specs.sh tells the
#   tests to take them from "specs.test".
#   env: K8S_BIN  where agnhost is
set -euo pipefail
out=${1:?usage: mkspecimage.sh OUT.tar}
w=$(mktemp -d)
trap 'rm -rf "$w"' EXIT
root=$w/rootfs blobs=$w/oci/blobs/sha256
mkdir -p "$blobs" "$root"/{bin,etc,proc,sys,dev,tmp,root,var,run,usr/bin,lib64,uploads}
chmod 1777 "$root/tmp" "$root/uploads"

cp /bin/busybox "$root/bin/"
/bin/busybox --list | while read -r name; do
  [ "$name" = busybox ] || ln -sf busybox "$root/bin/$name"
done
cp -L /usr/bin/catatonit "$root/pause"
cp "$K8S_BIN/agnhost" "$root/agnhost"
# with_libraries FILE NAME: a program of this machine, under a name of its own.
with_libraries() {
  local library
  rm -f "$root/bin/$2"
  cp -L "$1" "$root/bin/$2"
  ldd "$1" | grep -oE '/[^ ]+' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -Ln "$library" "$root$library" || true
  done
}
with_libraries /bin/dash sh # busybox's would run its own nc
with_libraries "$(command -v curl)" curl
with_libraries /bin/nc.openbsd nc
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# blob: stdin becomes a blob; prints {"digest": …, "size": …}.
blob() {
  local digest
  cat >"$w/blob"
  digest=$(sha256sum "$w/blob" | cut -d' ' -f1)
  printf '{"digest":"sha256:%s","size":%s}\n' "$digest" "$(stat -c %s "$w/blob")"
  mv "$w/blob" "$blobs/$digest"
}
layer=$(tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | blob)
# image NAME CONFIG: its manifest's descriptor.
image() {
  local config
  config=$(jq -cn --argjson config "$2" --argjson layer "$layer" --arg arch "$(dpkg --print-architecture)" \
    '{architecture: $arch, os: "linux", config: $config, rootfs: {type: "layers", diff_ids: [$layer.digest]}}' | blob)
  jq -cn --argjson config "$config" --argjson layer "$layer" --arg name "$1" '
    {schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
     config: ({mediaType: "application/vnd.oci.image.config.v1+json"} + $config),
     layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar"} + $layer], annotations: {name: $name}}' | blob |
    jq -c --arg name "$1" --arg arch "$(dpkg --print-architecture)" '
      {mediaType: "application/vnd.oci.image.manifest.v1+json", annotations: {"io.containerd.image.name": $name},
       platform: {architecture: $arch, os: "linux"}} + .'
}
{
  image specs.test/e2e/agnhost:2.21 '{"Env": ["PATH=/bin:/usr/bin"], "Entrypoint": ["/agnhost"], "Cmd": ["pause"], "WorkingDir": "/"}'
  image specs.test/library/busybox:1.29 '{"Env": ["PATH=/bin:/usr/bin"], "Cmd": ["sh"], "WorkingDir": "/"}'
  image specs.test/gc/pause:3.2 '{"Env": ["PATH=/bin"], "Entrypoint": ["/pause", "-P"]}'
} | jq -cs '{schemaVersion: 2, manifests: .}' >"$w/oci/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$w/oci/oci-layout"
tar -C "$w/oci" -cf "$out" .
