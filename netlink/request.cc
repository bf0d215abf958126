#include "netlink/request.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace netlink {
namespace {

size_t LengthAt(const std::string& buffer, size_t offset) {
  nlmsghdr header;
  std::memcpy(&header, buffer.data() + offset, sizeof(header));
  return header.nlmsg_len;
}

}  // namespace

Request::Request(uint16_t type, uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_);
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | flags;
}

nlmsghdr* Request::header() { return reinterpret_cast<nlmsghdr*>(buffer_); }
const nlmsghdr* Request::header() const {
  return reinterpret_cast<const nlmsghdr*>(buffer_);
}

Request& Request::PutRaw(const void* data, size_t size) {
  if (header()->nlmsg_len + MNL_ALIGN(size) > kMaxBytes) {
    overflowed_ = true;
    return *this;
  }
  std::memcpy(mnl_nlmsg_put_extra_header(header(), size), data, size);
  return *this;
}

Request& Request::Put(uint16_t attribute, const void* data, size_t size) {
  const size_t end = header()->nlmsg_len + MNL_ATTR_HDRLEN + MNL_ALIGN(size);
  if (end > kMaxBytes) {
    overflowed_ = true;
    return *this;
  }
  // libmnl before 1.0.5 leaves the padding as it finds it.
  std::memset(buffer_ + end - MNL_ALIGNTO, 0, MNL_ALIGNTO);
  mnl_attr_put(header(), attribute, size, data);
  return *this;
}

Request& Request::PutU8(uint16_t attribute, uint8_t value) {
  return Put(attribute, &value, sizeof(value));
}

Request& Request::PutU32(uint16_t attribute, uint32_t value) {
  return Put(attribute, &value, sizeof(value));
}

Request& Request::PutIpv4(uint16_t attribute, base::Ipv4 value) {
  return PutU32(attribute, value.network_order());
}

Request& Request::PutMac(uint16_t attribute, const base::Mac& value) {
  return Put(attribute, value.bytes().data(), value.bytes().size());
}

Request& Request::PutString(uint16_t attribute, absl::string_view value) {
  const std::string terminated(value);
  return Put(attribute, terminated.c_str(), terminated.size() + 1);
}

Request& Request::PutText(uint16_t attribute, absl::string_view value) {
  return Put(attribute, value.data(), value.size());
}

Request& Request::PutNest(uint16_t attribute,
                          absl::FunctionRef<void(Request&)> body) {
  nlattr* nest = mnl_attr_nest_start_check(header(), kMaxBytes, attribute);
  if (nest == nullptr) {
    overflowed_ = true;
    return *this;
  }
  body(*this);
  mnl_attr_nest_end(header(), nest);
  return *this;
}

uint16_t Request::type() const { return header()->nlmsg_type; }
uint16_t Request::flags() const { return header()->nlmsg_flags; }

absl::Span<const char> Request::bytes() const {
  return {buffer_, header()->nlmsg_len};
}

Batch& Batch::Add(const Request& request) {
  overflowed_ = overflowed_ || request.overflowed();
  offsets_.push_back(buffer_.size());
  buffer_.append(request.bytes().data(), request.bytes().size());
  char* flags = &buffer_[offsets_.back() + offsetof(nlmsghdr, nlmsg_flags)];
  const uint16_t acknowledged = request.flags() | NLM_F_ACK;
  std::memcpy(flags, &acknowledged, sizeof(acknowledged));
  return *this;
}

absl::Span<const char> Batch::bytes(size_t index) const {
  return {buffer_.data() + offsets_[index], LengthAt(buffer_, offsets_[index])};
}

uint16_t Batch::type(size_t index) const {
  uint16_t type;
  const size_t offset = offsets_[index] + offsetof(nlmsghdr, nlmsg_type);
  std::memcpy(&type, buffer_.data() + offset, sizeof(type));
  return type;
}

absl::Span<const char> Batch::Number(size_t first, size_t count,
                                     uint32_t sequence) {
  const size_t end = std::min(first + count, offsets_.size());
  for (size_t i = first; i < end; ++i, ++sequence) {
    std::memcpy(&buffer_[offsets_[i] + offsetof(nlmsghdr, nlmsg_seq)],
                &sequence, sizeof(sequence));
  }
  const size_t stop = end < offsets_.size() ? offsets_[end] : buffer_.size();
  return {buffer_.data() + offsets_[first], stop - offsets_[first]};
}

std::string TypeName(uint16_t type) {
  switch (type) {
    case RTM_NEWLINK:
      return "RTM_NEWLINK";
    case RTM_DELLINK:
      return "RTM_DELLINK";
    case RTM_GETLINK:
      return "RTM_GETLINK";
    case RTM_SETLINK:
      return "RTM_SETLINK";
    case RTM_NEWADDR:
      return "RTM_NEWADDR";
    case RTM_DELADDR:
      return "RTM_DELADDR";
    case RTM_GETADDR:
      return "RTM_GETADDR";
    case RTM_NEWROUTE:
      return "RTM_NEWROUTE";
    case RTM_DELROUTE:
      return "RTM_DELROUTE";
    case RTM_GETROUTE:
      return "RTM_GETROUTE";
    case RTM_NEWNEIGH:
      return "RTM_NEWNEIGH";
    case RTM_DELNEIGH:
      return "RTM_DELNEIGH";
    case RTM_GETNEIGH:
      return "RTM_GETNEIGH";
    case RTM_NEWRULE:
      return "RTM_NEWRULE";
    case RTM_DELRULE:
      return "RTM_DELRULE";
    case RTM_GETRULE:
      return "RTM_GETRULE";
    default:
      return absl::StrCat("message type ", type);
  }
}

}  // namespace netlink
