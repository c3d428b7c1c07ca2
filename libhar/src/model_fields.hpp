#pragma once

#include <concepts>
#include <type_traits>

#include "har/model.hpp"

/// The members of each object of the model, in the order of the specification: fields(object, visit) calls
/// visit("name in the file", object.member) for each. This is the only place that knows their names.
namespace har {

#define HAR_FIELDS(Type)                                 \
  template <class Self, class Visit>                     \
  requires std::same_as<std::remove_const_t<Self>, Type> \
  void fields(Self& self, Visit visit)

HAR_FIELDS(NameValue) {
  visit("name", self.name);
  visit("value", self.value);
  visit("comment", self.comment);
}
HAR_FIELDS(Cookie) {
  visit("name", self.name);
  visit("value", self.value);
  visit("path", self.path);
  visit("domain", self.domain);
  visit("expires", self.expires);
  visit("httpOnly", self.http_only);
  visit("secure", self.secure);
  visit("sameSite", self.same_site);
  visit("comment", self.comment);
}
HAR_FIELDS(PostParam) {
  visit("name", self.name);
  visit("value", self.value);
  visit("fileName", self.file_name);
  visit("contentType", self.content_type);
  visit("comment", self.comment);
}
HAR_FIELDS(PostData) {
  visit("mimeType", self.mime_type);
  visit("params", self.params);
  visit("text", self.text);
  visit("_encoding", self.encoding);
  visit("comment", self.comment);
}
HAR_FIELDS(Request) {
  visit("method", self.method);
  visit("url", self.url);
  visit("httpVersion", self.http_version);
  visit("cookies", self.cookies);
  visit("headers", self.headers);
  visit("queryString", self.query_string);
  visit("postData", self.post_data);
  visit("headersSize", self.headers_size);
  visit("bodySize", self.body_size);
  visit("comment", self.comment);
}
HAR_FIELDS(Content) {
  visit("size", self.size);
  visit("compression", self.compression);
  visit("mimeType", self.mime_type);
  visit("text", self.text);
  visit("encoding", self.encoding);
  visit("_file", self.file);
  visit("comment", self.comment);
}
HAR_FIELDS(Response) {
  visit("status", self.status);
  visit("statusText", self.status_text);
  visit("httpVersion", self.http_version);
  visit("cookies", self.cookies);
  visit("headers", self.headers);
  visit("content", self.content);
  visit("redirectURL", self.redirect_url);
  visit("headersSize", self.headers_size);
  visit("bodySize", self.body_size);
  visit("comment", self.comment);
  visit("_transferSize", self.transfer_size);
  visit("_error", self.error);
}
HAR_FIELDS(CacheState) {
  visit("expires", self.expires);
  visit("lastAccess", self.last_access);
  visit("eTag", self.e_tag);
  visit("hitCount", self.hit_count);
  visit("comment", self.comment);
}
HAR_FIELDS(Cache) {
  visit("beforeRequest", self.before_request);
  visit("afterRequest", self.after_request);
  visit("comment", self.comment);
}
HAR_FIELDS(Timings) {
  visit("blocked", self.blocked);
  visit("dns", self.dns);
  visit("connect", self.connect);
  visit("send", self.send);
  visit("wait", self.wait);
  visit("receive", self.receive);
  visit("ssl", self.ssl);
  visit("comment", self.comment);
}
HAR_FIELDS(WebSocketMessage) {
  visit("type", self.type);
  visit("time", self.time);
  visit("opcode", self.opcode);
  visit("data", self.data);
}
HAR_FIELDS(WebSocketClose) {
  visit("code", self.code);
  visit("reason", self.reason);
  visit("timestamp", self.timestamp);
}
HAR_FIELDS(EventSourceMessage) {
  visit("time", self.time);
  visit("eventName", self.event_name);
  visit("eventId", self.event_id);
  visit("data", self.data);
}
HAR_FIELDS(StreamChunk) {
  visit("time", self.time);
  visit("offset", self.offset);
  visit("size", self.size);
  visit("dir", self.dir);
}
HAR_FIELDS(Entry) {
  visit("pageref", self.pageref);
  visit("startedDateTime", self.started_date_time);
  visit("time", self.time);
  visit("request", self.request);
  visit("response", self.response);
  visit("cache", self.cache);
  visit("timings", self.timings);
  visit("serverIPAddress", self.server_ip_address);
  visit("connection", self.connection);
  visit("comment", self.comment);
  visit("_resourceType", self.resource_type);
  visit("_webSocketMessages", self.web_socket_messages);
  visit("_webSocketClose", self.web_socket_close);
  visit("_eventSourceMessages", self.event_source_messages);
  visit("_streamChunks", self.stream_chunks);
  visit("_error", self.error);
  visit("_incomplete", self.incomplete);
  visit("_mocked", self.mocked);
}
HAR_FIELDS(Creator) {
  visit("name", self.name);
  visit("version", self.version);
  visit("comment", self.comment);
}
HAR_FIELDS(PageTimings) {
  visit("onContentLoad", self.on_content_load);
  visit("onLoad", self.on_load);
  visit("comment", self.comment);
}
HAR_FIELDS(Page) {
  visit("startedDateTime", self.started_date_time);
  visit("id", self.id);
  visit("title", self.title);
  visit("pageTimings", self.page_timings);
  visit("comment", self.comment);
}
HAR_FIELDS(Log) {
  visit("version", self.version);
  visit("creator", self.creator);
  visit("browser", self.browser);
  visit("pages", self.pages);
  visit("comment", self.comment);
}

#undef HAR_FIELDS

}  // namespace har
