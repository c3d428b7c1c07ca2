#include "capture/redactor.hpp"

#include <algorithm>
#include <charconv>

#include "capture/coding.hpp"
#include "capture/fields.hpp"
#include "stream/text/base64.hpp"

namespace har::capture {
namespace {

using stream::Direction;
using stream::Nanos;
using stream::TapField;
using stream::ascii::lower_case;

/// A form that is longer is cut: what its parameters are must be known before any of it is written.
constexpr std::size_t kLongestForm = std::size_t{1} << 20;

/// Headers whose values say nothing that is secret elsewhere.
bool only_in_place(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames{"www-authenticate", "proxy-authenticate", "from", "x-forwarded-for",
                                                   "x-real-ip"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view each) { return same_name(each, name); });
}

/// Headers that hold a URL.
bool holds_url(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"location", "referer", "content-location", "refresh"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view each) { return same_name(each, name); });
}

/// Gives the request of a form that was held back on.
class HeldRequest final : public Consumer {
 public:
  explicit HeldRequest(std::function<void(const Captured&)> call) : call_(std::move(call)) {}
  void take(const Captured& captured) override { call_(captured); }

 private:
  std::function<void(const Captured&)> call_;
};

}  // namespace

const std::vector<std::string_view>& default_secret_names() {
  static const std::vector<std::string_view> kNames{
      // headers
      "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "cookie", "set-cookie", "from",
      "x-api-key", "api-key", "x-goog-api-key", "x-auth-token", "x-access-token", "x-client-secret", "x-csrf-token",
      "x-xsrf-token", "x-session-token", "x-amz-security-token", "x-amz-signature", "x-amz-credential", "x-forwarded-for",
      "x-real-ip",
      // parameters
      "access_token", "refresh_token", "id_token", "token", "auth", "assertion", "authenticity_token", "client_secret",
      "client_assertion", "code", "code_verifier", "password", "passwd", "api_key", "apikey", "secret", "sig", "signature",
      "samlrequest", "samlresponse"};
  return kNames;
}

Redactor::Redactor(const Redaction& redaction, Consumer& next) : next_(next) {
  for (const std::string& name : redaction.names) names_.insert(lower_case(name));
  if (!redaction.defaults) return;
  for (const std::string_view name : default_secret_names()) names_.emplace(name);
}

bool Redactor::is_secret(std::string_view name) const {
  return names_.contains(lower_case(name)) ||
         (name.find('%') != std::string_view::npos && names_.contains(lower_case(percent_decoded(name))));
}

std::string_view Redactor::keep(std::string text) {
  texts_.push_back(std::make_unique<std::string>(std::move(text)));
  return *texts_.back();
}

std::string_view Redactor::clean(std::string_view text, const State& state) {
  std::string scratch;
  const std::string_view out = state.secrets.replaced(text, scratch);
  return out.data() == scratch.data() && !scratch.empty() ? keep(std::move(scratch)) : out;
}

/// "a=b&c=d" with the values of secret names replaced, and learned.
std::string Redactor::pairs(std::string_view list, char separator, Secrets& secrets) const {
  std::string out;
  for (;;) {
    const std::size_t end = std::min(list.find(separator), list.size());
    const std::string_view part = list.substr(0, end);
    const Pair pair = pair_of(part);
    if (!pair.value.empty() && is_secret(trimmed(pair.name))) {
      secrets.add(pair.value);
      out += pair.name;
      out += '=';
      out += kRedacted;
    } else {
      out += part;
    }
    if (end == list.size()) return out;
    out += separator;
    list.remove_prefix(end + 1);
  }
}

/// What the query of a URL, its fragment, and the password before its host say.
std::string Redactor::url(std::string_view text, Secrets& secrets) const {
  std::string out;
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    const std::size_t host = scheme + 3;
    const std::size_t end = std::min(text.find_first_of("/?#", host), text.size());
    const std::size_t at = text.substr(0, end).rfind('@');
    const std::size_t colon = text.find(':', host);
    if (at != std::string_view::npos && at > host && colon < at) {
      secrets.add(text.substr(colon + 1, at - colon - 1));
      out += text.substr(0, colon + 1);
      out += kRedacted;
      text.remove_prefix(at);
    }
  }
  const std::size_t mark = text.find_first_of("?#");
  if (mark == std::string_view::npos) return out += text;
  out += text.substr(0, mark + 1);
  std::string_view rest = text.substr(mark + 1);
  const std::size_t fragment = std::min(rest.find('#'), rest.size());
  out += pairs(rest.substr(0, fragment), '&', secrets);
  if (fragment < rest.size()) {
    out += '#';
    out += pairs(rest.substr(fragment + 1), '&', secrets);
  }
  return out;
}

