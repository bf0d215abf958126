"""The outside libraries that are built from source: where each release is.

Pure data, also read by fetch.sh (as Python). `url` is the upstream release.
`distfile` is the same release as the distribution's source package holds it;
where the distribution repacked the tarball, `distfile_sha256` and
`distfile_prefix` differ from upstream's.
"""

ARCHIVES = {
    "com_google_absl": dict(
        url = "https://github.com/abseil/abseil-cpp/archive/refs/tags/20220623.1.tar.gz",
        sha256 = "91ac87d30cc6d79f9ab974c51874a704de9c2647c40f6932597329a282217ba8",
        strip_prefix = "abseil-cpp-20220623.1",
        source_package = "abseil",
        distfile = "abseil_20220623.1.orig.tar.gz",
        distfile_sha256 = "abfe2897f3a30edaa74bc34365afe3c2a3cd012091a97dc7e008f7016adcd5fe",
        distfile_prefix = "abseil-20220623.1",
        patches = ["//third_party/abseil:bazel-4.2.patch"],
    ),
    "com_github_gflags_gflags": dict(
        url = "https://github.com/gflags/gflags/archive/refs/tags/v2.2.2.tar.gz",
        sha256 = "34af2f15cf7367513b352bdcd2493ab14ce43692d2dcd9dfc499492966c64dcf",
        strip_prefix = "gflags-2.2.2",
        source_package = "gflags",
        distfile = "gflags_2.2.2.orig.tar.gz",
    ),
    "com_github_google_glog": dict(
        url = "https://github.com/google/glog/archive/refs/tags/v0.6.0.tar.gz",
        sha256 = "8a83bf982f37bb70825df71a9709fa90ea9f4447fb3c099e1d720a439d88bad6",
        strip_prefix = "glog-0.6.0",
        source_package = "google-glog",
        distfile = "google-glog_0.6.0.orig.tar.gz",
    ),
    "com_google_googletest": dict(
        url = "https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz",
        sha256 = "81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2",
        strip_prefix = "googletest-release-1.12.1",
        source_package = "googletest",
        distfile = "googletest_1.12.1.orig.tar.gz",
    ),
    "com_github_google_benchmark": dict(
        url = "https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz",
        sha256 = "6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7",
        strip_prefix = "benchmark-1.7.1",
        source_package = "benchmark",
        distfile = "benchmark_1.7.1.orig.tar.gz",
    ),
    "rapidjson": dict(
        url = "https://github.com/Tencent/rapidjson/archive/v1.1.0.tar.gz",
        sha256 = "bf7ced29704a1e696fbccf2a2b4ea068e7774fa37f6d7dd4039d0787f8bed98e",
        strip_prefix = "rapidjson-1.1.0",
        source_package = "rapidjson",
        distfile = "rapidjson_1.1.0+dfsg2.orig.tar.gz",
        distfile_sha256 = "92aa6402743012e5f2c3db17def1ff5273df4f3ca7a8f8ed9f1041d392c14ce7",
        build_file = "//third_party/rapidjson:rapidjson.BUILD",
    ),
    "c_ares": dict(
        url = "https://c-ares.org/download/c-ares-1.18.1.tar.gz",
        sha256 = "1a7d52a8a84a9fbffb1be9133c0f6e17217d91ea5a6fa61f6b4729cda78ebbcf",
        strip_prefix = "c-ares-1.18.1",
        source_package = "c-ares",
        distfile = "c-ares_1.18.1.orig.tar.gz",
        build_file = "//third_party/c_ares:c_ares.BUILD",
    ),
    "curl": dict(
        url = "https://curl.se/download/curl-7.88.1.tar.gz",
        sha256 = "cdb38b72e36bc5d33d5b8810f8018ece1baa29a8f215b4495e495ded82bbf3c7",
        strip_prefix = "curl-7.88.1",
        source_package = "curl",
        distfile = "curl_7.88.1.orig.tar.gz",
        build_file = "//third_party/curl:curl.BUILD",
    ),
}
