#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "stream/text/timestamp.hpp"

/// Values of expressions, and what is known of them before there is an entry.
namespace har::query {

enum class Kind : std::uint8_t { null, boolean, number, string, time, json };

/// A value; its text is owned by the entry, the query or the scratch.
struct Value {
  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string_view text{};  ///< string: its octets; json: an object or array as it is written
  stream::WallTime time{};

  static Value of(bool value) {
    Value out;
    out.kind = Kind::boolean;
    out.boolean = value;
    return out;
  }
  static Value of(double value) {
    Value out;
    out.kind = Kind::number;
    out.number = value;
    return out;
  }
  static Value of(std::string_view value) {
    Value out;
    out.kind = Kind::string;
    out.text = value;
    return out;
  }
  static Value of(stream::WallTime value) {
    Value out;
    out.kind = Kind::time;
    out.time = value;
    return out;
  }
};

/// What a part of an expression can be, if it is not null. `any`: what JSON has, known only when it is seen. `condition`s are
/// booleans that are never null.
enum class Type : std::uint8_t { any, null, boolean, number, string, time, json, messages };

/// What a number counts. Literals without a unit go with all.
enum class Unit : std::uint8_t { none, milliseconds, bytes };

/// A function that is called before the one that it was given to returns.
template <class Signature>
class FunctionRef;
template <class Out, class... In>
class FunctionRef<Out(In...)> {
 public:
  template <class Function, class = std::enable_if_t<!std::is_same_v<std::remove_cvref_t<Function>, FunctionRef>>>
  FunctionRef(Function&& function)  // NOLINT: meant to be implicit
      : object_(const_cast<void*>(static_cast<const void*>(&function))),
        call_([](void* object, In... in) -> Out { return (*static_cast<std::remove_reference_t<Function>*>(object))(in...); }) {}
  Out operator()(In... in) const { return call_(object_, in...); }

 private:
  void* object_;
  Out (*call_)(void*, In...);
};

/// Sees one value of several; true: no more are wanted.
using Visit = FunctionRef<bool(const Value&)>;

}  // namespace har::query
