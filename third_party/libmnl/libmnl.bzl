"""libmnl as something to link statically.

Its source tarball where that can be had; otherwise the system's shared object,
which is small and self-contained enough to be turned back into an object file
(the distribution's libmnl-dev has no archive). x86-64 only, needs -no-pie.
"""

_SOURCE = """
cc_library(
    name = "libmnl",
    srcs = glob(["src/*.c", "src/*.h", "include/linux/**/*.h"]) + ["config.h"],
    hdrs = ["include/libmnl/libmnl.h"],
    copts = ["-w", "-Iexternal/libmnl", "-Iexternal/libmnl/include"],
    includes = ["include"],
    visibility = ["//visibility:public"],
)
"""

_SHARED_OBJECT = """
# The header is in /usr/include.
cc_library(
    name = "libmnl",
    srcs = ["libmnl.s"],
    visibility = ["//visibility:public"],
)
"""

def _download(ctx):
    # Asked first: Bazel repeats a failed download's warning at every build.
    online = ctx.execute(["timeout", "5", "getent", "hosts", "www.netfilter.org"])
    if online.return_code:
        return False
    return ctx.download_and_extract(
        url = ["https://www.netfilter.org/pub/libmnl/libmnl-1.0.4.tar.bz2"],
        sha256 = "171f89699f286a5854b72b91d06e8f8e3683064c5901fb09d954a9ab6f551f81",
        stripPrefix = "libmnl-1.0.4",
        allow_fail = True,
    ).success

def _libmnl_impl(ctx):
    if _download(ctx):
        ctx.file("config.h", "#define HAVE_VISIBILITY_HIDDEN 1\n")
        ctx.file("BUILD.bazel", _SOURCE)
        return
    done = ctx.execute([
        "python3",
        ctx.path(Label("//third_party/libmnl:so2asm.py")),
        "/usr/lib/x86_64-linux-gnu/libmnl.so.0",
        "libmnl.s",
        "libmnl",
    ])
    if done.return_code:
        fail("libmnl: " + done.stderr)
    ctx.file("BUILD.bazel", _SHARED_OBJECT)

libmnl = repository_rule(implementation = _libmnl_impl)
