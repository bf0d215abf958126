#!/usr/bin/env python3
"""report.py SAMPLES: what bench/run measured, as Markdown.

A sample is a line "EXPERIMENT NAME VERB MICROSECONDS EXIT-STATUS", separated by
tabs. Exit status 1 if a target isn't met.
"""
import collections
import sys

OURS, THEIRS, BARE = "cnivpc", "ptp", "bare"
# The most that our p50 may be of theirs.
RATIO_TARGETS = {"ADD": 1 / 4, "CHECK": 1 / 3, "DEL": 1 / 10}
# The most that our p50 of an ADD may be of the bare program's.
BARE_TARGET = 1.5
# How often our throughput of 250 at once must be theirs.
BURST_TARGET = 4
MEMORY_TARGET_MIB = 16
START_TARGET_MS = 0.2


def quantile(times, q):
  """The smallest sample that a share of `q` of them doesn't exceed."""
  ordered = sorted(times)
  return ordered[max(0, -(-len(ordered) * q // 100) - 1)]


class Samples:

  def __init__(self, lines):
    self.times = collections.defaultdict(list)  # (experiment, name, verb) → ms
    self.failed = collections.Counter()
    self.facts = {}
    for line in lines:
      fields = line.rstrip("\n").split("\t")
      if len(fields) == 2:
        self.facts[fields[0]] = fields[1]
        continue
      experiment, name, verb, value, status = fields
      key = (experiment, name, verb)
      self.failed[key] += status != "0"
      self.times[key].append(float(value) / 1000)


class Report:

  def __init__(self):
    self.missed = []

  def verdict(self, what, met):
    if not met:
      self.missed.append(what)
    return "met" if met else "**not met**"

  def table(self, title, header, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join("---" if i == 0 else "---:"
                         for i in range(len(header))) + "|")
    for row in rows:
      print("| " + " | ".join(row) + " |")


def one_at_a_time(samples, report):
  rows = []
  for verb, target in RATIO_TARGETS.items():
    ours = samples.times["alternate", OURS, verb]
    theirs = samples.times["alternate", THEIRS, verb]
    for q in (50, 90, 99):
      a, b = quantile(ours, q), quantile(theirs, q)
      goal = f"≤ 1/{1 / target:.0f}"
      row = [f"{verb} p{q}", f"{a:.2f} ms", f"{b:.2f} ms", f"1/{b / a:.1f}"]
      row += [goal, report.verdict(f"{verb} {goal}", a <= b * target)
             ] if q == 50 else ["", ""]
      rows.append(row)
    lost = [samples.failed["alternate", name, verb] for name in (OURS, THEIRS)]
    if any(lost):
      rows.append([f"{verb} failed", str(lost[0]), str(lost[1]), "", "0",
                   report.verdict(f"{verb} failed", lost[0] == 0)])
  count = len(samples.times["alternate", OURS, "ADD"])
  report.table(f"One at a time, {count} pods of each in shuffled order",
               ["", "cnivpc", "ptp + host-local", "ratio", "target", ""], rows)


def against_bare(samples, report):
  rows = []
  for verb in RATIO_TARGETS:
    ours, bare = (quantile(samples.times["alternate", name, verb], 50)
                  for name in (OURS, BARE))
    goal = f"≤ {BARE_TARGET} ×" if verb == "ADD" else ""
    rows.append([
        f"{verb} p50", f"{ours:.2f} ms", f"{bare:.2f} ms", f"{ours / bare:.2f} ×",
        goal,
        report.verdict(f"{verb} {goal} bare", ours <= bare * BARE_TARGET)
        if goal else ""
    ])
  report.table("Against the kernel's part alone, in the same run",
               ["", "cnivpc", "bare", "ratio", "target", ""], rows)


def at_once(samples, report):
  rounds = collections.defaultdict(list)  # (size, name, verb) → totals, ms
  failed = collections.Counter()
  for (experiment, name, verb), times in samples.times.items():
    if not experiment.startswith("burst-"):
      continue
    size = int(experiment.split("-")[1])
    rounds[size, name, verb].append(max(times))
    failed[size, name, verb] += samples.failed[experiment, name, verb]
  rows = []
  for size in sorted({key[0] for key in rounds}):
    for verb in ("ADD", "DEL"):
      a, b = (quantile(rounds[size, name, verb], 50) for name in (OURS, THEIRS))
      lost = [failed[size, name, verb] for name in (OURS, THEIRS)]
      goal = f"≥ {BURST_TARGET} ×" if size == 250 else ""
      row = [f"{size} {verb}s", f"{a:.0f} ms", f"{b:.0f} ms",
             f"{size / a * 1000:.0f}/s", f"{b / a:.1f} ×", goal]
      row.append(report.verdict(f"{size} {verb}s {goal}", b >= a * BURST_TARGET)
                 if goal else "")
      row += [f"{lost[0]} / {lost[1]}",
              report.verdict(f"no {verb} of {size} fails", lost[0] == 0)]
      rows.append(row)
  count = len(rounds[250, OURS, "ADD"])
  report.table(f"All at once, until the last is done (median of {count})",
               ["", "cnivpc", "ptp + host-local", "cnivpc", "throughput",
                "target", "", "failed", ""], rows)


def start_and_memory(samples, report):
  empty = quantile(samples.times["start", "empty", "start"], 50)
  start = quantile(samples.times["start", OURS, "start"], 50)
  theirs = quantile(samples.times["start", THEIRS, "start"], 50)
  rows = [
      ["empty static C program, start to end, p50", f"{empty:.2f} ms", "", ""],
      ["cnivpc VERSION, p50", f"{start:.2f} ms",
       f"≤ {START_TARGET_MS} ms more",
       report.verdict("start", start - empty <= START_TARGET_MS)],
      ["ptp VERSION, p50", f"{theirs:.2f} ms", "", ""],
  ]
  for (experiment, name, _), values in samples.times.items():
    if experiment != "memory":
      continue
    mib = max(values) * 1000 / 1024
    target = name == "250 pods"
    rows.append([f"ipamd's resident memory, {name}", f"{mib:.1f} MiB",
                 f"< {MEMORY_TARGET_MIB} MiB" if target else "",
                 report.verdict("memory", mib < MEMORY_TARGET_MIB)
                 if target else ""])
  report.table("Start and memory", ["", "", "target", ""], rows)


def main(path):
  with open(path) as lines:
    samples = Samples(lines)
  report = Report()
  print("; ".join(samples.facts.values()))
  one_at_a_time(samples, report)
  against_bare(samples, report)
  at_once(samples, report)
  start_and_memory(samples, report)
  print("\nAll targets met." if not report.missed else
        "\nNot met: " + ", ".join(report.missed) + ".")
  return 1 if report.missed else 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1]))
