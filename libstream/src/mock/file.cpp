#include "stream/mock/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "reader.hpp"
#include "stream/io/byte_source.hpp"

namespace stream::mock {
namespace {

constexpr std::array<std::string_view, 1> kRoot{"mocks"};

bool has_any(const Json& object, std::initializer_list<std::string_view> names) {
  return object.is_object() && std::any_of(object.as_object().begin(), object.as_object().end(), [&](const JsonMember& member) {
           return std::any_of(names.begin(), names.end(),
                              [&](std::string_view name) { return replay::iequals(name, member.name); });
         });
}

std::optional<FileKind> kind_of(const Json& mock) {
  if (has_any(mock, {"request", "response"})) return FileKind::http;
  if (has_any(mock, {"url", "onConnect", "rules", "closeOnUnmatched"})) return FileKind::websocket;
  return std::nullopt;
}

FileKind kind_of(const Json& root, const std::vector<Node>& mocks) {
  for (const Node& mock : mocks) {
    if (const auto kind = kind_of(*mock.json)) return *kind;
  }
  const std::string_view schema = root["$schema"].string_or("");
  const bool websocket = schema.find("websocket") != std::string_view::npos || schema.find("ws-mocks") != std::string_view::npos;
  return websocket ? FileKind::websocket : FileKind::http;
}

}  // namespace

std::string_view to_string(FileKind kind) { return kind == FileKind::http ? "HTTP mocks" : "WebSocket mocks"; }

Result<MockFile> read_mocks(std::string_view text, const FileOptions& options) {
  Document document(std::string(text), options.source);
  STREAM_TRY(document.parse(options.limits));
  const Reader reader(document, options);
  const Node root = document.root();
  STREAM_ASSIGN(const Members members, reader.members(root, "a mocks file", kRoot));
  const Node* const mocks = members.find("mocks");
  if (mocks == nullptr) return reader.refuse(root, ErrorCode::syntax, "a mocks file without mocks", R"(write {"mocks": [ … ]})");
  STREAM_ASSIGN(const auto elements, reader.elements(*mocks, "mocks"));
  MockFile out;
  out.kind = kind_of(*root.json, elements);
  for (const Node& element : elements) {
    if (kind_of(*element.json).value_or(out.kind) != out.kind) {
      return reader.refuse(element, ErrorCode::usage,
                           fmt::format("these are {}, but the mocks before it are none", to_string(*kind_of(*element.json))),
                           "HTTP mocks and WebSocket mocks stand in files of their own");
    }
    if (out.kind == FileKind::http) {
      STREAM_ASSIGN(auto mock, read_http_mock(reader, element));
      out.http.push_back(std::move(mock));
    } else {
      STREAM_ASSIGN(auto mock, read_websocket_mock(reader, element));
      out.websocket.push_back(std::move(mock));
    }
  }
  return out;
}

std::string mocks_folder(const std::string& path) {
  if (path == "-") return {};
  const std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

Result<MockFile> open_mocks(const std::string& path, FileOptions options) {
  InputOptions input;
  input.limits = options.limits;
  STREAM_ASSIGN(const auto source, open_input(path, input));
  STREAM_ASSIGN(const std::string text, read_all(*source, options.limits.max_entry));
  options.source = source->name();
  options.folder = mocks_folder(path);
  return read_mocks(text, options);
}

}  // namespace stream::mock
