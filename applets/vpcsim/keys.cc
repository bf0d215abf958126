#include "applets/vpcsim/keys.h"

#include <cstdint>
#include <utility>

#include "absl/random/uniform_int_distribution.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/signature.h"

namespace applets::vpcsim {
namespace {

std::string RandomHex(int words, absl::BitGenRef random) {
  absl::uniform_int_distribution<uint32_t> word;
  std::string text;
  for (int i = 0; i < words; ++i) {
    absl::StrAppendFormat(&text, "%08x", word(random));
  }
  return text;
}

}  // namespace

KeyPair MakeKeyPair(absl::BitGenRef random) {
  return {RandomHex(5, random), RandomHex(5, random)};
}

absl::StatusOr<KeyPair> ParseKeyPair(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0 ||
      colon + 1 == text.size()) {
    return absl::InvalidArgumentError("must be PUBLIC:PRIVATE");
  }
  return KeyPair{std::string(text.substr(0, colon)),
                 std::string(text.substr(colon + 1))};
}

void Keys::Add(KeyPair pair) {
  permanent_[std::move(pair.public_key)] = std::move(pair.private_key);
}

TemporaryKey Keys::Issue(absl::string_view host, absl::Duration life,
                         absl::BitGenRef random, absl::Time now) {
  while (!issued_.empty()) {
    const auto oldest = temporary_.find(issued_.front());
    const bool known = oldest != temporary_.end();
    if (known && issued_.size() < kMaxTemporary &&
        now < oldest->second.expires) {
      break;
    }
    if (known) temporary_.erase(oldest);
    issued_.pop_front();
  }
  TemporaryKey key{MakeKeyPair(random), RandomHex(16, random),
                   std::string(host), now + life};
  key.pair.public_key.insert(0, "TOKEN_");
  issued_.push_back(key.pair.public_key);
  temporary_[key.pair.public_key] = key;
  return key;
}

bool Keys::Expire(absl::string_view public_key) {
  const auto found = temporary_.find(public_key);
  if (found == temporary_.end()) return false;
  temporary_.erase(found);
  return true;
}

size_t Keys::ExpireAll() {
  const size_t count = temporary_.size();
  issued_.clear();
  temporary_.clear();
  return count;
}

// Of a user who is known and whose token, if they need one, is good.
const std::string* Keys::PrivateKey(const WireCall& call,
                                    absl::Time now) const {
  if (const auto user = temporary_.find(call.public_key);
      user != temporary_.end()) {
    const TemporaryKey& key = user->second;
    const bool good = key.token == call.security_token && now < key.expires;
    return good ? &key.pair.private_key : nullptr;
  }
  const auto user = permanent_.find(call.public_key);
  const bool good = user != permanent_.end() && call.security_token.empty();
  return good ? &user->second : nullptr;
}

bool Keys::IsOtherProject(const WireCall& call) const {
  const auto named = call.call.params.find("ProjectId");
  return !project_.empty() && named != call.call.params.end() &&
         named->second != project_;
}

std::optional<Refusal> Keys::Check(const WireCall& call, absl::Time now) const {
  if (call.signature.empty()) return Refusal{kNoSignature, "Missing signature"};
  // Who comes with a token had a temporary key, though it may be forgotten.
  if (call.security_token.empty() && !permanent_.contains(call.public_key) &&
      !temporary_.contains(call.public_key)) {
    return Refusal{kNoUser, "User not exist"};
  }
  const std::string* private_key = PrivateKey(call, now);
  if (private_key == nullptr) return Refusal{kNoToken, "Token not exist"};
  if (!IsSameSignature(call.signature, Sign(call.signed_text, *private_key))) {
    return Refusal{kWrongSignature, "Signature VerifyAC Error"};
  }
  if (IsOtherProject(call)) {
    return Refusal{kUnknownProject, "Project not exist"};
  }
  return std::nullopt;
}

std::vector<TemporaryKey> Keys::Valid(absl::Time now) const {
  std::vector<TemporaryKey> valid;
  for (const std::string& name : issued_) {
    const auto key = temporary_.find(name);
    if (key != temporary_.end() && now < key->second.expires) {
      valid.push_back(key->second);
    }
  }
  return valid;
}

}  // namespace applets::vpcsim
