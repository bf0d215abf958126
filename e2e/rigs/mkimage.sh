#!/bin/bash
# mkimage.sh OUT.tar: a small OCI image, cnivpc.test/lab:1, out of Debian's
#   busybox-static and catatonit (as /bin/pause, which is what it runs). Needs no
#   registry and no docker. Reproducible.
#   For example: mkimage.sh lab.tar && ctr image import lab.tar
set -euo pipefail
out=${1:?usage: mkimage.sh OUT.tar} ref=cnivpc.test/lab:1
w=$(mktemp -d); trap 'rm -rf "$w"' EXIT
arch=$(dpkg --print-architecture)
mkdir -p "$w"/rootfs/{bin,etc,proc,sys,dev,tmp,root,var,run,www} "$w"/oci/blobs/sha256
cp /bin/busybox "$w/rootfs/bin/busybox"; cp -L /usr/bin/catatonit "$w/rootfs/bin/pause"
for a in $(/bin/busybox --list); do [ "$a" = busybox ] || ln -sf busybox "$w/rootfs/bin/$a"; done
echo 'root:x:0:0:root:/root:/bin/sh' >"$w/rootfs/etc/passwd"; echo 'root:x:0:' >"$w/rootfs/etc/group"
echo cnivpc >"$w/rootfs/www/index.html"
tar -C "$w/rootfs" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$w/layer.tar" .
put() { local f=$1 d; d=$(sha256sum "$f" | cut -d' ' -f1); mv "$f" "$w/oci/blobs/sha256/$d"; echo "$d"; }
diff=$(sha256sum "$w/layer.tar" | cut -d' ' -f1); lsize=$(stat -c %s "$w/layer.tar"); ld=$(put "$w/layer.tar")
cat >"$w/c" <<J
{"architecture":"$arch","os":"linux","config":{"Env":["PATH=/bin"],"Entrypoint":["/bin/pause","-P"]},"rootfs":{"type":"layers","diff_ids":["sha256:$diff"]}}
J
cs=$(stat -c %s "$w/c"); cd_=$(put "$w/c")
cat >"$w/m" <<J
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$cd_","size":$cs},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:$ld","size":$lsize}]}
J
ms=$(stat -c %s "$w/m"); md=$(put "$w/m")
echo '{"imageLayoutVersion":"1.0.0"}' >"$w/oci/oci-layout"
cat >"$w/oci/index.json" <<J
{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$md","size":$ms,"annotations":{"io.containerd.image.name":"$ref","org.opencontainers.image.ref.name":"${ref##*:}"},"platform":{"architecture":"$arch","os":"linux"}}]}
J
tar -C "$w/oci" -cf "$out" .
