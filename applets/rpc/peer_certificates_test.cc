#include "applets/rpc/peer_certificates.h"

#include <openssl/pem.h>
#include <sys/stat.h>

#include "applets/rpc/openssl.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const Validity kDay = {kNow, kNow + absl::Hours(24)};
constexpr base::Ipv4 kAddress(0x0a00000c);

Owned<X509> Read(const std::string& pem) {
  const Owned<BIO> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Owned<X509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

TEST(PeerCertificatesTest, ANodesCertificateNamesItAndIsForBothEnds) {
  const auto authority = MakeAuthority(kDay);
  ASSERT_TRUE(authority.ok()) << authority.status();
  const auto node = MakeNodeCertificate(*authority, {"node-b", kAddress}, kDay);
  ASSERT_TRUE(node.ok()) << node.status();
  const Owned<X509> certificate = Read(node->certificate);
  const Owned<X509> issuer = Read(authority->certificate);
  EXPECT_EQ(X509_check_host(certificate.get(), "node-b", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "10.0.0.12", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "10.0.0.13", 0), 0);
  EXPECT_EQ(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_SERVER, 0),
            1);
  EXPECT_EQ(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0),
            1);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(issuer.get())), 1);
}

// A node that is broken into must not be able to make others.
TEST(PeerCertificatesTest, ANodesCertificateIsNoAuthority) {
  const auto authority = MakeAuthority(kDay);
  ASSERT_TRUE(authority.ok());
  const auto node = MakeNodeCertificate(*authority, {"node-b", kAddress}, kDay);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(X509_check_ca(Read(node->certificate).get()), 0);
  EXPECT_EQ(X509_check_ca(Read(authority->certificate).get()), 1);
}

TEST(PeerCertificatesTest, ANameThatWouldBeMoreThanOneIsRefused) {
  const auto authority = MakeAuthority(kDay);
  ASSERT_TRUE(authority.ok());
  for (const char* name :
       {"", "a,DNS:b", "../a", ".hidden", "a/b", "a b", "*"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        MakeNodeCertificate(*authority, {name, kAddress}, kDay).status()))
        << name;
  }
}

TEST(PeerCertificatesTest, AnAuthorityThatIsNoneIsRefused) {
  const auto authority = MakeAuthority(kDay);
  const auto other = MakeAuthority(kDay);
  ASSERT_TRUE(authority.ok() && other.ok());
  EXPECT_FALSE(MakeNodeCertificate({"", ""}, {"a", kAddress}, kDay).ok());
  EXPECT_FALSE(MakeNodeCertificate({authority->certificate, other->key},
                                   {"a", kAddress}, kDay)
                   .ok());
}

TEST(PeerCertificatesTest, ALaterNodeGetsTheSameAuthority) {
  const std::string folder = testing::TempDir() + "/certificates/deep";
  const absl::Time now = absl::Now();
  ASSERT_TRUE(WriteCertificates(folder, {{"node-a", kAddress}}, now).ok());
  const auto before = base::ReadFile(folder + "/ca.crt", 10000);
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_TRUE(WriteCertificates(folder, {{"node-b", kAddress}}, now).ok());
  EXPECT_EQ(*base::ReadFile(folder + "/ca.crt", 10000), *before);
  const Owned<X509> node = Read(*base::ReadFile(folder + "/node-b.crt", 10000));
  EXPECT_EQ(X509_verify(node.get(), X509_get0_pubkey(Read(*before).get())), 1);
}

TEST(PeerCertificatesTest, KeysAreForTheirOwnerOnly) {
  const std::string folder = testing::TempDir() + "/modes";
  ASSERT_TRUE(
      WriteCertificates(folder, {{"node-a", kAddress}}, absl::Now()).ok());
  for (const char* name : {"/ca.key", "/node-a.key"}) {
    struct stat file = {};
    ASSERT_EQ(stat((folder + name).c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0600U) << name;
  }
}

}  // namespace
}  // namespace applets::rpc
