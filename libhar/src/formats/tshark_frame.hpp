#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

namespace har::format {

/// A layer of a packet that `tshark -T ek` has written, or the packet's fields themselves if they were chosen with -e. Fields are
/// named by protocol and name ("http", "request_method"), whichever way this version of tshark spells them.
class TsharkLayer {
 public:
  TsharkLayer(std::string_view protocol, const stream::Json& members) : protocol_(protocol), members_(&members) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// All values of a field: it has several where the packet has it several times.
  std::vector<std::string> texts(std::string_view name) const;
  /// The first; empty without one.
  std::string text(std::string_view name) const;
  std::optional<std::int64_t> number(std::string_view name) const;  ///< "0x" is understood
  bool flag(std::string_view name) const;
  /// Octets: of -x ("_raw"), or of a field that tshark writes in hexadecimal ("0a:0b"). None if there are none.
  std::vector<std::string> octets(std::string_view name) const;
  std::optional<std::string> first_octets(std::string_view name) const;
  /// Only those of -x.
  std::optional<std::string> raw(std::string_view name) const;

 private:
  const stream::Json* find(std::string_view name, std::string_view suffix = "") const;

  std::string_view protocol_;
  const stream::Json* members_;
};

/// One packet.
class TsharkFrame {
 public:
  explicit TsharkFrame(const stream::Json& record) : record_(record), layers_(record["layers"]) {}

  bool valid() const { return layers_.is_object(); }
  /// The layers of a protocol; one of the packet's own fields if these were chosen with -e and there are some of it.
  std::vector<TsharkLayer> layers(std::string_view protocol) const;
  /// The first of them, or one without fields.
  TsharkLayer layer(std::string_view protocol) const;
  /// The octets of a whole layer, with -x.
  std::optional<std::string> layer_octets(std::string_view protocol, std::size_t index) const;
  std::optional<stream::WallTime> time() const;
  bool has(std::string_view protocol) const { return layers_.find(protocol) != nullptr; }

 private:
  const stream::Json& record_;
  const stream::Json& layers_;
};

/// "0a:0b", "0a0b" or "" as octets; none if it is something else.
std::optional<std::string> hex_decoded(std::string_view text);

}  // namespace har::format
