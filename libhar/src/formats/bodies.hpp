#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/format.hpp"
#include "stream/text/json.hpp"

/// Where the bodies of entries are: in the entry, in files that it names (`_file`, as Playwright writes it), or nowhere.
namespace har::format {

/// A file that an entry names.
struct Blob {
  std::string name{};
  std::string bytes{};
};

/// Gives the bytes of what a `_file` names.
using BlobReader = std::function<stream::Result<std::string>(const std::string& name)>;

/// Puts what `_file` members of content and postData name in their place: as text if it is UTF-8 and no `encoding` says
/// otherwise, else as base64; lines of WebSocket messages become `_webSocketMessages`. What cannot be read stays a `_file`, and
/// is reported ("side-file"). Returns whether anything was changed. Errors: those of `read` with the code `limit`.
stream::Result<bool> embed_bodies(stream::Json& entry, const BlobReader& read, const stream::Place& place,
                                  const stream::FindingSink& report);

/// Takes bodies and WebSocket messages out of the entry: each is a file then, which a `_file` names in its place. Names are made
/// as Playwright makes them, SHA-1 and a suffix by the media type. What is in no file can be put back to the letter: `encoding`
/// stays for that, and what is no canonical base64 stays where it is. Returns whether anything was changed.
bool attach_bodies(stream::Json& entry, std::vector<Blob>& blobs);

/// Takes bodies, messages and events out of the entry, and reports what is lost so. Returns whether there was anything.
bool omit_bodies(stream::Json& entry, const stream::Place& place, const stream::FindingSink& report);

/// The entry of an item with its bodies as `bodies` says; none: the item's text is that. `attach` appends to `blobs`. Files of
/// the input are read from `context.files`.
stream::Result<std::optional<stream::Json>> entry_with_bodies(const Item& item, WriteOptions::Bodies bodies,
                                                              const RenderContext& context, const stream::Limits& limits,
                                                              std::vector<Blob>& blobs);

/// What a writer says to `attach` whose format is a single file without room for others.
stream::Error no_place_for_files(std::string_view format);

}  // namespace har::format
