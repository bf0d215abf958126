#!/bin/bash
# node.sh NODE LAB: turns the namespaces it was started in (unshare --net
#   --mount --uts) into a node and stays there until it is killed; lab.sh starts
#   it. LAB is the lab's folder, the only one that all nodes share.
#   /run is empty but for LAB; what is written to /etc /opt /var/lib /var/log is
#   gone with the node; CNI folders and those of an installed cnivpc start
#   empty. The cgroups stay where they are, for container runtimes.
set -euo pipefail
node=$1 lab=$2
hostname "$node"
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward

# A new sysfs shows this network namespace; the cgroups are bound back under it.
tmp=$(mktemp -d -p "$lab")
mount --rbind /sys/fs/cgroup "$tmp"
mount -t sysfs sysfs /sys
mount --rbind "$tmp" /sys/fs/cgroup
umount -l "$tmp"

mount -t tmpfs -o mode=755 node "$tmp"
for folder in /etc /opt /var/lib /var/log; do
  mkdir -p "$tmp/$folder/upper" "$tmp/$folder/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=$tmp/$folder/upper,workdir=$tmp/$folder/work" overlay "$folder"
done
umount -l "$tmp"
rmdir "$tmp"
rm -rf /etc/cni/net.d /opt/cni/bin /var/lib/cni /var/lib/cnivpc /var/log/cnivpc.log
mkdir -p /etc/cni/net.d /opt/cni/bin /var/lib/cni
rm -f /etc/resolv.conf
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
# Where the API of the VPC is, without a DNS.
printf '127.0.0.1 localhost\n127.0.1.1 %s\n10.126.0.1 api.service.ucloud.cn\n' "$node" >/etc/hosts
rm -f /etc/kubernetes/ucloud

# /run anew, with the lab's folder in it again.
mkdir "$lab/.$node"
mount -t tmpfs -o mode=755 run "$lab/.$node"
mkdir -p "$lab/.$node/netns" "$lab/.$node/lock" "$lab/.$node/${lab#/run/}"
mount --bind "$lab" "$lab/.$node/${lab#/run/}"
mount --no-mtab --move "$lab/.$node" /run
mount --bind /run/netns /run/netns
mount --make-shared /run/netns

echo ready >"$lab/$node/ready"
exec sleep infinity
