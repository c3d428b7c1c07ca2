#pragma once

#include <memory>
#include <string>

#include "jitter.hpp"
#include "stream/mock/http_mocks.hpp"
#include "templates.hpp"

namespace stream::mock {

/// The octets that are sent for `content`. Text is UTF-8.
Result<std::string> render_content(const Content& content, bool filled, const TemplateScope& scope, const PlayOptions& options);

/// The answer of a response.
Result<std::shared_ptr<const replay::Answer>> render_answer(const HttpResponse& response, const TemplateScope& scope,
                                                            const PlayOptions& options, Jitter& jitter);

}  // namespace stream::mock
