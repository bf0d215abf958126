#include "netlink/message.h"

#include <linux/netlink.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "netlink/request.h"

namespace netlink {
namespace {

constexpr size_t kHeaderBytes = NLMSG_HDRLEN;
constexpr size_t kAttributeHeaderBytes = NLA_HDRLEN;

// The last message or attribute may come without its padding.
size_t Advance(size_t length, size_t available) {
  return std::min<size_t>(NLMSG_ALIGN(length), available);
}

template <typename T>
std::optional<T> Scalar(absl::Span<const char> bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

bool Fits(absl::Span<const char> value, const AttributePolicy& policy) {
  switch (policy.kind) {
    case AttributeKind::kU8:
      return value.size() == 1;
    case AttributeKind::kU32:
    case AttributeKind::kI32:
      return value.size() == 4;
    case AttributeKind::kString:
      return !value.empty() && value.back() == '\0';
    case AttributeKind::kBytes:
      return value.size() >= policy.min_bytes;
    case AttributeKind::kNest:
      return true;  // its content is checked when it is parsed
  }
  return false;
}

const AttributePolicy* Find(absl::Span<const AttributePolicy> policy,
                            uint16_t type) {
  for (const AttributePolicy& entry : policy) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

constexpr AttributePolicy kAcknowledgementPolicy[] = {
    {NLMSGERR_ATTR_MSG, AttributeKind::kString},
};

}  // namespace

absl::Status Message::TooShort(size_t wanted_bytes) const {
  return absl::InvalidArgumentError(
      absl::StrCat(TypeName(type), ": ", payload.size(),
                   " bytes of payload, at least ", wanted_bytes, " expected"));
}

absl::StatusOr<std::vector<Message>> SplitMessages(
    absl::Span<const char> datagram) {
  std::vector<Message> messages;
  while (!datagram.empty()) {
    nlmsghdr header;
    if (datagram.size() < kHeaderBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          datagram.size(), " bytes left over after the last netlink message"));
    }
    std::memcpy(&header, datagram.data(), sizeof(header));
    if (header.nlmsg_len < kHeaderBytes || header.nlmsg_len > datagram.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("netlink message of length ", header.nlmsg_len, " in ",
                       datagram.size(), " bytes"));
    }
    messages.push_back(
        {header.nlmsg_type, header.nlmsg_flags, header.nlmsg_seq,
         datagram.subspan(kHeaderBytes, header.nlmsg_len - kHeaderBytes)});
    datagram.remove_prefix(Advance(header.nlmsg_len, datagram.size()));
  }
  return messages;
}

absl::StatusOr<Attributes> Attributes::Parse(
    absl::Span<const char> bytes, absl::Span<const AttributePolicy> policy) {
  Attributes attributes;
  while (!bytes.empty()) {
    nlattr header = {};
    if (bytes.size() >= kAttributeHeaderBytes) {
      std::memcpy(&header, bytes.data(), sizeof(header));
    }
    if (header.nla_len < kAttributeHeaderBytes ||
        header.nla_len > bytes.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("netlink attribute of length ", header.nla_len, " in ",
                       bytes.size(), " bytes"));
    }
    const uint16_t type = header.nla_type & NLA_TYPE_MASK;
    const auto value = bytes.subspan(kAttributeHeaderBytes,
                                     header.nla_len - kAttributeHeaderBytes);
    bytes.remove_prefix(Advance(header.nla_len, bytes.size()));
    const AttributePolicy* entry = Find(policy, type);
    if (entry == nullptr || type > kMaxType) continue;
    if (!Fits(value, *entry)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "netlink attribute ", type, " malformed, ", value.size(), " bytes"));
    }
    attributes.values_[type] = value;
  }
  return attributes;
}

bool Attributes::Has(uint16_t type) const {
  return type <= kMaxType && values_[type].data() != nullptr;
}

absl::Span<const char> Attributes::Bytes(uint16_t type) const {
  return type <= kMaxType ? values_[type] : absl::Span<const char>();
}

std::optional<uint8_t> Attributes::U8(uint16_t type) const {
  return Scalar<uint8_t>(Bytes(type));
}

std::optional<uint32_t> Attributes::U32(uint16_t type) const {
  return Scalar<uint32_t>(Bytes(type));
}

std::optional<int32_t> Attributes::I32(uint16_t type) const {
  return Scalar<int32_t>(Bytes(type));
}

std::optional<base::Ipv4> Attributes::Ipv4(uint16_t type) const {
  const std::optional<uint32_t> value = U32(type);
  if (!value) return std::nullopt;
  return base::Ipv4::FromNetworkOrder(*value);
}

std::optional<base::Mac> Attributes::Mac(uint16_t type) const {
  const auto bytes = Scalar<std::array<uint8_t, 6>>(Bytes(type));
  if (!bytes) return std::nullopt;
  return base::Mac(*bytes);
}

absl::string_view Attributes::String(uint16_t type) const {
  const absl::Span<const char> bytes = Bytes(type);
  if (bytes.empty()) return "";
  // A NUL before the last one ends the string, as it does for the kernel.
  return absl::string_view(bytes.data(), strnlen(bytes.data(), bytes.size()));
}

absl::StatusOr<Attributes> AttributesAfter(
    const Message& message, size_t header_bytes,
    absl::Span<const AttributePolicy> policy) {
  const size_t aligned = NLMSG_ALIGN(header_bytes);
  if (message.payload.size() < header_bytes) {
    return message.TooShort(header_bytes);
  }
  return Attributes::Parse(
      message.payload.subspan(std::min(aligned, message.payload.size())),
      policy);
}

absl::StatusOr<Acknowledgement> ParseAcknowledgement(const Message& message) {
  if (message.type != NLMSG_ERROR) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " is no acknowledgement"));
  }
  auto error = message.FamilyHeader<nlmsgerr>();
  if (!error.ok()) return error.status();
  Acknowledgement acknowledgement{.error_number = -error->error, .text = ""};
  if ((message.flags & NLM_F_ACK_TLVS) == 0) return acknowledgement;
  // Unless it is capped, the request is quoted whole before the attributes.
  size_t quoted = sizeof(nlmsgerr);
  if ((message.flags & NLM_F_CAPPED) == 0) {
    if (error->msg.nlmsg_len < kHeaderBytes) return message.TooShort(quoted);
    quoted += size_t{error->msg.nlmsg_len} - kHeaderBytes;
  }
  auto attributes = AttributesAfter(message, quoted, kAcknowledgementPolicy);
  if (!attributes.ok()) return attributes.status();
  acknowledgement.text = attributes->String(NLMSGERR_ATTR_MSG);
  return acknowledgement;
}

}  // namespace netlink
