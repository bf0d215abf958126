#!/usr/bin/env python3
"""Writes compile_commands.json: how Bazel compiles each of our own sources.

For clang-tidy and editors. Generated headers must have been built once.
"""
import json
import os
import re
import subprocess
import sys

# Options of the compiler that Bazel uses and clang doesn't know.
GCC_ONLY = {"-fno-canonical-system-headers", "-Wno-free-nonheap-object"}


def bazel(*arguments):
  return subprocess.check_output(
      ["bazel", *arguments], text=True, stderr=subprocess.DEVNULL)


def commands():
  # The execution root holds only what the last build needed; the sources of
  # outside libraries are always in the output base.
  external = bazel("info", "output_base").strip() + "/external/"
  query = 'mnemonic("CppCompile", //...)'
  actions = json.loads(
      bazel("aquery", "--keep_going", "--output=jsonproto", query))
  seen = set()
  for action in actions.get("actions", []):
    arguments = [
        re.sub(r"^(-I)?external/", rf"\g<1>{external}", argument)
        for argument in action["arguments"] if argument not in GCC_ONLY
    ]
    source = arguments[arguments.index("-c") + 1]
    if source in seen or source.startswith(("/", "bazel-out/")):
      continue
    seen.add(source)
    yield {"directory": os.getcwd(), "file": source, "arguments": arguments}


def main():
  os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
  database = list(commands())
  with open("compile_commands.json", "w") as out:
    json.dump(database, out, indent=1)
  print(f"compdb: {len(database)} commands")
  return 0 if database else 1


if __name__ == "__main__":
  sys.exit(main())