void Redactor::learn(std::string_view name, std::string_view value, Secrets& secrets) const {
  if (only_in_place(name)) return;
  secrets.add(trimmed(value));
  if (!same_name(name, "authorization") && !same_name(name, "proxy-authorization")) return;
  const std::string_view credentials = trimmed(value.substr(std::min(value.find(' '), value.size())));
  secrets.add(credentials);
  if (!same_name(value.substr(0, 6), "basic ")) return;
  if (const auto decoded = stream::base64_decode(credentials)) {
    secrets.add(*decoded);
    secrets.add(std::string_view(*decoded).substr(std::min(decoded->find(':') + 1, decoded->size())));
  }
}

/// The field with what is secret by its name replaced. What else is secret in it is looked for when all is learned.
std::string_view Redactor::field(const TapField& field, State& state, std::string& scratch) const {
  if (same_name(field.name, "cookie")) {
    const bool all = is_secret("cookie");
    scratch.clear();
    each_part(field.value, ';', [&](std::string_view part) {
      const Pair pair = pair_of(part);
      if (!scratch.empty()) scratch += "; ";
      if (pair.value.empty() || (!all && !is_secret(pair.name))) {
        scratch += part;
        return;
      }
      state.secrets.add(trimmed(pair.value));
      scratch += pair.name;
      scratch += '=';
      scratch += kRedacted;
    });
    return scratch;
  }
  if (same_name(field.name, "set-cookie")) {
    const std::size_t end = std::min(field.value.find(';'), field.value.size());
    const Pair pair = pair_of(field.value.substr(0, end));
    if (pair.value.empty() || (!is_secret("set-cookie") && !is_secret(trimmed(pair.name)))) return field.value;
    state.secrets.add(trimmed(pair.value));
    scratch = pair.name;
    scratch += '=';
    scratch += kRedacted;
    scratch += field.value.substr(end);
    return scratch;
  }
  if (is_secret(field.name)) {
    learn(field.name, field.value, state.secrets);
    return kRedacted;
  }
  if (holds_url(field.name)) {
    scratch = url(field.value, state.secrets);
    return scratch;
  }
  return field.value;
}

void Redactor::fields(std::vector<TapField>& fields, State& state) {
  for (TapField& each : fields) {
    std::string scratch;
    const std::string_view value = field(each, state, scratch);
    each.value = value.data() == scratch.data() && !scratch.empty() ? keep(std::move(scratch)) : value;
  }
}

/// From here on the body is decoded, if there is something to be looked for in it.
void Redactor::set_coding(Body& body, std::vector<TapField>& fields, const State& state) {
  const Coding coding = coding_of(fields);
  if (!coding.coded || state.secrets.empty()) return;
  if (!coding.compression) {
    body.withheld = true;
    return;
  }
  body.coding = coding.name;
  body.decoder = std::make_unique<stream::Decompressor>(*coding.compression);
  std::erase_if(fields, [](const TapField& each) { return same_name(each.name, "content-encoding"); });
}

void Redactor::request(const Captured& captured, State& state) {
  const auto& head = captured.request;
  if (!is_form(field_value(head.fields, "content-type"))) return give_request(captured, state);
  state.form = std::make_unique<Batch>();
  state.form->put(captured);
  const std::string_view length = trimmed(field_value(head.fields, "content-length"));
  std::from_chars(length.data(), length.data() + length.size(), state.expected);
  state.form_time = captured.t;
  const Coding coding = coding_of(head.fields);
  if (coding.compression) {
    state.bodies[0].decoder = std::make_unique<stream::Decompressor>(*coding.compression);
  } else if (coding.coded) {
    state.bodies[0].withheld = true;
  }
}

void Redactor::give_request(const Captured& captured, State& state) {
  Captured out = captured;
  std::vector<TapField> heads(captured.request.fields.begin(), captured.request.fields.end());
  fields(heads, state);
  std::string address = url(captured.request.url, state.secrets);
  Body& body = state.bodies[0];
  if (body.decoder) {  // of a form
    body.coding = coding_of(heads).name;
    std::erase_if(heads, [](const TapField& each) { return same_name(each.name, "content-encoding"); });
  } else {
    set_coding(body, heads, state);
  }
  for (TapField& each : heads) each.value = clean(each.value, state);
  out.request.fields = heads;
  out.request.url = clean(address, state);
  out.decoded_request = body.coding;
  next_.take(out);
}

/// The form has come, or nothing more comes of it.
void Redactor::give_form(Id id, State& state) {
  const std::unique_ptr<Batch> held = std::move(state.form);
  const std::string body = pairs(state.form_body, '&', state.secrets);
  HeldRequest again([&](const Captured& captured) { give_request(captured, state); });
  held->replay(again);
  texts_.clear();
  if (!body.empty()) {
    std::string scratch;
    give_data(id, state.form_time, Direction::send, state.secrets.replaced(body, scratch));
  }
  state.form_body.clear();
  state.form_given = true;
}

