#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "capture/batch.hpp"
#include "capture/captured.hpp"
#include "capture/secrets.hpp"
#include "stream/io/decompressor.hpp"

namespace har::capture {

/// Takes secrets out of what it gives on. What an exchange's secrets are is learned from its heads, and from the forms that it
/// sends, which are held back until they have come whole. A body that is coded is decoded where secrets are known.
class Redactor final : public Consumer {
 public:
  /// `next` outlives it.
  Redactor(const Redaction& redaction, Consumer& next);
  void take(const Captured& captured) override;
  /// What is held back goes on as it is known: nothing more comes.
  void finish();

 private:
  /// A body on its way.
  struct Body {
    SecretFilter filter{};
    std::unique_ptr<stream::Decompressor> decoder{};
    std::string coding{};
    bool withheld = false;  ///< it cannot be looked into
    stream::Nanos last{};
  };
  struct State {
    Secrets secrets{};
    std::array<Body, 2> bodies{};
    std::unique_ptr<Batch> form{};  ///< the request of a form that is coming
    std::string form_body{};
    stream::Nanos form_time{};
    std::uint64_t expected = UINT64_MAX;
    bool form_given = false;  ///< the form has gone on: nothing more is expected of it
    bool form_cut = false;
  };

  bool is_secret(std::string_view name) const;
  std::string pairs(std::string_view list, char separator, Secrets& secrets) const;
  std::string url(std::string_view text, Secrets& secrets) const;
  void learn(std::string_view name, std::string_view value, Secrets& secrets) const;
  std::string_view field(const stream::TapField& field, State& state, std::string& scratch) const;
  /// Redacts in place; the texts live in `texts_`.
  void fields(std::vector<stream::TapField>& fields, State& state);
  std::string_view keep(std::string text);
  std::string_view clean(std::string_view text, const State& state);

  void request(const Captured& captured, State& state);
  void give_request(const Captured& captured, State& state);
  void give_form(Id id, State& state);
  void response(Captured captured, State& state);
  void data(const Captured& captured, State& state);
  void give_data(Id id, stream::Nanos t, stream::Direction direction, std::string_view bytes);
  void flush(const Captured& end, State& state);
  void set_coding(Body& body, std::vector<stream::TapField>& fields, const State& state);

  Consumer& next_;
  std::unordered_set<std::string> names_;
  std::unordered_map<Id, State> states_;
  std::vector<std::unique_ptr<std::string>> texts_;  ///< of one call
};

}  // namespace har::capture
