#pragma once

#include <memory>
#include <string>

#include "capture/captured.hpp"
#include "capture/spool.hpp"
#include "formats/keploy/write_document.hpp"
#include "stream/io/decompressor.hpp"

namespace har::capture {

/// An exchange on its way to a document of Keploy: heads, and bodies without content coding, with the times of their bytes.
class KeployExchange {
 public:
  /// What is kept of a body. A document is put together in memory.
  static constexpr std::uint64_t kMostBody = std::uint64_t{16} << 20;

  /// `file` outlives it.
  KeployExchange(SpoolFile& file, stream::WallTime start, const Captured& request);
  KeployExchange(const KeployExchange&) = delete;
  KeployExchange& operator=(const KeployExchange&) = delete;
  ~KeployExchange();

  /// All but the request and the end.
  void take(const Captured& captured);
  /// Without an end it was cut off. Errors: `io`.
  stream::Result<format::keploy::Document> finish(const Captured* end);

  bool responded() const { return responded_; }
  bool websocket() const { return websocket_; }
  /// A body has more than is kept of it.
  bool cut() const { return sent_.cut || received_.cut; }
  /// There was no room for a piece of a body.
  const std::string& trouble() const { return trouble_; }

 private:
  struct Body {
    Spool bytes{};  ///< decoded, where that goes
    Spool raw{};    ///< as they came, where they are coded
    Spool marks{};  ///< of each piece its time, and how many bytes of both it has
    std::unique_ptr<stream::Decompressor> decoder{};
    bool undecodable = false;
    bool cut = false;
    std::uint64_t came = 0;
    bool plain() const { return decoder == nullptr || undecodable; }
  };
  void data(Body& body, const Captured& captured);
  void keep(Spool& spool, Body& body, std::string_view bytes);
  stream::Result<std::vector<format::keploy::TimedBytes>> pieces(const Body& body) const;
  std::optional<std::uint64_t> whole(const Body& body, const Captured::Body* told) const;

  SpoolFile& file_;
  stream::WallTime start_;
  format::keploy::Document document_;
  Body sent_;
  Body received_;
  bool websocket_ = false;
  bool responded_ = false;
  stream::Nanos last_{};
  std::string trouble_;
};

}  // namespace har::capture