void Redactor::response(Captured captured, State& state) {
  std::vector<TapField> heads(captured.response.fields.begin(), captured.response.fields.end());
  fields(heads, state);
  set_coding(state.bodies[1], heads, state);
  for (TapField& each : heads) each.value = clean(each.value, state);
  captured.response.fields = heads;
  captured.response.reason = clean(captured.response.reason, state);
  captured.decoded_response = state.bodies[1].coding;
  next_.take(captured);
}

void Redactor::give_data(Id id, Nanos t, Direction direction, std::string_view bytes) {
  if (bytes.empty()) return;
  Captured out;
  out.kind = Captured::Kind::data;
  out.id = id;
  out.t = t;
  out.direction = direction;
  out.bytes = bytes;
  next_.take(out);
}

void Redactor::data(const Captured& captured, State& state) {
  Body& body = state.bodies[captured.direction == Direction::send ? 0 : 1];
  body.last = captured.t;
  if (state.form_given && captured.direction == Direction::send) state.form_cut = true;  // it cannot be taken apart any more
  if (body.withheld || (state.form_given && captured.direction == Direction::send)) return;
  std::string decoded;
  std::string_view bytes = captured.bytes;
  if (body.decoder) {
    if (!body.decoder->feed(bytes, decoded)) body.withheld = true;
    bytes = decoded;
  }
  if (state.form && captured.direction == Direction::send) {
    state.form_time = captured.t;
    state.form_cut = state.form_cut || state.form_body.size() + bytes.size() > kLongestForm;
    if (!state.form_cut) state.form_body += bytes;
    state.expected -= std::min<std::uint64_t>(state.expected, captured.bytes.size());
    if (state.expected == 0) give_form(captured.id, state);
    return;
  }
  give_data(captured.id, captured.t, captured.direction, body.filter.feed(state.secrets, bytes));
}

/// What is left of the bodies when the exchange ends.
void Redactor::flush(const Captured& end, State& state) {
  for (const Direction direction : {Direction::send, Direction::receive}) {
    const Captured::Body& size = direction == Direction::send ? end.sent : end.received;
    Body& body = state.bodies[direction == Direction::send ? 0 : 1];
    const bool cut = size.cut() || end.end.reason != "eof" || body.withheld;
    give_data(end.id, end.t, direction, body.filter.finish(cut));
  }
}

void Redactor::take(const Captured& captured) {
  texts_.clear();
  if (captured.kind == Captured::Kind::request) {
    State& state = states_[captured.id];
    state = State();
    return request(captured, state);
  }
  const auto found = states_.find(captured.id);
  if (found == states_.end()) return;
  State& state = found->second;
  const bool of_form = captured.kind == Captured::Kind::data && captured.direction == Direction::send;
  if (state.form && !of_form) give_form(captured.id, state);
  Captured out = captured;
  std::vector<TapField> heads;
  std::string scratch;
  switch (captured.kind) {
    case Captured::Kind::request:
      return;
    case Captured::Kind::data:
      return data(captured, state);
    case Captured::Kind::response:
      return response(captured, state);
    case Captured::Kind::message:
      out.message.data = state.secrets.replaced(captured.message.data, scratch);
      if (captured.message.truncated) {
        const std::size_t begun = state.secrets.begun(out.message.data);
        if (begun >= Secrets::kShortest) {
          std::string cut(out.message.data.substr(0, out.message.data.size() - begun));
          cut += kRedacted;
          scratch = std::move(cut);
          out.message.data = scratch;
        }
      }
      return next_.take(out);
    case Captured::Kind::close:
      out.close.reason = state.secrets.replaced(captured.close.reason, scratch);
      return next_.take(out);
    case Captured::Kind::trailers:
    case Captured::Kind::interim:
      heads.assign(captured.fields.begin(), captured.fields.end());
      fields(heads, state);
      for (TapField& each : heads) each.value = clean(each.value, state);
      out.fields = heads;
      return next_.take(out);
    case Captured::Kind::end:
      flush(captured, state);
      heads.assign(captured.end.trailers.begin(), captured.end.trailers.end());
      fields(heads, state);
      for (TapField& each : heads) each.value = clean(each.value, state);
      out.end.trailers = heads;
      out.end.error = state.secrets.replaced(captured.end.error, scratch);
      // A body that could not be looked into is as one that was cut.
      if (state.bodies[0].withheld) out.sent.kept = 0;
      if (state.bodies[1].withheld) out.received.kept = 0;
      if (state.form_cut && out.sent.size != 0) out.sent.kept = std::min(out.sent.kept, out.sent.size - 1);
      next_.take(out);
      states_.erase(found);
      return;
  }
}

void Redactor::finish() {
  for (auto& [id, state] : states_) {
    texts_.clear();
    if (state.form) give_form(id, state);
    for (const Direction direction : {Direction::send, Direction::receive}) {
      Body& body = state.bodies[direction == Direction::send ? 0 : 1];
      give_data(id, body.last, direction, body.filter.finish(true));
    }
  }
  states_.clear();
}

}  // namespace har::capture
