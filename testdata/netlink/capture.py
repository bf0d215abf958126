#!/usr/bin/env python3
"""Rewrites the captures in this folder from the running kernel.

Run as root: makes network namespaces of its own and touches no other. Each
NAME.bin is one datagram as the kernel sent it; NAME.txt is what `ip -d` says of
the same thing. The numbers that vary (indexes, MACs) are set, not drawn.
"""
import ctypes, os, socket, struct, subprocess, sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def unshare():
    if LIBC.unshare(CLONE_NEWNET) != 0:
        sys.exit("unshare: " + os.strerror(ctypes.get_errno()))


def run(*words):
    done = subprocess.run(words, check=True, capture_output=True)
    return done.stdout.decode()


def ip(*words):
    return run("ip", *words)


def track(*words):
    run("conntrack", "-I", "-t", "9000", *words)


class Kernel:
    def __init__(self, groups=0, protocol=0, **options):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                    protocol)
        self.socket.bind((0, groups))
        for option in (11, 12) + ((10,) if options.get("capped") else ()):
            self.socket.setsockopt(270, option, 1)

    def ask(self, kind, flags, body):
        head = struct.pack("=IHHII", 16 + len(body), kind, flags | 1, 7, 0)
        self.socket.send(head + body)
        return self.socket.recv(65536)

    def events(self):
        self.socket.setblocking(False)
        while True:
            try:
                yield self.socket.recv(65536)
            except BlockingIOError:
                return


def attribute(kind, value):
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


def keep(name, datagram, text):
    with open(os.path.join(FOLDER, name + ".bin"), "wb") as out:
        out.write(datagram)
    with open(os.path.join(FOLDER, name + ".txt"), "w") as out:
        out.write(text)


def link_request(index):
    return struct.pack("=BxHiII", 0, 0, index, 0, 0)


def kind_of(datagram):
    return struct.unpack_from("=H", datagram, 4)[0], datagram[16]


