#include "base/http_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/fd.h"

namespace base {
namespace {

// A lab that can't be built ends the test.
void Must(bool done, const char* what) {
  if (done) return;
  std::cerr << "http_lab: " << what << " failed\n";
  std::abort();
}

sockaddr_in Loopback() {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

base::Fd BoundSocket() {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback();
  Must(fd.valid() && bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                          sizeof(address)) == 0,
       "bind");
  return fd;
}

int PortOf(const base::Fd& fd) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  Must(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
       "getsockname");
  return ntohs(address.sin_port);
}

// One connection's bytes, with or without TLS.
class Stream {
 public:
  Stream(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}

  // Nothing more comes when it returns "".
  std::string Read() {
    std::string bytes(4096, '\0');
    const int size = static_cast<int>(bytes.size());
    const ssize_t got = ssl_ != nullptr ? SSL_read(ssl_, bytes.data(), size)
                                        : recv(fd_, bytes.data(), size, 0);
    bytes.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return bytes;
  }
  void Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent =
          ssl_ != nullptr
              ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
              : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

 private:
  const int fd_;
  SSL* const ssl_;
};

LabRequest ParseHead(absl::string_view head) {
  LabRequest request;
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  if (words.size() == 3) {
    request.method = words[0];
    request.target = words[1];
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request.headers[absl::AsciiStrToLower(header.first)] =
        std::string(absl::StripAsciiWhitespace(header.second));
  }
  return request;
}

// Reads until `buffer` has `size` bytes, or nothing more comes.
void Fill(Stream& stream, std::string& buffer, size_t size) {
  while (buffer.size() < size) {
    const std::string more = stream.Read();
    if (more.empty()) return;
    buffer += more;
  }
}

// The next request; one without a method if there is none.
LabRequest ReadRequest(Stream& stream, std::string& buffer) {
  while (buffer.find("\r\n\r\n") == std::string::npos) {
    const std::string more = stream.Read();
    if (more.empty()) return {};
    buffer += more;
  }
  const size_t head = buffer.find("\r\n\r\n");
  LabRequest request = ParseHead(absl::string_view(buffer).substr(0, head));
  size_t length = 0;
  static_cast<void>(
      absl::SimpleAtoi(request.headers["content-length"], &length));
  Fill(stream, buffer, head + 4 + length);
  if (buffer.size() < head + 4 + length) return {};
  request.body = buffer.substr(head + 4, length);
  buffer.erase(0, head + 4 + length);
  return request;
}

std::string ChunkOf(absl::string_view text) {
  return text.empty()
             ? ""
             : absl::StrCat(absl::Hex(text.size()), "\r\n", text, "\r\n");
}

std::string TextOf(const LabAnswer& answer) {
  const bool chunked = answer.next_chunk != nullptr;
  std::string text = absl::StrCat(
      "HTTP/1.1 ", answer.status, " Lab\r\n",
      chunked ? "Transfer-Encoding: chunked"
              : absl::StrCat("Content-Length: ", answer.body.size()),
      "\r\n");
  for (const auto& [name, value] : answer.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  if (answer.then == LabAnswer::Then::kClose) {
    absl::StrAppend(&text, "Connection: close\r\n");
  }
  return absl::StrCat(text, "\r\n",
                      chunked ? ChunkOf(answer.body) : answer.body);
}

void WriteChunks(Stream& stream, const LabAnswer& answer) {
  while (const std::optional<std::string> chunk = answer.next_chunk()) {
    stream.Write(ChunkOf(*chunk));
  }
  // Without the last chunk the answer breaks off.
  if (answer.then != LabAnswer::Then::kClose) stream.Write("0\r\n\r\n");
}

std::string PemOf(const std::function<int(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  Must(write(bio) == 1, "PEM_write_bio");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

void AddName(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(
      name, "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>("cnivpc lab"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* alternative = X509V3_EXT_conf_nid(
      nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  Must(alternative != nullptr, "subjectAltName");
  X509_add_ext(certificate, alternative, -1);
  X509_EXTENSION_free(alternative);
}

X509* ReadCertificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  Must(certificate != nullptr, "PEM_read_bio_X509");
  return certificate;
}

void AskForCertificate(SSL_CTX* tls, const std::string& authority) {
  X509* certificate = ReadCertificate(authority);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), certificate);
  X509_free(certificate);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
}

}  // namespace

void LabChunks::Send(std::string chunk) {
  {
    const std::lock_guard lock(mutex_);
    chunks_.push_back(std::move(chunk));
  }
  changed_.notify_all();
}

void LabChunks::End() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

std::optional<std::string> LabChunks::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !chunks_.empty(); });
  if (chunks_.empty()) return std::nullopt;
  std::string chunk = std::move(chunks_.front());
  chunks_.pop_front();
  return chunk;
}

