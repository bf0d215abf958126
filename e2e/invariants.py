#!/usr/bin/env python3
"""invariants.py STORE VPC OWNER [--api POOL-JSON]: what must hold on a node.

Run in the node's namespaces, when nothing is under way: the node's store and
those of its further interfaces, the VPC's own records (the embedded VPC's file,
or vpcsim's list of addresses as a .json file), the kernel and, if given, what
ipamd says must agree. OWNER: as whom the VPC knows the node, or its MACs with
commas between them. Prints what doesn't agree, a line each; exit status 1 if
there is any.
"""
import collections
import glob
import json
import os
import re
import sqlite3
import subprocess
import sys


def dotted(bits):
  return ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))


def ip(*arguments):
  output = subprocess.check_output(["ip", "-4", "-j", *arguments], text=True)
  return json.loads(output or "[]")


def more_than_once(things):
  return sorted(str(t) for t, n in collections.Counter(things).items() if n > 1)


def addresses_of(owner, vpc):
  """What the VPC counts as the owner's."""
  if vpc.endswith(".json"):
    with open(vpc, encoding="utf-8") as file:
      return {row["ip"] for row in json.load(file)["addresses"]
              if row["mac"] in owner.split(",") and not row["primary"]}
  rows = sqlite3.connect(vpc).execute(
      "SELECT ip FROM allocation WHERE owner=?", (owner,))
  return {dotted(bits) for bits, in rows}


class Node:
  """Everything that is known of a node, from all four sides."""

  def __init__(self, store, vpc, owner):
    self.states = {}
    self.leases = {}  # address → (attachment, host_ifname, phase)
    self.intents = []
    self.read(store)
    own = set(self.leases)
    for further in glob.glob(os.path.dirname(store) + "/subnets/*/store.db"):
      self.read(further)
    self.further = self.leases.keys() - own
    self.vpc = addresses_of(owner, vpc)
    self.links = {}  # name → attachment of its alias, or None
    for link in ip("link", "show", "type", "veth"):
      alias = re.fullmatch(r"cnivpc:([^:]*):([^/]*)/(.*)",
                           link.get("ifalias", ""))
      if alias or link["ifname"].startswith("ucni"):
        self.links[link["ifname"]] = alias.groups() if alias else None
    self.routes = {
        route["dst"]: route["dev"] for route in ip("route", "show", "table",
                                                   "main")
        if route.get("dev", "").startswith("ucni")  # blackholes have none
    }
    self.rules = [rule["dst"] for rule in ip("rule", "show")
                  if rule["priority"] == 512]
    self.source_rules = [rule["src"] for rule in ip("rule", "show")
                         if rule["priority"] == 2048]
    self.proxies = [proxy["dst"] for proxy in ip("neigh", "show", "proxy")]

  def read(self, store):
    rows = sqlite3.connect(store)
    self.states.update(rows.execute("SELECT ip, state FROM address"))
    if rows.execute("SELECT 1 FROM sqlite_master WHERE name='fixed'").fetchone():
      for address, in rows.execute("SELECT ip FROM fixed"):
        self.states.setdefault(address, "fixed")
    for row in rows.execute("SELECT ip, network, container, ifname,"
                            " host_ifname, phase FROM address"
                            " WHERE state='leased'"):
      self.leases[row[0]] = (row[1:4], row[4], row[5])
    self.intents += rows.execute("SELECT id, kind FROM intent")
    self.intents += rows.execute("SELECT id, kind FROM shift")


def compare_records(node):
  for address in sorted(node.vpc - node.states.keys()):
    yield f"{address}: lost: the VPC counts it as the node's, the pool doesn't"
  for address in sorted(node.states.keys() - node.vpc):
    yield f"{address}: in the pool, but not this node's in the VPC"
  attachments = [attachment for attachment, _, _ in node.leases.values()]
  for attachment in more_than_once(attachments):
    yield f"{attachment}: has two leases"
  for intent in node.intents:
    yield f"intent {intent} is still open"


def compare_kernel(node):
  by_attachment = {lease[0]: address for address, lease in node.leases.items()}
  for name, attachment in node.links.items():
    if attachment not in by_attachment:
      yield f"link {name} of {attachment} has no lease"
  for address, device in node.routes.items():
    if address not in node.leases:
      yield f"route {address} dev {device} has no lease"
    elif node.leases[address][1] != device:
      yield f"route {address} dev {device}, its lease has {node.leases[address][1]}"
  if sorted(node.source_rules) != sorted(node.further):
    yield (f"rules 2048 of {sorted(node.source_rules)}, of further interfaces "
           f"are {sorted(node.further)}")
  for kind, found in (("rule", node.rules), ("proxy", node.proxies)):
    for address in more_than_once(found):
      yield f"{kind} {address} is there twice"
    for address in sorted(set(found) - node.leases.keys()):
      yield f"{kind} {address} has no lease"


def compare_leases(node):
  for address, (attachment, host_ifname, phase) in node.leases.items():
    if phase != "attached":
      yield f"{address}: still {phase} for {attachment}"
    elif node.links.get(host_ifname) != attachment:
      yield f"{address}: leased to {attachment}, which has no link {host_ifname}"
    else:
      for kind, found in (("route", node.routes), ("rule", node.rules),
                          ("proxy", node.proxies)):
        if address not in found:
          yield f"{address}: leased to {attachment}, but has no {kind}"


def compare_daemon(node, pool):
  told = {entry["address"]: entry["state"] for entry in pool["addresses"]}
  for address in sorted(told.keys() | node.states.keys()):
    states = told.get(address), node.states.get(address)
    # It was asked before the store was read: a cooldown may have ended.
    if states[0] != states[1] and states != ("cooling", "warm"):
      yield (f"{address}: {node.states.get(address)} in the store, ipamd says "
             f"{told.get(address)}")


def main(arguments):
  node = Node(*arguments[:3])
  problems = [*compare_records(node), *compare_kernel(node),
              *compare_leases(node)]
  if arguments[3:4] == ["--api"]:
    problems += compare_daemon(node, json.loads(arguments[4]))
  for problem in problems:
    print(problem)
  return 1 if problems else 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
