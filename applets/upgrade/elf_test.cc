#include "applets/upgrade/elf.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/file.h"

namespace applets::upgrade {
namespace {

// This very test: a whole program for this machine.
std::string OwnProgram() {
  const auto program = base::ReadFile("/proc/self/exe", size_t{1} << 30);
  EXPECT_TRUE(program.ok()) << program.status();
  return *program;
}

absl::Status Check(const std::string& file) {
  return CheckElf(file.substr(0, kElfHeadBytes), file.size());
}

Elf64_Ehdr HeaderOf(const std::string& program) {
  Elf64_Ehdr header;
  std::memcpy(&header, program.data(), sizeof(header));
  return header;
}

std::string WithHeader(std::string program, const Elf64_Ehdr& header) {
  std::memcpy(program.data(), &header, sizeof(header));
  return program;
}

TEST(ElfTest, AProgramOfThisMachineIsOne) {
  const absl::Status status = Check(OwnProgram());
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ElfTest, TextAndScriptsAreNoPrograms) {
  for (const char* text : {"#!/bin/sh\nexec true\n",
                           "\x7f"
                           "ELB",
                           "hello"}) {
    EXPECT_EQ(Check(text).code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ElfTest, AnyBeginningOfAProgramIsCutShort) {
  const std::string program = OwnProgram();
  for (const size_t bytes :
       {size_t{0}, size_t{1}, size_t{4}, size_t{63}, size_t{64}, size_t{4096},
        program.size() / 2, program.size() - 1}) {
    const absl::Status status = Check(program.substr(0, bytes));
    EXPECT_FALSE(status.ok()) << bytes;
    if (bytes > kElfHeadBytes) {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    }
  }
}

TEST(ElfTest, AnotherArchitectureIsNamed) {
  const std::string program = OwnProgram();
  Elf64_Ehdr header = HeaderOf(program);
  header.e_machine = EM_RISCV;
  const absl::Status status = Check(WithHeader(program, header));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "is for riscv64, this node is " + OwnArchitecture());
}

TEST(ElfTest, ObjectFilesAreNoPrograms) {
  const std::string program = OwnProgram();
  Elf64_Ehdr header = HeaderOf(program);
  header.e_type = ET_REL;
  EXPECT_EQ(Check(WithHeader(program, header)).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ElfTest, OffsetsThatOverflowAreRefused) {
  const std::string program = OwnProgram();
  Elf64_Ehdr header = HeaderOf(program);
  header.e_shoff = UINT64_MAX;
  EXPECT_FALSE(Check(WithHeader(program, header)).ok());
  header = HeaderOf(program);
  header.e_phoff = UINT64_MAX;
  EXPECT_FALSE(Check(WithHeader(program, header)).ok());
}

}  // namespace
}  // namespace applets::upgrade