LabCertificate MakeLabCertificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  Must(key != nullptr && certificate != nullptr, "EVP_EC_gen");
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  AddName(certificate);
  Must(X509_sign(certificate, key, EVP_sha256()) > 0, "X509_sign");
  LabCertificate made;
  made.certificate =
      PemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  made.key = PemOf([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                    nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

struct HttpLab::State {
  explicit State(Answers what) : answers(std::move(what)) {}

  void Listen();
  void Accept();
  void Serve(int fd, int connection);
  void Talk(Stream& stream, int fd, int connection);
  LabAnswer Take(LabRequest request, int connection);

  const Answers answers;
  SSL_CTX* tls = nullptr;
  base::Fd listening;
  int port = 0;
  std::thread accepting;
  std::mutex answering;  // one at a time
  mutable std::mutex mutex;
  std::vector<LabRequest> requests;     // guarded by mutex, as all below
  std::map<int, base::Fd> connections;  // by number
  std::vector<std::thread> threads;
  bool stopping = false;
};

void HttpLab::State::Listen() {
  // OpenSSL writes without MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  listening = BoundSocket();
  Must(listen(listening.get(), SOMAXCONN) == 0, "listen");
  port = PortOf(listening);
  accepting = std::thread([this] { Accept(); });
}

void HttpLab::State::Accept() {
  for (int connection = 1;; ++connection) {
    base::Fd fd(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd.valid()) return;
    const std::lock_guard lock(mutex);
    if (stopping) return;
    const int borrowed = fd.get();
    connections.emplace(connection, std::move(fd));
    threads.emplace_back(
        [this, borrowed, connection] { Serve(borrowed, connection); });
  }
}

void HttpLab::State::Serve(int fd, int connection) {
  SSL* ssl = nullptr;
  if (tls != nullptr) {
    ssl = SSL_new(tls);
    SSL_set_fd(ssl, fd);
  }
  if (ssl == nullptr || SSL_accept(ssl) == 1) {
    Stream stream(fd, ssl);
    Talk(stream, fd, connection);
  }
  SSL_free(ssl);
  const std::lock_guard lock(mutex);
  connections.erase(connection);
}

void HttpLab::State::Talk(Stream& stream, int fd, int connection) {
  using Then = LabAnswer::Then;
  std::string buffer;
  for (;;) {
    LabRequest request = ReadRequest(stream, buffer);
    if (request.method.empty()) return;
    const LabAnswer answer = Take(std::move(request), connection);
    if (answer.then == Then::kReset) {
      const linger none = {.l_onoff = 1, .l_linger = 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
      return;
    }
    if (answer.then != Then::kSilence) stream.Write(TextOf(answer));
    if (answer.next_chunk && answer.then != Then::kSilence) {
      WriteChunks(stream, answer);
    }
    if (answer.then == Then::kClose) return;
  }
}

LabAnswer HttpLab::State::Take(LabRequest request, int connection) {
  request.connection = connection;
  {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
  }
  const std::lock_guard lock(answering);
  return answers(request);
}

HttpLab::HttpLab(Answers answers)
    : state_(std::make_unique<State>(std::move(answers))) {
  state_->Listen();
}

HttpLab::HttpLab(Answers answers, const LabCertificate& certificate,
                 const std::string& client_ca)
    : state_(std::make_unique<State>(std::move(answers))) {
  state_->tls = SSL_CTX_new(TLS_server_method());
  X509* x509 = ReadCertificate(certificate.certificate);
  BIO* bio = BIO_new_mem_buf(certificate.key.data(),
                             static_cast<int>(certificate.key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  Must(SSL_CTX_use_certificate(state_->tls, x509) == 1 &&
           SSL_CTX_use_PrivateKey(state_->tls, key) == 1,
       "SSL_CTX_use_certificate");
  X509_free(x509);
  EVP_PKEY_free(key);
  if (!client_ca.empty()) AskForCertificate(state_->tls, client_ca);
  state_->Listen();
}

HttpLab::~HttpLab() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    shutdown(state_->listening.get(), SHUT_RDWR);
    for (const auto& [number, fd] : state_->connections) {
      shutdown(fd.get(), SHUT_RDWR);
    }
  }
  state_->accepting.join();
  for (std::thread& thread : state_->threads) thread.join();
  SSL_CTX_free(state_->tls);
}

std::string HttpLab::url() const {
  return absl::StrCat(state_->tls == nullptr ? "http" : "https",
                      "://127.0.0.1:", state_->port);
}

int HttpLab::port() const { return state_->port; }

std::vector<LabRequest> HttpLab::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int ClosedPort() { return PortOf(BoundSocket()); }

}  // namespace base
