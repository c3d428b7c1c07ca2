#include <utility>

#include "stream/io/byte_sink.hpp"

namespace stream {
namespace {

class StringSink final : public ByteSink {
 public:
  StringSink(std::string& out, std::string name) : out_(out), name_(std::move(name)) {}

  Status write(std::string_view bytes) override {
    out_.append(bytes);
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  const std::string& name() const override { return name_; }

 private:
  std::string& out_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ByteSink> string_sink(std::string& out, std::string name) {
  return std::make_unique<StringSink>(out, std::move(name));
}

}  // namespace stream
