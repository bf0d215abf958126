#!/bin/bash
# deps.sh [build|test|all]: what building and testing need, through apt, and the
# third-party sources. Default: all. Does nothing where all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=(
  bazel-bootstrap g++ git libevent-dev libmnl-dev libsqlite3-dev libssl-dev
  libyaml-cpp-dev python3
)
# Sanitizers, fuzzers and format; container runtimes, network tools and the browser
# of e2e/.
readonly test=(
  clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev
  busybox-static catatonit containerd containernetworking-plugins
  chromium chromium-driver golang-github-appc-cni-dev golang-go openssl podman runc
  conntrack curl iproute2 iptables iputils-arping iputils-ping jq
  netcat-openbsd strace tcpdump
)

say() { echo "deps.sh: $*"; }

case ${1:-all} in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${test[@]}") ;;
  all) wanted=("${build[@]}" "${test[@]}") ;;
  *) echo "usage: deps.sh [build|test|all]" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#wanted[@]} packages are installed"
else
  say "installing ${missing[*]}"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  "${as_root[@]}" apt-get -q update >"$log" 2>&1 ||
    say "some package lists can't be had; trying with what is there"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy \
    -o DPkg::Lock::Timeout=300 install --no-install-recommends \
    "${missing[@]}" >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }
fi

third_party/fetch.sh || say "Bazel will download what is missing from upstream"
