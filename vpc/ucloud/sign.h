#ifndef CNIVPC_VPC_UCLOUD_SIGN_H_
#define CNIVPC_VPC_UCLOUD_SIGN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "vpc/ucloud/value.h"

namespace vpc::ucloud {

// What a signature is made of, but for the private key: each parameter's name
// and text, by name in byte order, without separators and unescaped. A form's
// fields are its parameters (Ip.0, Ip.1); in JSON a parameter is one with all
// that is in it. `Signature` is left out.
std::string SigningText(const Params& params, Encoding encoding);

// The value of the parameter `Signature`: SHA-1 over SigningText and the
// private key, in lower-case hexadecimal.
std::string Sign(const Params& params, Encoding encoding,
                 absl::string_view private_key);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_SIGN_H_
