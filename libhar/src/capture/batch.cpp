#include "capture/batch.hpp"

#include <cstring>
#include <vector>

namespace har::capture {
namespace {

using stream::Nanos;
using stream::TapField;

struct Head {
  std::uint64_t id = 0;
  std::int64_t t = 0;
  std::uint64_t size = 0;   ///< a message's
  std::uint32_t bytes = 0;  ///< data, message: of the payload
  Captured::Kind kind = Captured::Kind::data;
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;
  std::uint8_t unused = 0;
};
static_assert(sizeof(Head) == 32);
constexpr std::uint8_t kSend = 1;
constexpr std::uint8_t kMocked = 2;
constexpr std::uint8_t kTruncated = 4;

/// Plain values and texts, one behind the other, where there are too many for a head.
class Packer {
 public:
  explicit Packer(Text& out) : out_(out) {}
  template <class T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(out_.room(sizeof(T)), &value, sizeof(T));
    out_.added(sizeof(T));
  }
  void text(std::string_view text) {
    value(static_cast<std::uint32_t>(text.size()));
    out_ << text;
  }
  void fields(std::span<const TapField> fields) {
    value(static_cast<std::uint32_t>(fields.size()));
    for (const TapField& field : fields) {
      text(field.name);
      text(field.value);
    }
  }
  void connection(const stream::TapConnection& connection) {
    value(connection.client);
    text(connection.client_address);
    value(connection.origin);
    text(connection.origin_address);
    value(connection.origin_port);
    value(connection.origin_reused);
  }

 private:
  Text& out_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }
  template <class T>
  void value(T& value) {
    std::memcpy(static_cast<void*>(&value), bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
  }
  std::string_view raw(std::size_t size) {
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }
  void text(std::string_view& text) {
    std::uint32_t size = 0;
    value(size);
    text = raw(size);
  }
  void fields(std::vector<TapField>& fields) {
    std::uint32_t count = 0;
    value(count);
    fields.resize(count);
    for (TapField& field : fields) {
      text(field.name);
      text(field.value);
    }
  }
  void connection(stream::TapConnection& connection) {
    value(connection.client);
    text(connection.client_address);
    value(connection.origin);
    text(connection.origin_address);
    value(connection.origin_port);
    value(connection.origin_reused);
  }

 private:
  std::string_view bytes_;
};

void put_head(Text& out, const Head& head, std::string_view payload) {
  char* const to = out.room(sizeof(Head) + payload.size());
  std::memcpy(to, &head, sizeof(Head));
  if (!payload.empty()) std::memcpy(to + sizeof(Head), payload.data(), payload.size());
  out.added(sizeof(Head) + payload.size());
}

}  // namespace

void Batch::put_message(Id id, Nanos t, const stream::TapMessage& message) {
  Head head{id,
            t.count(),
            message.size,
            static_cast<std::uint32_t>(message.data.size()),
            Captured::Kind::message,
            static_cast<std::uint8_t>(message.opcode)};
  if (message.direction == stream::Direction::send) head.flags |= kSend;
  if (message.mocked) head.flags |= kMocked;
  if (message.truncated) head.flags |= kTruncated;
  put_head(bytes_, head, message.data);
}

void Batch::put_data(Id id, Nanos t, stream::Direction direction, std::string_view bytes) {
  Head head{id, t.count(), 0, static_cast<std::uint32_t>(bytes.size()), Captured::Kind::data};
  if (direction == stream::Direction::send) head.flags |= kSend;
  put_head(bytes_, head, bytes);
}

