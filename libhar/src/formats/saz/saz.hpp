#pragma once

#include <memory>

#include "har/format.hpp"

/// Fiddler's archives of sessions: raw/N_c.txt is a request as it was on the wire, N_s.txt the response, N_m.xml the times,
/// N_w.txt WebSocket frames.
namespace har::format::saz {

std::unique_ptr<ItemReader> open_reader(stream::ByteSource& source, const ReadOptions& options);
std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options);

/// The member of an entry that keeps what HAR has no place for.
inline constexpr std::string_view kMember = "_fiddler";
inline constexpr std::string_view kFailed = "x-failsession-when";
inline constexpr std::string_view kAborted = "x-aborted-when";
inline constexpr std::string_view kServer = "x-hostip";
inline constexpr std::string_view kOwnPort = "x-egressport";
inline constexpr std::string_view kClientPort = "x-clientport";
inline constexpr std::string_view kComment = "ui-comments";

}  // namespace har::format::saz
