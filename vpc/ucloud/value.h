#ifndef CNIVPC_VPC_UCLOUD_VALUE_H_
#define CNIVPC_VPC_UCLOUD_VALUE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace vpc::ucloud {

// The value of a parameter of a call. How it reads as text, in a form as well
// as in a signature: a string as it is; a number in decimal without exponent,
// 42.0 as "42"; "true" and "false".
class Value {
 public:
  using Array = std::vector<Value>;
  using Map = std::map<std::string, Value>;

  explicit Value(std::string text) : value_(std::move(text)) {}
  explicit Value(absl::string_view text) : value_(std::string(text)) {}
  explicit Value(const char* text) : value_(std::string(text)) {}
  explicit Value(int number) : value_(int64_t{number}) {}
  explicit Value(int64_t number) : value_(number) {}
  explicit Value(double number);  // must be finite
  explicit Value(bool truth) : value_(truth) {}
  explicit Value(Array array) : value_(std::move(array)) {}
  explicit Value(Map map) : value_(std::move(map)) {}

  // Null unless it is one.
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Map* map() const { return std::get_if<Map>(&value_); }
  bool IsString() const { return std::holds_alternative<std::string>(value_); }

  // As text. Of a map the sorted names, each with its value's text; of an array
  // the elements' texts; without separators. So a JSON body is signed.
  std::string Text() const;

 private:
  std::variant<std::string, int64_t, double, bool, Array, Map> value_;
};

// The parameters of a call by name, in the order in which they are signed.
using Params = Value::Map;

// A body, and so what is signed, is either of these.
enum class Encoding {
  kForm,  // application/x-www-form-urlencoded
  kJson,  // application/json
};

// What a form says, by name: {"Ip": ["a", "b"], "Group": [{"Id": 1}]} becomes
// Ip.0=a, Ip.1=b, Group.0.Id=1. An empty array or map vanishes.
std::map<std::string, std::string> FormFields(const Params& params);

// The body, and its Content-Type.
std::string BodyOf(const Params& params, Encoding encoding);
absl::string_view ContentTypeOf(Encoding encoding);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_VALUE_H_