void Batch::put(const Captured& captured) {
  Head head{captured.id, captured.t.count(), 0, 0, captured.kind};
  if (captured.direction == stream::Direction::send) head.flags |= kSend;
  Packer to(bytes_);
  switch (captured.kind) {
    case Captured::Kind::data:
      return put_data(captured.id, captured.t, captured.direction, captured.bytes);
    case Captured::Kind::message:
      return put_message(captured.id, captured.t, captured.message);
    case Captured::Kind::request: {
      put_head(bytes_, head, {});
      const stream::TapRequest& request = captured.request;
      to.text(request.method);
      to.text(request.url);
      to.text(request.version);
      to.value(static_cast<std::uint64_t>(request.head_size));
      to.value(request.websocket);
      to.connection(request.connection);
      to.fields(request.fields);
      return;
    }
    case Captured::Kind::response: {
      put_head(bytes_, head, {});
      const stream::TapResponse& response = captured.response;
      to.value(response.status);
      to.text(response.reason);
      to.text(response.version);
      to.value(static_cast<std::uint64_t>(response.head_size));
      to.value(response.timings);
      to.connection(response.connection);
      to.value(response.mocked);
      to.fields(response.fields);
      return;
    }
    case Captured::Kind::trailers:
    case Captured::Kind::interim:
      put_head(bytes_, head, {});
      to.value(captured.status);
      to.fields(captured.fields);
      return;
    case Captured::Kind::close:
      put_head(bytes_, head, {});
      to.value(captured.close.direction);
      to.value(captured.close.code);
      to.text(captured.close.reason);
      to.value(captured.close.mocked);
      return;
    case Captured::Kind::end:
      put_head(bytes_, head, {});
      to.text(captured.end.reason);
      to.text(captured.end.error);
      to.text(captured.end.fault);
      to.value(captured.end.request_body_wire);
      to.value(captured.end.response_body_wire);
      to.value(captured.sent);
      to.value(captured.received);
      to.value(captured.dropped);
      to.fields(captured.end.trailers);
      return;
  }
}

void Batch::replay(Consumer& consumer) const {
  Unpacker from(bytes_.view());
  std::vector<TapField> fields;
  Captured captured;  // one for all: what is not of its kind means nothing
  while (!from.done()) {
    Head head;
    from.value(head);
    captured.kind = head.kind;
    captured.id = head.id;
    captured.t = Nanos(head.t);
    captured.direction = (head.flags & kSend) != 0 ? stream::Direction::send : stream::Direction::receive;
    switch (head.kind) {
      case Captured::Kind::data:
        captured.bytes = from.raw(head.bytes);
        break;
      case Captured::Kind::message:
        captured.message = {
            captured.direction, head.opcode, from.raw(head.bytes), (head.flags & kMocked) != 0, (head.flags & kTruncated) != 0,
            head.size};
        break;
      case Captured::Kind::request: {
        stream::TapRequest& request = captured.request;
        std::uint64_t head_size = 0;
        from.text(request.method);
        from.text(request.url);
        from.text(request.version);
        from.value(head_size);
        request.head_size = head_size;
        from.value(request.websocket);
        from.connection(request.connection);
        from.fields(fields);
        request.fields = fields;
        break;
      }
      case Captured::Kind::response: {
        stream::TapResponse& response = captured.response;
        std::uint64_t head_size = 0;
        from.value(response.status);
        from.text(response.reason);
        from.text(response.version);
        from.value(head_size);
        response.head_size = head_size;
        from.value(response.timings);
        from.connection(response.connection);
        from.value(response.mocked);
        from.fields(fields);
        response.fields = fields;
        break;
      }
      case Captured::Kind::trailers:
      case Captured::Kind::interim:
        from.value(captured.status);
        from.fields(fields);
        captured.fields = fields;
        break;
      case Captured::Kind::close:
        from.value(captured.close.direction);
        from.value(captured.close.code);
        from.text(captured.close.reason);
        from.value(captured.close.mocked);
        break;
      case Captured::Kind::end:
        from.text(captured.end.reason);
        from.text(captured.end.error);
        from.text(captured.end.fault);
        from.value(captured.end.request_body_wire);
        from.value(captured.end.response_body_wire);
        from.value(captured.sent);
        from.value(captured.received);
        from.value(captured.dropped);
        from.fields(fields);
        captured.end.trailers = fields;
        break;
    }
    consumer.take(captured);
  }
}

}  // namespace har::capture
