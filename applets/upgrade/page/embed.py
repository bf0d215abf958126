#!/usr/bin/env python3
"""embed.py FILE...: prints assets.cc, with the files as strings."""
import hashlib
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def literal(data):
    """Lines of string literals: each byte that isn't plain is octal."""
    for line in data.splitlines(keepends=True):
        text = "".join(
            chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in line
        )
        yield f'    "{text}"'


def main(paths):
    print('#include "applets/upgrade/page/assets.h"\n\nnamespace applets::upgrade::page {\nnamespace {\n')
    print("constexpr Asset kAssets[] = {")
    for path in sorted(paths):
        data = open(path, "rb").read()
        etag = hashlib.sha256(data).hexdigest()[:16]
        kind = TYPES[os.path.splitext(path)[1]]
        body = "\n".join(literal(data))
        print(f'  {{"/{os.path.basename(path)}", "{kind}",\n   absl::string_view(\n{body},\n    {len(data)}),')
        print(f'   "\\"{etag}\\""}},')
    print("};\n\n}  // namespace\n\nabsl::Span<const Asset> Assets() { return kAssets; }\n")
    print("}  // namespace applets::upgrade::page")


main(sys.argv[1:])
