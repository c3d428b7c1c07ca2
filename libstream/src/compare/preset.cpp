#include "stream/compare/preset.hpp"

#include <algorithm>

namespace stream {
namespace {

StreamPreset anthropic() {
  return {
      .name = "anthropic",
      .description = "Anthropic's Messages",
      .join =
          {
              {"/delta/text", {"/index"}},
              {"/delta/thinking", {"/index"}},
              {"/delta/partial_json", {"/index"}},
              {"/delta/content", {"/index"}},
          },
      .ignore =
          {
              "/message/id",
              "/message/usage/*",
              "/usage/*",
              "/message/container/id",
              "/message/container/expires_at",
              "/delta/container/id",
              "/delta/container/expires_at",
              "/content_block/id",
              "/content_block/tool_use_id",
              "/content_block/caller/tool_id",
              "/content_block/signature",
              "/content_block/data",
              "/content_block/encrypted_content",
              "/content_block/content/**/encrypted_content",
              "/content_block/content/**/encrypted_index",
              "/content_block/content/**/encrypted_stdout",
              "/content_block/content/**/file_id",
              "/content_block/content/**/retrieved_at",
              "/delta/signature",
              "/delta/encrypted_content",
              "/delta/citation/encrypted_index",
              "/delta/citation/file_id",
              "/request_id",
          },
      .ignore_events = {"ping"},
  };
}

StreamPreset cohere() {
  return {
      .name = "cohere",
      .description = "Cohere's Chat, version 2",
      .join =
          {
              {"/delta/message/content/text", {"/index"}},
              {"/delta/message/content/thinking", {"/index"}},
              {"/delta/message/tool_plan", {}},
              {"/delta/message/tool_calls/function/arguments", {"/index"}},
          },
      .ignore = {"/id", "/delta/usage/*", "/delta/message/tool_calls/id"},
      .ignore_events = {},
  };
}

StreamPreset gemini() {
  return {
      .name = "gemini",
      .description = "Google's Gemini, on Vertex too: generateContent, Interactions",
      .join =
          {
              {"/candidates/*/content/parts/*/text", {"/candidates/*/index", "/candidates/*/content/parts/*/thought"}},
              {"/candidates/*/content/parts/*/functionCall/partialArgs/*/stringValue",
               {"/candidates/*/index", "/candidates/*/content/parts/*/functionCall/partialArgs/*/jsonPath"}},
              {"/delta/text", {"/index"}},
          },
      .ignore =
          {
              "/responseId",
              "/createTime",
              "/usageMetadata/*",
              "/candidates/*/tokenCount",
              "/candidates/*/avgLogprobs",
              "/candidates/*/logprobsResult",
              "/candidates/*/safetyRatings/*/probabilityScore",
              "/candidates/*/safetyRatings/*/severityScore",
              "/candidates/*/content/parts/*/thoughtSignature",
              "/candidates/*/content/parts/*/functionCall/id",
              "/event_id",
              "/interaction_id",
              "/interaction/id",
              "/interaction/created",
              "/interaction/updated",
              "/interaction/usage/*",
              "/step/id",
              "/step/call_id",
              "/step/signature",
              "/delta/id",
              "/delta/call_id",
              "/delta/signature",
          },
      .ignore_events = {},
  };
}

StreamPreset ollama() {
  return {
      .name = "ollama",
      .description = "Ollama's /api/chat and /api/generate",
      .join =
          {
              {"/message/content", {}},
              {"/message/thinking", {}},
              {"/response", {}},
              {"/thinking", {}},
          },
      .ignore =
          {
              "/created_at",
              "/total_duration",
              "/load_duration",
              "/prompt_eval_count",
              "/prompt_eval_duration",
              "/eval_count",
              "/eval_duration",
              "/context",
              "/logprobs",
              "/message/tool_calls/*/id",
          },
      .ignore_events = {},
  };
}

StreamPreset openai() {
  return {
      .name = "openai",
      .description = "OpenAI's Chat Completions and Responses, and what is compatible with them",
      .join =
          {
              // Chat Completions
              {"/choices/*/delta/content", {"/choices/*/index"}},
              {"/choices/*/delta/refusal", {"/choices/*/index"}},
              {"/choices/*/delta/reasoning_content", {"/choices/*/index"}},
              {"/choices/*/delta/reasoning", {"/choices/*/index"}},
              {"/choices/*/delta/tool_calls/*/function/arguments", {"/choices/*/index", "/choices/*/delta/tool_calls/*/index"}},
              {"/choices/*/delta/tool_calls/*/custom/input", {"/choices/*/index", "/choices/*/delta/tool_calls/*/index"}},
              {"/choices/*/delta/function_call/arguments", {"/choices/*/index"}},
              {"/choices/*/delta/audio/transcript", {"/choices/*/index"}},
              {"/choices/*/delta/audio/data", {"/choices/*/index"}},
              {"/choices/*/text", {"/choices/*/index"}},  // the older Completions
                                                          // Responses: what a delta is of, its event's type says
              {"/delta", {"/type", "/output_index", "/content_index", "/summary_index"}},
          },
      .ignore =
          {
              // Chat Completions
              "/id",
              "/created",
              "/system_fingerprint",
              "/service_tier",
              "/obfuscation",
              "/usage/*",
              "/x_groq/*",
              "/choices/*/logprobs",
              "/choices/*/delta/tool_calls/*/id",
              "/choices/*/delta/audio/id",
              "/choices/*/delta/audio/expires_at",
              // Responses
              "/sequence_number",
              "/item_id",
              "/logprobs",
              "/part/logprobs",
              "/response/id",
              "/response/created_at",
              "/response/completed_at",
              "/response/previous_response_id",
              "/response/service_tier",
              "/response/usage/*",
              "/response/metadata/system_fingerprint",
              "/item/id",
              "/item/call_id",
              "/item/container_id",
              "/item/caller/caller_id",
              "/item/approval_request_id",
              "/item/encrypted_content",
              "/item/fingerprint",
              "/item/content/*/logprobs",
              "/response/output/*/id",
              "/response/output/*/call_id",
              "/response/output/*/container_id",
              "/response/output/*/caller/caller_id",
              "/response/output/*/approval_request_id",
              "/response/output/*/encrypted_content",
              "/response/output/*/fingerprint",
              "/response/output/*/content/*/logprobs",
          },
      .ignore_events = {},
  };
}

}  // namespace

std::span<const StreamPreset> stream_presets() {
  static const std::vector<StreamPreset> presets = {anthropic(), cohere(), gemini(), ollama(), openai()};
  return presets;
}

const StreamPreset* find_stream_preset(std::string_view name) {
  const auto presets = stream_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(), [&](const StreamPreset& preset) { return preset.name == name; });
  return found == presets.end() ? nullptr : &*found;
}

}  // namespace stream
