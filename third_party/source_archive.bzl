"""source_archive: an outside library's sources, online or offline.

The tarball in third_party/distdir if fetch.sh put it there, else the upstream
release. Both are checked against a sha256 of their own (see archives.bzl).
"""

load("//third_party:archives.bzl", "ARCHIVES")

def _source_archive_impl(ctx):
    a = ctx.attr
    workspace = ctx.path(Label("//:WORKSPACE")).dirname
    local = workspace.get_child("third_party").get_child("distdir").get_child(a.distfile)
    if local.exists:
        ctx.download_and_extract(
            url = ["file://" + str(local).replace(" ", "%20")],
            sha256 = a.distfile_sha256 or a.sha256,
            stripPrefix = a.distfile_prefix or a.strip_prefix,
            type = "tar.gz",
        )
    else:
        got = ctx.download_and_extract(
            url = [a.url],
            sha256 = a.sha256,
            stripPrefix = a.strip_prefix,
            allow_fail = True,
        )
        if not got.success:
            fail("%s: can't get %s; without internet access, run third_party/fetch.sh" % (ctx.name, a.url))
    for patch in a.patches:
        ctx.patch(patch, strip = 1)
    if a.build_file:
        ctx.delete("BUILD.bazel")
        ctx.symlink(a.build_file, "BUILD.bazel")

_source_archive = repository_rule(
    implementation = _source_archive_impl,
    attrs = {
        "url": attr.string(mandatory = True),
        "sha256": attr.string(mandatory = True),
        "strip_prefix": attr.string(mandatory = True),
        "source_package": attr.string(mandatory = True),
        "distfile": attr.string(mandatory = True),
        "distfile_sha256": attr.string(),
        "distfile_prefix": attr.string(),
        "build_file": attr.label(allow_single_file = True),
        "patches": attr.label_list(allow_files = True),
    },
)

def source_archives():
    """Declares every library of archives.bzl as an external repository."""
    for name, archive in ARCHIVES.items():
        _source_archive(name = name, **archive)
