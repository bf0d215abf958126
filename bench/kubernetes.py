#!/usr/bin/env python3
"""kubernetes.py SERVER TOKEN IMAGE PODS SAMPLES OURS STOCK: makes PODS pods on each of
two nodes, one after the other in random order, and takes the time until each is Ready,
as the API server's watch tells. Writes "NODE MILLISECONDS" lines to SAMPLES; prints
the quantiles and the ratio."""

import json
import random
import ssl
import statistics
import sys
import time
import urllib.request

server, token, image, count, samples, ours, stock = sys.argv[1:]
context = ssl._create_unverified_context()
PODS = "/api/v1/namespaces/default/pods"
LIMIT_SECONDS = 60


def call(method, path, body=None):
    request = urllib.request.Request(
        server + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"},
    )
    return urllib.request.urlopen(request, context=context, timeout=LIMIT_SECONDS)


def pod(name, node):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "nodeName": node,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": image, "imagePullPolicy": "Never"}],
        },
    }


def is_ready(seen):
    conditions = seen.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def start(name, node):
    """Milliseconds from the creation until Ready."""
    begin = time.monotonic()
    made = json.load(call("POST", PODS, pod(name, node)))
    watch = call(
        "GET",
        f"{PODS}?watch=1&fieldSelector=metadata.name={name}"
        f"&resourceVersion={made['metadata']['resourceVersion']}&timeoutSeconds={LIMIT_SECONDS}",
    )
    for line in watch:
        if is_ready(json.loads(line)["object"]):
            return (time.monotonic() - begin) * 1000
    sys.exit(f"{name} isn't Ready after {LIMIT_SECONDS} s")


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


order = [ours, stock] * int(count)
random.shuffle(order)
# The first on a node pays for what is loaded once.
order = [ours, stock] + order
times = {ours: [], stock: []}
with open(samples, "w") as out:
    for i, node in enumerate(order):
        took = start(f"p{i}", node)
        call("DELETE", f"{PODS}/p{i}?gracePeriodSeconds=0").read()
        if i < 2:
            continue
        times[node].append(took)
        print(node, round(took, 1), file=out)
        if i % 20 == 0:
            print(f"# {i} of {len(order)} pods", file=sys.stderr)

names = {ours: "cnivpc", stock: "bridge + host-local"}
print("| from created to Ready | n | p50 | p90 | most |")
print("|---|---:|---:|---:|---:|")
for node in (ours, stock):
    t = times[node]
    print(f"| {names[node]} | {len(t)} | {quantile(t, .5):.0f} ms | {quantile(t, .9):.0f} ms | {max(t):.0f} ms |")
print(f"\nratio of the medians: {statistics.median(times[ours]) / statistics.median(times[stock]):.3f}")
