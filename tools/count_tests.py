#!/usr/bin/env python3
"""count_tests.py EVENTS: counts the tests of a `bazel test` run.

EVENTS is what --build_event_json_file wrote. Prints "PASSED FAILED" and then
one line for each failure. A cached result counts like a fresh one; what could
not be loaded, analyzed or built counts as failed, be it a test or not.
"""
import json
import sys

GOOD = {"PASSED", "FLAKY"}


def read_events(path):
  with open(path) as lines:
    for line in lines:
      try:
        yield json.loads(line)
      except json.JSONDecodeError:  # the last line of an interrupted run
        return


def outcomes(events):
  """Label → status of each test, and of whatever else failed."""
  status, finished = {}, None
  for event in events:
    (kind, ident), = event["id"].items()
    if kind == "targetConfigured":
      if "test" in event.get("configured", {}).get("targetKind", ""):
        status.setdefault(ident["label"], "FAILED TO BUILD")
    elif kind == "targetCompleted":
      if not event.get("completed", {}).get("success"):
        status.setdefault(ident["label"], "FAILED TO BUILD")
    elif kind == "testSummary" and "testSummary" in event:
      status[ident["label"]] = event["testSummary"]["overallStatus"]
    elif kind == "buildFinished":
      finished = event["finished"].get("exitCode", {}).get("name", "")
  if finished == "SUCCESS":
    return status
  if not any(s not in GOOD for s in status.values()):
    # For instance a BUILD file that can't be read: its tests are unknown.
    status["bazel"] = finished or "INTERRUPTED"
  return status


def main(path):
  tests = outcomes(read_events(path))
  failed = {t: s for t, s in sorted(tests.items()) if s not in GOOD}
  print(len(tests) - len(failed), len(failed))
  for label, status in failed.items():
    print(f"{label}  {status}")


if __name__ == "__main__":
  main(sys.argv[1])