unshare()
pod = subprocess.Popen(["unshare", "-n", "sleep", "60"])
while os.readlink(f"/proc/{pod.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
    pass
try:
    kernel = Kernel()
    ip("link", "set", "lo", "up")
    ip("link", "add", "ucni0123456789a", "index", "70000", "address",
       "02:00:00:00:00:01", "mtu", "1452", "type", "veth", "peer", "name",
       "eth0", "index", "70001", "address", "02:00:00:00:00:02", "mtu", "1452",
       "netns", str(pod.pid))
    ip("link", "set", "ucni0123456789a", "up", "alias", "cnivpc:c0ffee/eth0")
    ip("link", "add", "node0", "index", "70010", "address",
       "02:00:00:00:00:10", "type", "veth", "peer", "name", "wire0", "index",
       "70011", "address", "02:00:00:00:00:11")
    ip("link", "set", "wire0", "up")
    ip("link", "set", "node0", "up")
    ip("addr", "add", "10.0.0.1/24", "dev", "node0")
    ip("route", "add", "10.9.0.5/32", "dev", "ucni0123456789a", "scope", "link")
    ip("route", "add", "10.8.0.0/16", "via", "192.0.2.1", "dev", "node0",
       "onlink", "metric", "77")
    ip("route", "add", "10.7.0.0/16", "nexthop", "via", "10.0.0.2", "dev",
       "node0", "nexthop", "via", "10.0.0.3", "dev", "node0")
    ip("rule", "add", "priority", "512", "to", "10.9.0.5", "lookup", "main")
    ip("rule", "add", "priority", "1024", "fwmark", "0x80/0x80", "lookup",
       "main")
    ip("neigh", "add", "10.0.0.9", "lladdr", "02:00:00:00:00:99", "nud",
       "permanent", "dev", "node0")
    ip("neigh", "add", "proxy", "10.9.0.5", "dev", "node0")

    keep("link_veth", kernel.ask(18, 0, link_request(70000)),
         ip("-d", "link", "show", "dev", "ucni0123456789a"))
    keep("link_loopback", kernel.ask(18, 0, link_request(1)),
         ip("-d", "link", "show", "dev", "lo"))
    keep("address_dump",
         kernel.ask(22, 0x300, struct.pack("=BBBBI", 2, 0, 0, 0, 70010)),
         ip("-d", "-4", "addr", "show", "dev", "node0"))
    kernel = Kernel()
    keep("route_dump",
         kernel.ask(26, 0x300, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 0, 0,
                                           0, 0)),
         ip("-d", "-4", "route", "show", "table", "main"))
    kernel = Kernel()
    keep("rule_dump", kernel.ask(34, 0x300, struct.pack("=12B", 2, *[0] * 11)),
         ip("-d", "-4", "rule", "show"))
    kernel = Kernel()
    keep("neighbor_permanent",
         kernel.ask(30, 0, struct.pack("=BxHiHBB", 2, 0, 70010, 0, 0, 0) +
                    attribute(1, bytes([10, 0, 0, 9]))),
         ip("-d", "neigh", "show", "dev", "node0"))
    keep("neighbor_proxy",
         kernel.ask(30, 0, struct.pack("=BxHiHBB", 2, 0, 70010, 0, 8, 0) +
                    attribute(1, bytes([10, 9, 0, 5]))),
         ip("-d", "neigh", "show", "proxy", "dev", "node0"))

    # A gateway nobody can reach, with and without the request quoted.
    bad_route = struct.pack("=BBBBBBBBI", 2, 16, 0, 0, 254, 3, 0, 1, 0) + \
        attribute(1, bytes([10, 6, 0, 0])) + \
        attribute(5, bytes([198, 51, 100, 1]))
    keep("error_quoted", kernel.ask(24, 0x604, bad_route),
         "Error: Nexthop has invalid gateway.\n")
    keep("error_capped", Kernel(capped=True).ask(24, 0x604, bad_route),
         "Error: Nexthop has invalid gateway.\n")

    # Connections: one through a service's address, one that is over, a stream
    # and a question.
    track("-p", "tcp", "-s", "10.0.0.2", "-d", "10.96.0.1", "--sport", "4000",
          "--dport", "80", "-r", "10.9.0.5", "-q", "10.0.0.2",
          "--reply-port-src", "8080", "--reply-port-dst", "4000", "--state",
          "ESTABLISHED", "-u", "SEEN_REPLY,ASSURED")
    track("-p", "tcp", "-s", "10.9.0.5", "-d", "10.0.0.2", "--sport", "4001",
          "--dport", "443", "--state", "TIME_WAIT", "-u", "SEEN_REPLY,ASSURED")
    track("-p", "udp", "-s", "10.9.0.6", "-d", "10.0.0.2", "--sport", "4002",
          "--dport", "443", "-u", "SEEN_REPLY,ASSURED")
    track("-p", "udp", "-s", "10.9.0.7", "-d", "10.0.0.2", "--sport", "4003",
          "--dport", "53", "-u", "SEEN_REPLY")
    keep("conntrack_dump",
         Kernel(protocol=12).ask(0x101, 0x300, struct.pack("=BBH", 2, 0, 0)),
         run("conntrack", "-L", "-f", "ipv4"))

    # What a monitor hears: a port that leaves a bridge, then a link that goes.
    ip("link", "add", "br0", "index", "70020", "type", "bridge")
    ip("link", "set", "node0", "master", "br0")
    monitor = Kernel(groups=1)
    ip("link", "set", "node0", "nomaster")
    for event in monitor.events():
        if kind_of(event) == (17, socket.AF_BRIDGE):
            keep("event_port_left", event, "Deleted (a port of) br0: node0\n")
    ip("link", "del", "ucni0123456789a")
    for event in monitor.events():
        if kind_of(event) == (17, 0):
            keep("event_link_gone", event, "Deleted: ucni0123456789a\n")
finally:
    pod.kill()
