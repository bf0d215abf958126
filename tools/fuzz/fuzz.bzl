"""cc_fuzz_target: a parser of outside bytes, tried with any bytes."""

def cc_fuzz_target(name, srcs, corpus, deps = []):
    """A fuzz target, and a test that replays its corpus.

    Args:
      name: ends in _fuzz. `bazel test` runs ..._corpus_test; `./test --fuzz
        SECONDS` runs NAME itself with clang's libFuzzer.
      srcs: what defines LLVMFuzzerTestOneInput.
      corpus: label of a filegroup with at least one file, in testdata/.
      deps: as for cc_library.
    """
    if not name.endswith("_fuzz"):
        fail("%s: a fuzz target's name ends in _fuzz" % name)
    native.cc_library(
        name = name + "_input",
        testonly = True,
        srcs = srcs,
        tags = ["manual"],
        deps = deps,
    )
    native.cc_test(
        name = name[:-len("_fuzz")] + "_corpus_test",
        size = "small",
        args = ["$(locations %s)" % corpus],
        data = [corpus],
        # In the linker's order: main first, then what it calls.
        deps = [
            "//tools/fuzz:replay",
            ":%s_input" % name,
        ],
    )
    native.cc_binary(
        name = name,
        testonly = True,
        data = [corpus],
        linkopts = ["-fsanitize=fuzzer"],
        tags = [
            "fuzz",
            "manual",
        ],
        deps = [":%s_input" % name],
    )
