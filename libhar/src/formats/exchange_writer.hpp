#pragma once

#include <string>

#include "formats/losses.hpp"
#include "har/format.hpp"

namespace har::format {

/// A writer for formats that are made of exchanges: it gets every item as one, and what the format does not hold is reported.
/// Rendered items are written one behind the other; head() and tail() stand around them.
class ExchangeWriter : public ItemWriter {
 public:
  ExchangeWriter(stream::ByteSink& sink, WriteOptions options) : sink_(sink), options_(std::move(options)) {}

  stream::Status begin(const Item& first, const LogInfo& info) override;
  stream::Status render(const Item& item, const RenderContext& context, std::string& out) const final;
  stream::Status write(std::string_view rendered) override;
  stream::Status end_input(const LogInfo& info) override;
  stream::Status finish() override;

 protected:
  /// Appends what the exchange becomes. On several threads at once. Its start is that of its own request's recording; times in it
  /// count from there. Errors as of ItemWriter::render().
  virtual stream::Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                                         std::string& out) const = 0;
  /// What the format holds of an entry, and its name for messages. Empty: everything.
  virtual HeldMembers held() const = 0;
  virtual std::string_view format_name() const = 0;
  /// What stands before the first item and behind the last; also where there are no items.
  virtual std::string head() const { return {}; }
  virtual std::string tail() const { return {}; }

  stream::ByteSink& sink() { return sink_; }
  const WriteOptions& options() const { return options_; }

 private:
  stream::Status write_head();
  stream::ByteSink& sink_;
  WriteOptions options_;
  bool begun_ = false;
};

}  // namespace har::format
